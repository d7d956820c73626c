import {
  bytesOfBitString,
  type Der,
  DerError,
  encodeDer,
  encodeTime,
  numberOf,
  partsOf,
  readDer,
  Tag,
  timeOf,
} from '../../../base/der.ts';
import {
  type EncryptedData,
  encryptedField,
  encryptedIn,
  type Fields,
  field,
  fieldsIn,
  fieldsOf,
  flagsField,
  generalText,
  integer,
  keyIn,
  nameField,
  nameOf,
  octets,
  type SessionKey,
  textOf,
} from '../fields.ts';
import { NameType, PROTOCOL_VERSION } from '../messages.ts';

/**
 * The messages between a client and a KDC (RFC 4120, 5.4 and 5.9): what is asked, the ticket that is given, and the errors
 * that say what is missing. Bytes that are no such message throw DerError.
 */
export interface TicketQuestion {
  readonly kind: 'first' | 'service';
  /** `name@REALM`. */
  readonly client: string;
  /** `service/host@REALM`: the realm is that of the KDC. */
  readonly service: string;
  readonly options: number;
  /** 0: as long as the KDC gives it. */
  readonly untilMs: number;
  readonly renewableUntilMs: number | undefined;
  readonly nonce: number;
  readonly encryptions: readonly number[];
}

export const KdcOption = { renewable: 1 << 23, renew: 1 << 1 } as const;

/** PA-DATA: what proves who asks, or says how that is to be proved. */
export interface PreAuth {
  readonly type: number;
  readonly value: Buffer;
}

export const PreAuthType = { ticket: 1, timestamp: 2, encryptions: 19 } as const;

const Application = {
  firstRequest: 0x6a,
  firstReply: 0x6b,
  serviceRequest: 0x6c,
  serviceReply: 0x6d,
  firstPart: 0x79,
  servicePart: 0x7a,
  error: 0x7e,
} as const;
const AS_REQ = 10;
const TGS_REQ = 12;

/** KDC-REQ-BODY. */
export function questionBody(question: TicketQuestion): Buffer {
  const { kind, client, service, options, untilMs, renewableUntilMs, nonce, encryptions } = question;
  const [name, realm] = nameAndRealm(service);
  const isInstance = name.startsWith('krbtgt/');
  const fields = [
    field(0, flagsField(options)),
    ...(kind === 'first' ? [field(1, nameField(NameType.principal, nameAndRealm(client)[0]))] : []),
    field(2, generalText(realm)),
    field(3, nameField(isInstance ? NameType.instance : NameType.host, name)),
    field(5, encodeTime(untilMs)),
    ...(renewableUntilMs === undefined ? [] : [field(6, encodeTime(renewableUntilMs))]),
    field(7, integer(nonce)),
    field(8, encodeDer(Tag.sequence, ...encryptions.map(integer))),
  ];
  return encodeDer(Tag.sequence, ...fields);
}

export function kdcRequest(kind: TicketQuestion['kind'], body: Buffer, proofs: readonly PreAuth[]): Buffer {
  const data = proofs.map(({ type, value }) =>
    encodeDer(Tag.sequence, field(1, integer(type)), field(2, octets(value))),
  );
  const fields = [
    field(1, integer(PROTOCOL_VERSION)),
    field(2, integer(kind === 'first' ? AS_REQ : TGS_REQ)),
    ...(data.length === 0 ? [] : [field(3, encodeDer(Tag.sequence, ...data))]),
    field(4, body),
  ];
  const tag = kind === 'first' ? Application.firstRequest : Application.serviceRequest;
  return encodeDer(tag, encodeDer(Tag.sequence, ...fields));
}

export function nameAndRealm(principal: string): [string, string] {
  const at = principal.lastIndexOf('@');
  return [principal.slice(0, at), principal.slice(at + 1)];
}

/** PA-ENC-TS-ENC. */
export function timestampBytes(ms: number, micros: number): Buffer {
  return encodeDer(Tag.sequence, field(0, encodeTime(ms)), field(1, integer(micros)));
}

export function timestampProof(encryption: number, sealed: Buffer): PreAuth {
  return { type: PreAuthType.timestamp, value: encryptedField(encryption, sealed) };
}

export interface KdcReply {
  readonly kind: 'reply';
  /** `name@REALM`. */
  readonly client: string;
  /** As it is shown to the service. */
  readonly ticket: Buffer;
  readonly part: EncryptedData;
  /** What it says of the client's key. */
  readonly hints: readonly KeyHint[];
}

export interface KdcError {
  readonly kind: 'error';
  readonly code: number;
  readonly text: string;
  /** Of the KDC. */
  readonly timeMs: number;
  readonly hints: readonly KeyHint[];
}

/** How a key of the client is to be: of which type, and what a password is hashed with. */
export interface KeyHint {
  readonly encryption: number;
  readonly salt: Buffer | undefined;
  /** undefined: as the type has it. */
  readonly rounds: number | undefined;
}

export function readKdcAnswer(bytes: Buffer, kind: TicketQuestion['kind']): KdcReply | KdcError {
  if (readDer(bytes).tag === Application.error) return readKdcError(bytes);
  const fields = fieldsOf(bytes, kind === 'first' ? Application.firstReply : Application.serviceReply);
  const data = fields.find(2);
  return {
    kind: 'reply',
    client: `${nameOf(fields.needed(4))}@${textOf(fields.needed(3))}`,
    ticket: fields.needed(5).raw,
    part: encryptedIn(fields.needed(6)),
    hints: data === undefined ? [] : hintsIn(data),
  };
}

function readKdcError(bytes: Buffer): KdcError {
  const fields = fieldsOf(bytes, Application.error);
  const text = fields.find(11);
  return {
    kind: 'error',
    code: numberOf(fields.needed(6)),
    text: text === undefined ? '' : shownText(text),
    timeMs: timeOf(fields.needed(4)),
    hints: hintsInError(fields),
  };
}

const SHOWN_MAX = 100;

/** For the log: of whatever bytes a stranger sends. */
function shownText({ content }: Der): string {
  return content
    .subarray(0, SHOWN_MAX)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '?');
}

/** The data of an error may be of any kind; what is no list of hints has none. */
function hintsInError(fields: Fields): readonly KeyHint[] {
  const data = fields.find(12);
  if (data === undefined) return [];
  try {
    return hintsIn(readDer(data.content));
  } catch (error) {
    if (error instanceof DerError || error instanceof RangeError) return [];
    throw error;
  }
}

const HINTS_MAX = 32;

function hintsIn(sequence: Der): readonly KeyHint[] {
  for (const part of partsOf(sequence)) {
    const fields = fieldsIn(part);
    if (numberOf(fields.needed(1)) !== PreAuthType.encryptions) continue;
    const hints = partsOf(readDer(fields.needed(2).content));
    if (hints.length > HINTS_MAX) throw new DerError('too many types of keys');
    return hints.map(hintIn);
  }
  return [];
}

function hintIn(value: Der): KeyHint {
  const fields = fieldsIn(value);
  const rounds = fields.find(2)?.content;
  return {
    encryption: numberOf(fields.needed(0)),
    salt: fields.find(1)?.content,
    rounds: rounds?.length === 4 ? rounds.readUInt32BE(0) : undefined,
  };
}

/** EncKDCRepPart: what the ticket is good for, and the key that goes with it. */
export interface GivenPart {
  readonly key: SessionKey;
  readonly nonce: number;
  readonly flags: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly renewableUntilMs: number | undefined;
  /** `service/host@REALM`. */
  readonly service: string;
}

export function readGivenPart(bytes: Buffer): GivenPart {
  const { tag } = readDer(bytes);
  // Some KDCs name either part as that of a service.
  const fields = fieldsOf(bytes, tag === Application.firstPart ? tag : Application.servicePart);
  const renewable = fields.find(8);
  return {
    key: keyIn(fields.needed(0)),
    nonce: numberOf(fields.needed(2)),
    flags: bytesOfBitString(fields.needed(4)).readUInt32BE(0),
    startMs: timeOf(fields.find(6) ?? fields.needed(5)),
    endMs: timeOf(fields.needed(7)),
    renewableUntilMs: renewable === undefined ? undefined : timeOf(renewable),
    service: `${nameOf(fields.needed(10))}@${textOf(fields.needed(9))}`,
  };
}
