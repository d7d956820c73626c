import { describe, expect, test } from 'vitest';
import { encryptionOf, folded, stealDecrypt, stealEncrypt } from '../../../src/sasl/kerberos/encryption.ts';

/** The vectors of RFC 3961, RFC 3962 and RFC 8009. */
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test.each([
  ['012345', 8, 'be072631276b1955'],
  ['password', 7, '78a07b6caf85fa'],
  ['Rough Consensus, and Running Code', 8, 'bb6ed30870b7f0e0'],
  ['kerberos', 8, '6b65726265726f73'],
  ['kerberos', 16, '6b65726265726f737b9b5b2b93132b93'],
  ['kerberos', 32, '6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4'],
])('%s folded to %i bytes', (text, size, expected) => {
  expect(folded(Buffer.from(text), size).toString('hex')).toBe(expected);
});

describe('ciphertext stealing', () => {
  const key = Buffer.from('chicken teriyaki');
  const whole = "I would like the General Gau's Chicken, please, and wonton soup.";
  test.each([
    [17, 'c6353568f2bf8cb4d8a580362da7ff7f97'],
    [31, 'fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5'],
    [32, '39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584'],
    [47, '97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5'],
    [48, '97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8'],
  ])('of %i bytes, there and back', (length, expected) => {
    const plain = Buffer.from(whole).subarray(0, length);
    const sealed = stealEncrypt(key, plain);
    expect(sealed.toString('hex')).toBe(expected);
    expect(stealDecrypt(key, sealed)).toEqual(plain);
  });
});

test.each([
  [
    19,
    '3705d96080c17728a0e800eab6e0d23c',
    '7e5895eaf2672435bad817f545a37148',
    'ef85fb890bb8472f4dab20394dca781dad877eda39d50c870c0d5a0a8e48c718',
  ],
  [
    20,
    '6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52',
    'f764e9fa15c276478b2c7d0c4e5f58e4',
    '41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c',
  ],
])('type %i encrypts nothing as in RFC 8009', (type, key, confounder, expected) => {
  const encryption = encryptionOf(type);
  expect(encryption?.encrypt(hex(key), 2, Buffer.alloc(0), hex(confounder)).toString('hex')).toBe(expected);
  expect(encryption?.decrypt(hex(key), 2, hex(expected))).toEqual(Buffer.alloc(0));
});

describe.each([17, 18, 19, 20])('type %i', (type) => {
  const encryption = encryptionOf(type) as NonNullable<ReturnType<typeof encryptionOf>>;
  const key = Buffer.alloc(encryption.keyBytes, 7);
  const sealed = encryption.encrypt(key, 11, Buffer.from('who I am'), Buffer.alloc(16, 9));

  test('opens what it sealed, and nothing that was changed, or is for another purpose or of another key', () => {
    expect(encryption.decrypt(key, 11, sealed)?.toString()).toBe('who I am');
    expect(encryption.decrypt(key, 12, sealed)).toBeUndefined();
    expect(encryption.decrypt(Buffer.alloc(encryption.keyBytes, 8), 11, sealed)).toBeUndefined();
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(encryption.decrypt(key, 11, changed)).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(encryption.decrypt(key, 11, sealed.subarray(0, length))).toBeUndefined();
    }
  });
});

test('DES and RC4 are not there', () => {
  expect([1, 3, 16, 23].map(encryptionOf)).toEqual([undefined, undefined, undefined, undefined]);
});

/** RFC 3962, appendix B, and RFC 8009, appendix A. */
test.each([
  [17, 'password', 'ATHENA.MIT.EDUraeburn', 1, '42263c6e89f4fc28b8df68ee09799f15'],
  [18, 'password', 'ATHENA.MIT.EDUraeburn', 1, 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161'],
  [17, 'password', 'ATHENA.MIT.EDUraeburn', 1200, '4c01cd46d632d01e6dbe230a01ed642a'],
  [18, 'password', 'ATHENA.MIT.EDUraeburn', 1200, '55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a'],
])('a key of type %i is made of a password', (type, password, salt, rounds, expected) => {
  expect(encryptionOf(type)?.keyOfPassword(password, Buffer.from(salt), rounds).toString('hex')).toBe(expected);
});

test.each([
  [19, '089bca48b105ea6ea77ca5d2f39dc5e7'],
  [20, '45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467'],
])('a key of type %i is made of a password as in RFC 8009', (type, expected) => {
  const salt = Buffer.concat([hex('10df9dd783e5bc8acea1730e74355f61'), Buffer.from('ATHENA.MIT.EDUraeburn')]);
  const encryption = encryptionOf(type);
  expect(encryption?.rounds).toBe(32_768);
  expect(encryption?.keyOfPassword('password', salt, 32_768).toString('hex')).toBe(expected);
});
