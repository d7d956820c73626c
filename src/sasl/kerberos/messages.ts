import { bytesOfBitString, DerError, encodeDer, encodeTime, numberOf, Tag, timeOf } from '../../base/der.ts';
import {
  type EncryptedData,
  encryptedField,
  encryptedIn,
  field,
  fieldsIn,
  fieldsOf,
  flagsField,
  generalText,
  integer,
  keyField,
  keyIn,
  nameField,
  nameOf,
  octets,
  type SessionKey,
  textOf,
} from './fields.ts';

/**
 * The messages of Kerberos (RFC 4120) in which a client shows a ticket and a service answers. Each is a sequence of fields
 * with numbers; fields that are not asked for here are passed over. Bytes that are no such message throw DerError.
 */

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
const AP_REQ = 14;
const AP_REP = 15;
export const PROTOCOL_VERSION = 5;
/** In the options of AP-REQ. */
const MUTUAL_REQUIRED = 1 << 29;
/** A name of a client, of an instance of a service (`krbtgt/REALM`), of a service on a host. */
export const NameType = { principal: 1, instance: 2, host: 3 } as const;

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
  const fields = [field(0, time), field(1, micros), field(2, keyField(offered)), field(3, integer(sequence))];
  return encodeDer(Application.apRepPart, encodeDer(Tag.sequence, ...fields));
}

export function apRep(encryption: number, sealed: Buffer): Buffer {
  const part = encryptedField(encryption, sealed);
  const fields = [field(0, integer(PROTOCOL_VERSION)), field(1, integer(AP_REP)), field(2, part)];
  return encodeDer(Application.apRep, encodeDer(Tag.sequence, ...fields));
}

// The client's side of it

/** An authenticator as it is made: `subkey` and `sequence` where the ticket is shown to a service. */
export interface NewAuthenticator {
  /** `name@REALM`. */
  readonly client: string;
  readonly checksumType: number;
  readonly checksum: Buffer;
  readonly timeMs: number;
  /** Within the second. */
  readonly micros: number;
  readonly subkey?: SessionKey;
  readonly sequence?: number;
}

export function authenticatorBytes(made: NewAuthenticator): Buffer {
  const { client, checksumType, checksum, timeMs, micros, subkey, sequence } = made;
  const at = client.lastIndexOf('@');
  const sum = encodeDer(Tag.sequence, field(0, integer(checksumType)), field(1, octets(checksum)));
  const fields = [
    field(0, integer(PROTOCOL_VERSION)),
    field(1, generalText(client.slice(at + 1))),
    field(2, nameField(NameType.principal, client.slice(0, at))),
    field(3, sum),
    field(4, integer(micros)),
    field(5, encodeTime(timeMs)),
    ...(subkey === undefined ? [] : [field(6, keyField(subkey))]),
    ...(sequence === undefined ? [] : [field(7, integer(sequence))]),
  ];
  return encodeDer(Application.authenticator, encodeDer(Tag.sequence, ...fields));
}

/** `ticket`: the bytes that the KDC gave. */
export function apReq(isMutual: boolean, ticket: Buffer, encryption: number, authenticator: Buffer): Buffer {
  const fields = [
    field(0, integer(PROTOCOL_VERSION)),
    field(1, integer(AP_REQ)),
    field(2, flagsField(isMutual ? MUTUAL_REQUIRED : 0)),
    field(3, ticket),
    field(4, encryptedField(encryption, authenticator)),
  ];
  return encodeDer(Application.apReq, encodeDer(Tag.sequence, ...fields));
}

export function readApRep(bytes: Buffer): EncryptedData {
  return encryptedIn(fieldsOf(bytes, Application.apRep).needed(2));
}

/** What a service proves itself with. */
export interface ApRepPart {
  readonly timeMs: number;
  readonly micros: number;
  readonly subkey: SessionKey | undefined;
}

export function readApRepPart(bytes: Buffer): ApRepPart {
  const fields = fieldsOf(bytes, Application.apRepPart);
  const subkey = fields.find(2);
  return {
    timeMs: timeOf(fields.needed(0)),
    micros: numberOf(fields.needed(1)),
    subkey: subkey === undefined ? undefined : keyIn(subkey),
  };
}
