import { expect, test } from 'vitest';
import { parseKeytab } from '../../../src/sasl/kerberos/keytab.ts';

/** Two entries of MIT's ktutil, a hole between them, and everything that is no keytab. */
const text = (value: string): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
};
const hex = (value: string): Buffer => Buffer.from(value.replaceAll(' ', ''), 'hex');

function entry(components: readonly string[], tail: string): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(components.length);
  const body = Buffer.concat([count, text('EXAMPLE.ORG'), ...components.map(text), hex(tail)]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const HEAD = hex('0502');
const FIRST = entry(['zookeeper', 'zk1'], '00000001 6a000000 02 0012 0002 abcd 00000102');
const HOLE = hex('fffffffc 00000000');
const SECOND = entry(['orders'], '00000001 6a000000 07 0011 0001 ef');

test('the entries, with the version in one byte or four, past holes and up to the end', () => {
  const expected = [
    { principal: 'zookeeper/zk1@EXAMPLE.ORG', version: 258, encryption: 18, key: hex('abcd') },
    { principal: 'orders@EXAMPLE.ORG', version: 7, encryption: 17, key: hex('ef') },
  ];
  expect(parseKeytab(Buffer.concat([HEAD, FIRST, HOLE, SECOND]))).toEqual(expected);
  expect(parseKeytab(Buffer.concat([HEAD, FIRST, HOLE, SECOND, hex('00000000 ff')]))).toEqual(expected);
  expect(parseKeytab(HEAD)).toEqual([]);
});

test('what is none is said', () => {
  for (const bytes of ['', '05', '0501', '7f454c46']) {
    expect(parseKeytab(hex(bytes))).toBe('it is no keytab of the format 0x502');
  }
  const whole = Buffer.concat([HEAD, FIRST]);
  for (let length = 6; length < whole.length; length++) {
    expect(parseKeytab(whole.subarray(0, length))).toBe('the entry at byte 2 is cut off');
  }
  const wrong = Buffer.from(whole);
  wrong.writeUInt16BE(0xffff, 8);
  expect(parseKeytab(wrong)).toBe('the entry at byte 2 is cut off');
});
