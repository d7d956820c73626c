import { encodeDer, partAt, partsOf, readDer } from '../../../src/base/der.ts';
import { encryptionOf } from '../../../src/sasl/kerberos/encryption.ts';
import { framed, TokenKind } from '../../../src/sasl/kerberos/gss-token.ts';

/** A KDC and a client of it, as far as a service sees them: tokens with whatever is right or wrong about them. */
export const REALM = 'EXAMPLE.ORG';
export const SERVICE = `zookeeper/zk1@${REALM}`;
export const AES256 = 18;
export const SERVICE_KEY = Buffer.alloc(32, 1);
export const NOW_MS = Date.UTC(2026, 10, 30, 14, 0, 0);
const SESSION_KEY = Buffer.alloc(32, 2);
const SUBKEY = Buffer.alloc(32, 3);
/** Of the client's first message; higher than a signed number goes. */
export const FIRST_NUMBER = 0xfffffff0;

export interface Wishes {
  service: string;
  serviceKey: Buffer;
  version: number;
  encryption: number;
  client: string;
  /** Who the authenticator says to be. */
  says: string;
  flags: number;
  startMs: number | undefined;
  endMs: number;
  timeMs: number;
  hasSubkey: boolean;
  isMutual: boolean;
  checksumType: number;
  authenticatorKey: Buffer;
  /** That the checksum says the bindings have. */
  bindingsBytes: number;
}

const GENERAL_STRING = 0x1b;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTETS = 0x04;
const TIME = 0x18;
const SEQUENCE = 0x30;

const field = (number: number, value: Buffer): Buffer => encodeDer(0xa0 + number, value);
const sequence = (...fields: Buffer[]): Buffer => encodeDer(SEQUENCE, ...fields);
/** A character below 256 is one byte, so that texts may be none in UTF-8. */
const text = (value: string): Buffer => encodeDer(GENERAL_STRING, Buffer.from(value, 'latin1'));
const octets = (value: Buffer): Buffer => encodeDer(OCTETS, value);
const name = (value: string): Buffer =>
  sequence(field(0, integer(1)), field(1, sequence(...(value.split('@')[0] as string).split('/').map(text))));
const realmOf = (value: string): string => value.split('@')[1] as string;

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return encodeDer(INTEGER, bytes);
}

function time(ms: number): Buffer {
  const iso = new Date(ms).toISOString();
  return encodeDer(TIME, Buffer.from(`${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`));
}

function sealed(encryption: number, key: Buffer, usage: number, plain: Buffer, version = 0): Buffer {
  const bytes =
    encryptionOf(encryption)?.encrypt(key, usage, plain, Buffer.alloc(16, 5)) ?? Buffer.from('sealed otherwise');
  const fields = [
    field(0, integer(encryption)),
    ...(version === 0 ? [] : [field(1, integer(version))]),
    field(2, octets(bytes)),
  ];
  return sequence(...fields);
}

export class TicketHolder {
  readonly wishes: Wishes;
  /** Of what it wraps. */
  key: Buffer;
  private hasOffer = false;
  private count = 0;

  constructor(wishes: Partial<Wishes> = {}) {
    const client = wishes.client ?? `orders@${REALM}`;
    this.wishes = {
      service: SERVICE,
      serviceKey: SERVICE_KEY,
      version: 2,
      encryption: AES256,
      client,
      says: client,
      flags: 0,
      startMs: undefined,
      endMs: NOW_MS + 3_600_000,
      timeMs: NOW_MS,
      hasSubkey: true,
      isMutual: true,
      checksumType: 0x8003,
      authenticatorKey: SESSION_KEY,
      bindingsBytes: 16,
      ...wishes,
    };
    this.key = this.wishes.hasSubkey ? SUBKEY : SESSION_KEY;
  }

  /** The first token; each call makes another authenticator. */
  token(): Buffer {
    const { service, serviceKey, version, encryption, client, says, flags, startMs, endMs, timeMs, ...rest } =
      this.wishes;
    const bits = Buffer.alloc(5);
    bits.writeUInt32BE(flags, 1);
    const key = (value: Buffer): Buffer => sequence(field(0, integer(AES256)), field(1, octets(value)));
    const part = encodeDer(
      0x63,
      sequence(
        field(0, encodeDer(BIT_STRING, bits)),
        field(1, key(SESSION_KEY)),
        field(2, text(realmOf(client))),
        field(3, name(client)),
        field(5, time(timeMs)),
        ...(startMs === undefined ? [] : [field(6, time(startMs))]),
        field(7, time(endMs)),
      ),
    );
    const ticket = encodeDer(
      0x61,
      sequence(
        field(0, integer(5)),
        field(1, text(realmOf(service))),
        field(2, name(service)),
        field(3, sealed(encryption, serviceKey, 2, part, version)),
      ),
    );
    const checksum = Buffer.alloc(24);
    checksum.writeUInt32LE(rest.bindingsBytes, 0);
    checksum.writeUInt32LE(rest.isMutual ? 2 : 0, 20);
    const authenticator = encodeDer(
      0x62,
      sequence(
        field(0, integer(5)),
        field(1, text(realmOf(says))),
        field(2, name(says)),
        field(3, sequence(field(0, integer(rest.checksumType)), field(1, octets(checksum)))),
        field(4, integer(this.count++)),
        field(5, time(timeMs)),
        ...(rest.hasSubkey ? [field(6, key(SUBKEY))] : []),
        field(7, integer(FIRST_NUMBER)),
      ),
    );
    const request = sequence(
      field(0, integer(5)),
      field(1, integer(14)),
      field(2, encodeDer(BIT_STRING, Buffer.alloc(5))),
      field(3, ticket),
      field(4, sealed(AES256, rest.authenticatorKey, 11, authenticator)),
    );
    return framed(TokenKind.apReq, encodeDer(0x6e, request));
  }

  /** Whether the service gives the time back that was sent. Takes the key that it offers. */
  opensReply(reply: Buffer): boolean {
    const frame = readDer(reply);
    const message = frame.content.subarray(readDer(frame.content).raw.length + 2);
    const outer = readDer(readDer(message).content);
    const parts: Buffer[] = [];
    for (let at = 0; at < outer.content.length; ) {
      const next = readDer(outer.content, at);
      parts.push(readDer(next.content).raw);
      at += next.raw.length;
    }
    const encrypted = readDer(parts[2] as Buffer);
    const last = encrypted.content.subarray(readDer(encrypted.content).raw.length);
    const bytes = readDer(readDer(last).content).content;
    const opened = encryptionOf(AES256)?.decrypt(SESSION_KEY, 12, bytes);
    if (opened?.includes(time(this.wishes.timeMs)) !== true) return false;
    const offer = partsOf(readDer(readDer(opened).content)).find(({ tag }) => tag === 0xa2);
    if (offer === undefined) return false;
    const value = partAt(partsOf(readDer(offer.content)), 1);
    this.key = readDer(value.content).content;
    this.hasOffer = true;
    return true;
  }

  /** As the side that asked wraps, sealed or open, and turned by some bytes. */
  wrap(plain: Buffer, { isSealed = false, turned = 0, isOffered = this.hasOffer } = {}): Buffer {
    const encryption = encryptionOf(AES256) as NonNullable<ReturnType<typeof encryptionOf>>;
    const flags = (isSealed ? 2 : 0) + (isOffered ? 4 : 0);
    const head = Buffer.from(`05040${flags}ff00000000000000000000002a`, 'hex');
    let data: Buffer;
    if (isSealed) data = encryption.encrypt(this.key, 24, Buffer.concat([plain, head]), Buffer.alloc(16, 6));
    else {
      data = Buffer.concat([plain, encryption.checksum(this.key, 24, Buffer.concat([plain, head]))]);
      head.writeUInt16BE(encryption.checksumBytes, 4);
    }
    head.writeUInt16BE(turned, 6);
    const cut = data.length - (turned % data.length);
    return Buffer.concat([head, data.subarray(cut), data.subarray(0, cut)]);
  }

  /** The text of one that the service wrapped, when its checksum is right. */
  unwrap(token: Buffer): Buffer | undefined {
    const encryption = encryptionOf(AES256) as NonNullable<ReturnType<typeof encryptionOf>>;
    const head = Buffer.from(token.subarray(0, 16));
    if (head[2] !== (this.hasOffer ? 5 : 1)) return undefined;
    const bytes = head.readUInt16BE(4);
    head.writeUInt16BE(0, 4);
    const plain = token.subarray(16, token.length - bytes);
    const checksum = encryption.checksum(this.key, 22, Buffer.concat([plain, head]));
    return checksum.equals(token.subarray(token.length - bytes)) ? plain : undefined;
  }
}
