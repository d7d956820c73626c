import { describe, expect, it } from 'vitest';
import { canonicalHost, isAnyHost, isNumeric } from '../../../src/election/quorum/host-address.ts';

describe('a host', () => {
  // Right what Java's InetSocketAddress prints for it.
  it.each([
    ['127.1', '127.0.0.1'],
    ['1', '0.0.0.1'],
    ['1.2.3', '1.2.0.3'],
    ['1.65536', '1.1.0.0'],
    ['2130706433', '127.0.0.1'],
    ['010.0.0.1', '10.0.0.1'],
    ['[::1]', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['00000::1', '0:0:0:0:0:0:0:1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::1.2.3.4', '0:0:0:0:0:0:102:304'],
    ['FE80::1%1', 'fe80:0:0:0:0:0:0:1%1'],
    ['[fe80::1%nope]', 'fe80::1%nope'],
  ])('%s is the address %s', (host, printed) => {
    expect(canonicalHost(host)).toBe(printed);
    expect(isNumeric(host)).toBe(true);
  });

  it.each(['localhost.', 'LOCALHOST', '127.0.0.1.', '0x7f.1', '256.1.1.1', '4294967296', '1.2.3.4.5', '[1.2.3.4]', ''])(
    '%j is a name, and stays as it is',
    (host) => {
      expect(canonicalHost(host)).toBe(host);
      expect(isNumeric(host)).toBe(false);
    },
  );

  it.each(['1:2:3:4:5:6:7:8:9', '12345::1', '1::2::3', '::127.1', '1.2.3.4::', ':::', '[::1', 'fe80::1%'])(
    '%s is neither',
    (host) => {
      expect(canonicalHost(host)).toBe(host);
      expect(isNumeric(host)).toBe(false);
    },
  );

  it('is every address of the machine in two spellings', () => {
    expect(['0', '::', '[::]', '0.0', '::1', '127.1'].filter((host) => isAnyHost(canonicalHost(host)))).toEqual([
      '0',
      '::',
      '[::]',
      '0.0',
    ]);
  });
});
