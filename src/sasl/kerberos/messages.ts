import {
  bytesOfBitString,
  type Der,
  DerError,
  encodeDer,
  numberOf,
  partsOf,
  readDer,
  Tag,
  timeOf,
} from '../../base/der.ts';

/**
 * The messages of Kerberos (RFC 4120) in which a client shows a ticket and a service answers. Each is a sequence of fields
 * with numbers; fields that are not asked for here are passed over. Bytes that are no such message throw DerError.
 */
export interface EncryptedData {
  readonly encryption: number;
  /** Of the key; 0 where it is not said. */
  readonly version: number;
  readonly sealed: Buffer;
}

/** AP-REQ: a ticket, and the proof that whoever shows it has its key. */
export interface ApReq {
  /** `service/host@REALM`, for which the ticket is. */
  readonly service: string;
  readonly serviceRealm: string;
  readonly ticket: EncryptedData;
  readonly authenticator: EncryptedData;
}

export interface TicketPart {
  /** The bits of TicketFlags, the first one highest. */
  readonly flags: number;
  readonly key: SessionKey;
  /** `name/host@REALM`. */
  readonly client: string;
  readonly clientRealm: string;
  /** undefined: from the beginning. */
  readonly startMs: number | undefined;
  readonly endMs: number;
}

export interface SessionKey {
  readonly encryption: number;
  readonly key: Buffer;
}

export interface Authenticator {
  readonly client: string;
  readonly checksumType: number | undefined;
  readonly checksum: Buffer;
  readonly timeMs: number;
  readonly subkey: SessionKey | undefined;
  /** Of the first message of the client; 0 where it is not said. */
  readonly sequence: number;
  /** The fields `cusec` and `ctime` as they came, for the answer. */
  readonly micros: Buffer;
  readonly time: Buffer;
}

const Application = {
  ticket: 0x61,
  authenticator: 0x62,
  ticketPart: 0x63,
  apReq: 0x6e,
  apRep: 0x6f,
  apRepPart: 0x7b,
} as const;
const AP_REP = 15;
const PROTOCOL_VERSION = 5;

export function readApReq(bytes: Buffer): ApReq {
  const fields = fieldsOf(bytes, Application.apReq);
  if (numberOf(fields.needed(0)) !== PROTOCOL_VERSION) throw new DerError('another version of Kerberos');
  const ticket = fieldsOf(fields.needed(3).raw, Application.ticket);
  const serviceRealm = textOf(ticket.needed(1));
  return {
    service: `${nameOf(ticket.needed(2))}@${serviceRealm}`,
    serviceRealm,
    ticket: encryptedIn(ticket.needed(3)),
    authenticator: encryptedIn(fields.needed(4)),
  };
}

export function readTicketPart(bytes: Buffer): TicketPart {
  const fields = fieldsOf(bytes, Application.ticketPart);
  const start = fields.find(6);
  const clientRealm = textOf(fields.needed(2));
  return {
    flags: bytesOfBitString(fields.needed(0)).readUInt32BE(0),
    key: keyIn(fields.needed(1)),
    client: `${nameOf(fields.needed(3))}@${clientRealm}`,
    clientRealm,
    startMs: start === undefined ? undefined : timeOf(start),
    endMs: timeOf(fields.needed(7)),
  };
}

export function readAuthenticator(bytes: Buffer): Authenticator {
  const fields = fieldsOf(bytes, Application.authenticator);
  const checksum = fields.find(3);
  const parts = checksum === undefined ? undefined : fieldsIn(checksum);
  const subkey = fields.find(6);
  const sequence = fields.find(7);
  return {
    client: `${nameOf(fields.needed(2))}@${textOf(fields.needed(1))}`,
    checksumType: parts === undefined ? undefined : numberOf(parts.needed(0)),
    checksum: parts?.needed(1).content ?? Buffer.alloc(0),
    timeMs: timeOf(fields.needed(5)),
    subkey: subkey === undefined ? undefined : keyIn(subkey),
    sequence: sequence === undefined ? 0 : numberOf(sequence) >>> 0,
    micros: fields.needed(4).raw,
    time: fields.needed(5).raw,
  };
}

/** The part of the answer that is encrypted: the client's own time, the key to wrap with, the number of the first message. */
export function apRepPart({ time, micros }: Authenticator, offered: SessionKey, sequence: number): Buffer {
  const type = field(0, integer(offered.encryption));
  const key = encodeDer(Tag.sequence, type, field(1, encodeDer(Tag.octetString, offered.key)));
  const fields = [field(0, time), field(1, micros), field(2, key), field(3, integer(sequence))];
  return encodeDer(Application.apRepPart, encodeDer(Tag.sequence, ...fields));
}

export function apRep(encryption: number, sealed: Buffer): Buffer {
  const part = encodeDer(Tag.sequence, field(0, integer(encryption)), field(2, encodeDer(Tag.octetString, sealed)));
  const fields = [field(0, integer(PROTOCOL_VERSION)), field(1, integer(AP_REP)), field(2, part)];
  return encodeDer(Application.apRep, encodeDer(Tag.sequence, ...fields));
}

interface Fields {
  find(number: number): Der | undefined;
  needed(number: number): Der;
}

function fieldsOf(bytes: Buffer, tag: number): Fields {
  const outer = readDer(bytes);
  if (outer.tag !== tag) throw new DerError('a message of another kind');
  return fieldsIn(readDer(outer.content));
}

function fieldsIn(sequence: Der): Fields {
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

function encryptedIn(value: Der): EncryptedData {
  const fields = fieldsIn(value);
  const version = fields.find(1);
  return {
    encryption: numberOf(fields.needed(0)),
    version: version === undefined ? 0 : numberOf(version),
    sealed: fields.needed(2).content,
  };
}

function keyIn(value: Der): SessionKey {
  const fields = fieldsIn(value);
  return { encryption: numberOf(fields.needed(0)), key: fields.needed(1).content };
}

const COMPONENTS_MAX = 16;

/** PrincipalName: the components with slashes between them. */
function nameOf(value: Der): string {
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

function textOf(value: Der): string {
  const { tag, content } = value;
  if (tag !== GENERAL_STRING || content.length > TEXT_BYTES_MAX) throw new DerError('no text');
  const text = content.toString('utf8');
  // Bytes that are no UTF-8 all become the same character, and two names one.
  if (!content.equals(Buffer.from(text))) throw new DerError('a text that is not UTF-8');
  return text;
}

function field(number: number, value: Buffer): Buffer {
  return encodeDer(Tag.context + number, value);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let from = 0;
  while (from < 4 && bytes[from] === 0 && (bytes[from + 1] as number) < 0x80) from++;
  return encodeDer(Tag.integer, bytes.subarray(from));
}
