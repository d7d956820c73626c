// The judge's own codec of jute records, driven by a description of each record. Written from zookeeper.jute and
// deliberately sharing nothing with src/: a mistake made in both would have to be made twice. A string may be given as
// its bytes, to send what no string encodes to.

export type Shape =
  | 'int'
  | 'long'
  | 'bool'
  | 'string'
  | 'buffer'
  | { readonly vector: Shape }
  | { readonly record: { readonly [field: string]: Shape } };

export type Shaped<S> = S extends 'int'
  ? number
  : S extends 'long'
    ? bigint
    : S extends 'bool'
      ? boolean
      : S extends 'string'
        ? string | null
        : S extends 'buffer'
          ? Buffer | null
          : S extends { readonly vector: infer V }
            ? Shaped<V>[] | null
            : S extends { readonly record: infer R }
              ? { -readonly [K in keyof R]: Shaped<R[K]> }
              : never;

type Plain = number | bigint | boolean | string | Buffer | null | Plain[] | { [field: string]: Plain };

/** Java's UTF-8 of UTF-16 units: a surrogate pair becomes two groups of three bytes. */
function encodeString(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  return Buffer.from(bytes);
}

function int(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
}

function put(out: Buffer[], shape: Shape, value: Plain): void {
  if (shape === 'int') out.push(int(value as number));
  else if (shape === 'long') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, value as bigint));
    out.push(bytes);
  } else if (shape === 'bool') out.push(Buffer.from([value ? 1 : 0]));
  else if (shape === 'string' || shape === 'buffer') {
    if (value === null) out.push(int(-1));
    else {
      const bytes = typeof value === 'string' ? encodeString(value) : (value as Buffer);
      out.push(int(bytes.length), bytes);
    }
  } else if ('vector' in shape) {
    if (value === null) out.push(int(-1));
    else {
      const items = value as Plain[];
      out.push(int(items.length));
      for (const item of items) put(out, shape.vector, item);
    }
  } else {
    const fields = value as { [field: string]: Plain };
    for (const [name, field] of Object.entries(shape.record)) {
      const part = fields[name];
      if (part === undefined) throw new Error(`field ${name} is missing`);
      put(out, field, part);
    }
  }
}

export function encode<const S extends Shape>(shape: S, value: Shaped<S>): Buffer {
  const out: Buffer[] = [];
  put(out, shape, value as Plain);
  return Buffer.concat(out);
}

/** Reads shapes one after the other out of one buffer. */
export class Bytes {
  offset = 0;
  readonly buffer: Buffer;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get left(): number {
    return this.buffer.length - this.offset;
  }

  take(count: number): Buffer {
    if (count < 0 || count > this.left) throw new RangeError(`${count} bytes wanted, ${this.left} left`);
    this.offset += count;
    return this.buffer.subarray(this.offset - count, this.offset);
  }

  read<const S extends Shape>(shape: S): Shaped<S> {
    return this.get(shape) as Shaped<S>;
  }

  private get(shape: Shape): Plain {
    if (shape === 'int') return this.take(4).readInt32BE();
    if (shape === 'long') return this.take(8).readBigInt64BE();
    if (shape === 'bool') return this.take(1)[0] !== 0;
    if (shape === 'string' || shape === 'buffer') {
      const length = this.take(4).readInt32BE();
      if (length === -1) return null;
      const bytes = this.take(length);
      return shape === 'string' ? decodeString(bytes) : Buffer.from(bytes);
    }
    if ('vector' in shape) {
      const count = this.take(4).readInt32BE();
      if (count === -1) return null;
      const items: Plain[] = [];
      for (let i = 0; i < count; i++) items.push(this.get(shape.vector));
      return items;
    }
    const fields: { [field: string]: Plain } = {};
    for (const [name, field] of Object.entries(shape.record)) fields[name] = this.get(field);
    return fields;
  }
}

/** The inverse of encodeString for what servers send; anything else is shown byte by byte rather than lost. */
function decodeString(bytes: Buffer): string {
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    if (a < 0x80) {
      text += String.fromCharCode(a);
      i += 1;
    } else if (a >> 5 === 6) {
      text += String.fromCharCode(((a & 0x1f) << 6) | (b & 0x3f));
      i += 2;
    } else if (a >> 4 === 14) {
      text += String.fromCharCode(((a & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f));
      i += 3;
    } else {
      text += `\\x${a.toString(16)}`;
      i += 1;
    }
  }
  return text;
}

export function frame(body: Buffer): Buffer {
  return Buffer.concat([int(body.length), body]);
}
