import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { parseServerSpec, printServerSpec, sameServerSpec } from '../../../src/election/quorum/server-spec.ts';

const one = { multiAddress: false };
const many = { multiAddress: true };

function printed(value: string, options = one): string {
  return printServerSpec(parseServerSpec(1, 'server.1', value, options));
}

function refused(value: string, options = one): string {
  try {
    parseServerSpec(1, 'server.1', value, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`${value} was accepted`);
}

describe('a server line', () => {
  // Left what is written in zoo.cfg, right what Apache 3.9.5 prints for it.
  it.each([
    ['a:2888:3888', 'a:2888:3888:participant'],
    ['127.0.0.1:2888:3888:observer;2181', '127.0.0.1:2888:3888:observer;0.0.0.0:2181'],
    ['[::1]:2888:3888;[2001:db8::1]:2181', '[0:0:0:0:0:0:0:1]:2888:3888:participant;[2001:db8:0:0:0:0:0:1]:2181'],
    ['host:1:2:PARTICIPANT;client:2181', 'host:1:2:participant;client:2181'],
    ['[::ffff:1.2.3.4]:1:2', '1.2.3.4:1:2:participant'],
    ['[fe80::1%lo]:1:2', '[fe80::1%lo]:1:2:participant'],
    ['a:1:2;[::]:2181', 'a:1:2:participant;[0:0:0:0:0:0:0:0]:2181'],
    ['a:1:2;', 'a:1:2:participant'],
    ['a:1:2::;2181', 'a:1:2:participant;0.0.0.0:2181'],
    ['a:1:+2', 'a:1:2:participant'],
  ])('%s is printed as %s', (value, text) => {
    expect(printed(value)).toBe(text);
  });

  it('has several addresses where multiAddress.enabled allows it, printed in the order of their hosts', () => {
    expect(printed('b:3:4|a:1:2;2181', many)).toBe('a:1:2|b:3:4:participant;0.0.0.0:2181');
    expect(printed('b:3:4|a:1:2:observer', many)).toBe('a:1:2|b:3:4:observer');
    expect(printed('a:1:2|a:1:2', many)).toBe('a:1:2:participant');
  });

  it.each([
    ['a:1:2;2181;2182', 'more than one ";"'],
    ['a:1:1', 'quorum port and election port must differ'],
    ['a:1', '"a:1" has 2 fields, not 3 or 4'],
    ['', '"" has 1 fields, not 3 or 4'],
    [';2181', '"" has 1 fields, not 3 or 4'],
    ['a:1:2:observer:5', 'has 5 fields, not 3 or 4'],
    ['[::1:1:2', '"[::1:1:2" begins with "[" but does not go on with "]:port"'],
    ['[::1]:', '"[::1]:" begins with "[" but does not go on with "]:port"'],
    ['a:1:2:foo', 'unknown role "foo"'],
    ['a:1:2|b:1:2', 'several addresses need multiAddress.enabled=true'],
    ['a:1:70000', 'election port "70000" is not a number from 0 to 65535'],
    ['a::2', 'quorum port "" is not a number from 0 to 65535'],
    ['a:1:-2', 'election port "-2" is not a number'],
    ['a:1:2;c:1:2', 'the client part is host:port or port'],
    ['a:1:2;x', 'client port "x" is not a number'],
    [':1:2', 'the host is missing'],
    ['a:1:2;:2181', 'the client host is missing'],
  ])('%s is refused: %s', (value, reason) => {
    const message = refused(value);
    expect(message).toContain(`server.1=${value}: `);
    expect(message).toContain(reason);
    expect(message).toContain('; write host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]');
  });

  it.each([
    ['a:1:2;2181;2281', { host: '0.0.0.0', port: 2281 }, 'a:1:2:participant;0.0.0.0:2181'],
    ['a:1:2:observer;2181;c:2281', { host: 'c', port: 2281 }, 'a:1:2:observer;0.0.0.0:2181'],
    ['a:1:2;;[::1]:2281', { host: '0:0:0:0:0:0:0:1', port: 2281 }, 'a:1:2:participant'],
    ['a:1:2;2181;', undefined, 'a:1:2:participant;0.0.0.0:2181'],
  ])('%s names a port for TLS where that is understood, which is never printed', (value, secureClient, text) => {
    const spec = parseServerSpec(1, 'server.1', value, { multiAddress: false, secureClient: true });
    expect([spec.secureClient, printServerSpec(spec)]).toEqual([secureClient, text]);
  });

  it.each([
    ['a:1:2;1;2;3', 'more than two ";"'],
    ['a:1:2;1;x', 'secure client port "x" is not a number'],
  ])('%s is refused also there: %s', (value, reason) => {
    const parse = () => parseServerSpec(1, 'server.1', value, { multiAddress: false, secureClient: true });
    expect(parse).toThrow(reason);
  });

  it('is refused when its addresses name different roles', () => {
    expect(refused('a:1:2:observer|b:1:2:participant', many)).toContain('must name the same role');
  });

  it('is the same line for another one that names the same addresses', () => {
    const parse = (value: string) => parseServerSpec(1, 'server.1', value, many);
    expect(sameServerSpec(parse('a:1:2|b:3:4'), parse('b:3:4:participant|a:1:2'))).toBe(true);
    expect(sameServerSpec(parse('a:1:2'), parse('a:1:2;2181'))).toBe(false);
    expect(sameServerSpec(parse('a:1:2'), parse('a:1:2:observer'))).toBe(false);
    expect(sameServerSpec(parse('a:1:2'), parse('a:1:3'))).toBe(false);
  });
});
