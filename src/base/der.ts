import { dayAfter1970, daysSince1970 } from './calendar.ts';

/**
 * The bytes of ASN.1 in DER (X.690), as far as certificates, key stores, answers about revocation and Kerberos need them: values
 * with a tag of one byte and a definite length. A value that is cut off or longer than its parent is a DerError.
 */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly raw: Buffer;
}

export class DerError extends Error {
  override readonly name = 'DerError';
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
  /** [0], [1], ... with values inside. */
  context: 0xa0,
  /** [0], [1], ... with bytes inside. */
  contextBytes: 0x80,
} as const;

/** One value at `at`; others may follow it. */
export function readDer(bytes: Buffer, at = 0): Der {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new DerError('the bytes end within a value');
  let [length, start] = [first, at + 2];
  if (first >= 0x80) {
    const size = first & 0x7f;
    if (size === 0 || size > 4 || start + size > bytes.length) throw new DerError('a length that is none');
    length = bytes.readUIntBE(start, size);
    start += size;
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError('the bytes end within a value');
  return { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) };
}

/** The values inside another one, or in a row. */
export function partsOf(value: Der | Buffer): Der[] {
  const content = Buffer.isBuffer(value) ? value : value.content;
  const parts: Der[] = [];
  for (let at = 0; at < content.length; ) {
    const part = readDer(content, at);
    parts.push(part);
    at += part.raw.length;
  }
  return parts;
}

/** The part at `index`, which has to be there and, where one is named, of this tag. */
export function partAt(parts: readonly Der[], index: number, tag?: number): Der {
  const part = parts[index];
  if (part === undefined || (tag !== undefined && part.tag !== tag)) throw new DerError('a value of another kind');
  return part;
}

export function oidText(value: Der): string {
  if (value.tag !== Tag.oid || value.content.length === 0) throw new DerError('no object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs.shift() ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...arcs].join('.');
}

/** A whole number that fits into a double. */
export function numberOf(value: Der): number {
  if (value.content.length === 0 || value.content.length > 6) throw new DerError('a number that is too large');
  return value.content.readUIntBE(0, value.content.length);
}

export function bytesOfBitString(value: Der): Buffer {
  if (value.tag !== Tag.bitString || value.content.length === 0) throw new DerError('no bit string');
  return value.content.subarray(1);
}

/** UTCTime and GeneralizedTime, as milliseconds since 1970. */
export function timeOf(value: Der): number {
  const text = value.content.toString('latin1');
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) throw new DerError('a time that is none');
  const short = Number(match[1]);
  const year = (match[1] as string).length === 4 ? short : short + (short < 50 ? 2000 : 1900);
  const [month, day, hour, minute, second] = match.slice(2).map(Number) as [number, number, number, number, number];
  return (((daysSince1970({ year, month, day }) * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

/** GeneralizedTime, of whole seconds. */
export function encodeTime(ms: number): Buffer {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const inDay = seconds - days * 86_400;
  const { year, month, day } = dayAfter1970(days);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60].map(two).join('');
  return encodeDer(GENERALIZED_TIME, Buffer.from(`${String(year).padStart(4, '0')}${two(month)}${two(day)}${clock}Z`));
}

const GENERALIZED_TIME = 0x18;

export function encodeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
  const head = Buffer.alloc(2 + size);
  head[0] = tag;
  head[1] = 0x80 | size;
  head.writeUIntBE(length, 2, size);
  return Buffer.concat([head, content]);
}
