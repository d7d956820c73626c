import { type Der, DerError, encodeDer, numberOf, partsOf, readDer, Tag } from '../../base/der.ts';

/**
 * The pieces that messages of Kerberos are made of (RFC 4120, 5.2): fields with numbers, names, keys and sealed bytes, read
 * and written. Bytes that are none of it throw DerError.
 */
export interface EncryptedData {
  readonly encryption: number;
  /** Of the key; 0 where it is not said. */
  readonly version: number;
  readonly sealed: Buffer;
}

export interface SessionKey {
  readonly encryption: number;
  readonly key: Buffer;
}

export interface Fields {
  find(number: number): Der | undefined;
  needed(number: number): Der;
}

export function fieldsOf(bytes: Buffer, tag: number): Fields {
  const outer = readDer(bytes);
  if (outer.tag !== tag) throw new DerError('a message of another kind');
  return fieldsIn(readDer(outer.content));
}

export function fieldsIn(sequence: Der): Fields {
  if (sequence.tag !== Tag.sequence) throw new DerError('a value of another kind');
  const fields = partsOf(sequence);
  const find = (number: number): Der | undefined => {
    const found = fields.find(({ tag }) => tag === Tag.context + number);
    return found === undefined ? undefined : readDer(found.content);
  };
  return {
    find,
    needed(number) {
      const found = find(number);
      if (found === undefined) throw new DerError(`the field ${number} is missing`);
      return found;
    },
  };
}

export function encryptedIn(value: Der): EncryptedData {
  const fields = fieldsIn(value);
  const version = fields.find(1);
  return {
    encryption: numberOf(fields.needed(0)),
    version: version === undefined ? 0 : numberOf(version),
    sealed: fields.needed(2).content,
  };
}

export function keyIn(value: Der): SessionKey {
  const fields = fieldsIn(value);
  return { encryption: numberOf(fields.needed(0)), key: fields.needed(1).content };
}

const COMPONENTS_MAX = 16;

/** PrincipalName: the components with slashes between them. */
export function nameOf(value: Der): string {
  const components = partsOf(fieldsIn(value).needed(1)).map(textOf);
  // A slash inside would make two names one.
  if (components.length > COMPONENTS_MAX || components.some((text) => /[/@]/.test(text))) {
    throw new DerError('a name that is none');
  }
  const name = components.join('/');
  if (name === '') throw new DerError('a name that is none');
  return name;
}

const GENERAL_STRING = 0x1b;
/** A host or a realm is not longer; whatever stands here may come to the log before anybody has proved anything. */
const TEXT_BYTES_MAX = 255;

export function textOf(value: Der): string {
  const { tag, content } = value;
  if (tag !== GENERAL_STRING || content.length > TEXT_BYTES_MAX) throw new DerError('no text');
  const text = content.toString('utf8');
  // Bytes that are no UTF-8 all become the same character, and two names one.
  if (!content.equals(Buffer.from(text))) throw new DerError('a text that is not UTF-8');
  return text;
}

export function field(number: number, value: Buffer): Buffer {
  return encodeDer(Tag.context + number, value);
}

export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let from = 0;
  while (from < 4 && bytes[from] === 0 && (bytes[from + 1] as number) < 0x80) from++;
  return encodeDer(Tag.integer, bytes.subarray(from));
}

/** PrincipalName of `service/host`, without the realm. */
export function nameField(type: number, name: string): Buffer {
  const components = name.split('/').map(generalText);
  return encodeDer(Tag.sequence, field(0, integer(type)), field(1, encodeDer(Tag.sequence, ...components)));
}

export function generalText(text: string): Buffer {
  return encodeDer(GENERAL_STRING, Buffer.from(text, 'utf8'));
}

export function encryptedField(encryption: number, sealed: Buffer): Buffer {
  return encodeDer(Tag.sequence, field(0, integer(encryption)), field(2, octets(sealed)));
}

export function keyField({ encryption, key }: SessionKey): Buffer {
  return encodeDer(Tag.sequence, field(0, integer(encryption)), field(1, octets(key)));
}

export function octets(bytes: Buffer): Buffer {
  return encodeDer(Tag.octetString, bytes);
}

/** The 32 flags that Kerberos has everywhere, the first one highest. */
export function flagsField(flags: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(flags >>> 0, 1);
  return encodeDer(Tag.bitString, bytes);
}
