import { describe, expect, it } from 'vitest';
import { readInitialMessage, writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { recordedMessages } from '../golden.ts';

function initial(version: bigint, sid: bigint, text: string, length = Buffer.byteLength(text)): Buffer {
  const bytes = Buffer.alloc(20 + Buffer.byteLength(text));
  bytes.writeBigInt64BE(version, 0);
  bytes.writeBigInt64BE(sid, 8);
  bytes.writeInt32BE(length, 16);
  bytes.write(text, 20);
  return bytes;
}

describe('the first words on an election connection', () => {
  it("of Apache's servers are read, and written alike", () => {
    const recorded = recordedMessages().initial;
    expect(recorded.length).toBeGreaterThan(10);
    for (const golden of recorded) {
      const bytes = Buffer.from(golden.hex, 'hex');
      const [host, port] = golden.address.split(':') as [string, string];
      const address = { host, port: Number(port) };
      expect(readInitialMessage(bytes)).toEqual({
        sid: Number(golden.sid),
        addresses: [address],
        bytes: bytes.length,
      });
      expect(writeInitialMessage(Number(golden.sid), [address], 1)).toEqual(bytes);
    }
  });

  it('name one address in version 1 and all of them in version 2', () => {
    const addresses = [
      { host: 'a', port: 3888 },
      { host: '0:0:0:0:0:0:0:1', port: 3889 },
    ];
    expect(writeInitialMessage(1, addresses, 1).subarray(20).toString()).toBe('a:3888');
    const second = writeInitialMessage(1, addresses, 2);
    expect(second.subarray(20).toString()).toBe('a:3888|[0:0:0:0:0:0:0:1]:3889');
    expect(readInitialMessage(second)).toEqual({ sid: 1, addresses, bytes: second.length });
  });

  it('are waited for byte by byte, and leave alone what follows', () => {
    const bytes = initial(-65536n, 4n, 'host:3888');
    for (let length = 0; length < bytes.length; length++) {
      expect(readInitialMessage(bytes.subarray(0, length))).toBe(undefined);
    }
    expect(readInitialMessage(Buffer.concat([bytes, Buffer.from('more')]))).toMatchObject({ sid: 4, bytes: 29 });
  });

  it('are only an id from servers before 3.5', () => {
    expect(readInitialMessage(Buffer.from('0000000000000007', 'hex'))).toEqual({ sid: 7, addresses: [], bytes: 8 });
  });

  it('have no id from an anonymous observer, and no address that says nothing', () => {
    expect(readInitialMessage(initial(-65536n, 2n ** 63n - 1n, 'h:1'))).toMatchObject({ sid: undefined });
    expect(readInitialMessage(initial(-65535n, 1n, '0.0.0.0:1|[0:0:0:0:0:0:0:0]:2|[::]:3|h:4'))).toMatchObject({
      addresses: [{ host: 'h', port: 4 }],
    });
  });

  it.each([
    [initial(-65537n, 1n, 'h:1'), 'unknown protocol version -65537'],
    [initial(-65536n, -3n, 'h:1'), 'server id -3 is out of range'],
    [initial(-65536n, 1n, '', 0), 'addresses of 0 bytes'],
    [initial(-65536n, 1n, '', -1), 'addresses of -1 bytes'],
    [initial(-65536n, 1n, '', 2049), 'addresses of 2049 bytes'],
    [initial(-65536n, 1n, 'h'), '"h" is not host:port'],
    [initial(-65536n, 1n, 'h:x'), '"x" is not a port'],
    [initial(-65536n, 1n, 'h:1:2'), '"h:1:2" is not host:port'],
    [initial(-65535n, 1n, 'h:1|[::1'), '"[::1" is not host:port'],
  ])('are refused when they are wrong (%#)', (bytes, reason) => {
    expect(readInitialMessage(bytes)).toBe(reason);
  });

  it('name no more than sixteen addresses', () => {
    const text = (count: number): string => Array.from({ length: count }, (_, i) => `h${i}:3888`).join('|');
    expect(readInitialMessage(initial(-65535n, 7n, text(16)))).toMatchObject({ sid: 7 });
    expect(readInitialMessage(initial(-65535n, 7n, text(17)))).toBe('17 addresses');
  });
});
