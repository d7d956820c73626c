/**
 * QuorumAuthPacket, in which servers carry their tokens before anything else is said: `long magic, int status, buffer
 * token`, without a length in front. No other packet begins with the magic.
 */
export const AuthStatus = { inProgress: 0, success: 1, error: -1 } as const;

export interface QuorumAuthPacket {
  readonly status: number;
  readonly token: Buffer;
}

/** Apache writes it as -0xa0dbcafecafe1234, which is this in the 64 bits of Java. */
const MAGIC = 0x5f2435013501edccn;
export const MAGIC_BYTES = 8;
const HEAD_BYTES = 16;
/** Tokens of Kerberos with many groups are the longest. */
export const AUTH_TOKEN_BYTES_MAX = 64 * 1024;

export function authPacket(status: number, token: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigInt64BE(MAGIC, 0);
  head.writeInt32BE(status, 8);
  head.writeInt32BE(token.length, 12);
  return Buffer.concat([head, token]);
}

/** With at least MAGIC_BYTES of them there. */
export function beginsAuthPacket(bytes: Buffer): boolean {
  return bytes.readBigInt64BE(0) === MAGIC;
}

/** undefined: more bytes are needed. A text: they are no such packet, and why. */
export function readAuthPacket(
  bytes: Buffer,
): { readonly packet: QuorumAuthPacket; readonly length: number } | string | undefined {
  if (bytes.length >= MAGIC_BYTES && !beginsAuthPacket(bytes)) return 'the other server sends no login';
  if (bytes.length < HEAD_BYTES) return undefined;
  const status = bytes.readInt32BE(8);
  const tokenBytes = Math.max(bytes.readInt32BE(12), 0);
  if (tokenBytes > AUTH_TOKEN_BYTES_MAX) return `a token of ${tokenBytes} bytes, ${AUTH_TOKEN_BYTES_MAX} is the most`;
  const length = HEAD_BYTES + tokenBytes;
  if (bytes.length < length) return undefined;
  return { packet: { status, token: bytes.subarray(HEAD_BYTES, length) }, length };
}
