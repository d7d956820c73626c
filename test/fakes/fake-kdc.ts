import { encodeDer, encodeTime, partsOf, readDer, Tag } from '../../src/base/der.ts';
import type { Listener, Net, Stream, StreamHandlers } from '../../src/io/net.ts';
import { encryptionOf } from '../../src/sasl/kerberos/encryption.ts';
import {
  encryptedField,
  encryptedIn,
  field,
  fieldsIn,
  fieldsOf,
  flagsField,
  generalText,
  integer,
  keyField,
  nameField,
  nameOf,
  octets,
  type SessionKey,
  textOf,
} from '../../src/sasl/kerberos/fields.ts';
import { FakeStream } from './fake-stream.ts';

/** Somebody that a KDC knows. */
export interface KnownKey extends SessionKey {
  readonly salt?: Buffer;
  readonly rounds?: number;
}

/** What it says otherwise than it should. */
export interface Lies {
  nonce?: number;
  client?: string;
  service?: string;
  sessionKey?: SessionKey;
  startMs?: number;
  endMs?: number;
  /** An answer of these bytes, with its length in front or another one. */
  bytes?: Buffer;
  length?: number;
}

/**
 * A KDC for one realm, behind a network of its own. It answers when `settle` is called: first tickets to who proves to
 * have the key, tickets for services to who shows one. Without the key of a service they cannot be read.
 */
export class FakeKdc implements Net {
  readonly realm: string;
  readonly known = new Map<string, KnownKey>();
  readonly asked: string[] = [];
  readonly dialled: string[] = [];
  nowMs: () => number;
  lifetimeMs = 36_000_000;
  needsProof = true;
  isDown = false;
  isSilent = false;
  lies: Lies = {};
  /** By realm the one that its KDC names where it is asked for one that it does not know. All KDCs are this one. */
  readonly ways = new Map<string, string>();
  private readonly streams: FakeStream[] = [];
  private count = 0;

  constructor(realm: string, nowMs: () => number) {
    this.realm = realm;
    this.nowMs = nowMs;
    this.known.set(`krbtgt/${realm}@${realm}`, { encryption: 18, key: Buffer.alloc(32, 0x7b) });
  }

  listen(): Listener {
    throw new Error('nobody listens here');
  }

  dial(host: string, port: number, _timeoutMs: number, handlers: StreamHandlers): Stream {
    this.dialled.push(`${host}:${port}`);
    const stream = new FakeStream(host, port, handlers);
    this.streams.push(stream);
    return stream;
  }

  /** Answers all that was asked, and what is asked for that. In pieces of so many bytes. */
  settle(pieceBytes = 4096): void {
    for (let stream = this.streams.shift(); stream !== undefined; stream = this.streams.shift()) {
      if (stream.state !== 'open') continue;
      if (this.isDown) stream.refuse();
      else {
        stream.accept();
        const question = stream.takeBytes();
        if (this.isSilent) continue;
        const answer = this.lies.bytes ?? this.answer(question.subarray(4));
        const head = Buffer.alloc(4);
        head.writeUInt32BE(this.lies.length ?? answer.length);
        const all = Buffer.concat([head, answer]);
        for (let at = 0; at < all.length; at += pieceBytes) stream.deliver(all.subarray(at, at + pieceBytes));
      }
    }
  }

  private answer(question: Buffer): Buffer {
    const isFirst = question[0] === 0x6a;
    const fields = fieldsOf(question, isFirst ? 0x6a : 0x6c);
    const body = fieldsIn(fields.needed(4));
    const service = `${nameOf(body.needed(3))}@${textOf(body.needed(2))}`;
    const nonce = body.needed(7);
    const types = partsOf(body.needed(8)).map(({ content }) => content.readUIntBE(0, content.length));
    const proofs = partsOf(fields.find(3)?.content ?? Buffer.alloc(0)).map((part) => {
      const { content } = fieldsIn(part).needed(2);
      return { type: fieldsIn(part).needed(1).content[0], content };
    });
    if (isFirst) {
      const client = `${nameOf(body.needed(1))}@${this.realm}`;
      this.asked.push(`${client} for ${service}`);
      return this.first(client, service, nonce.raw, types, proofs.find(({ type }) => type === 2)?.content);
    }
    const shown = proofs.find(({ type }) => type === 1)?.content ?? Buffer.alloc(0);
    return this.service(service, nonce.raw, types, shown, fields.needed(4).raw);
  }

  private first(client: string, service: string, nonce: Buffer, types: number[], proof?: Buffer): Buffer {
    const own = this.known.get(client);
    if (own === undefined) return this.error(6);
    if (!types.includes(own.encryption)) return this.error(14);
    if (proof === undefined && this.needsProof) return this.error(25, this.hints(own));
    if (proof !== undefined) {
      const opened = encryptionOf(own.encryption)?.decrypt(own.key, 1, encryptedIn(readDer(proof)).sealed);
      if (opened === undefined) return this.error(24);
    }
    return this.reply({ tag: 0x6b, partTag: 0x79, usage: 3, client, service, nonce, own, withHints: !this.needsProof });
  }

  private service(service: string, nonce: Buffer, types: number[], shown: Buffer, body: Buffer): Buffer {
    const request = fieldsOf(shown, 0x6e);
    const ticket = fieldsOf(request.needed(3).raw, 0x61);
    const issuer = this.known.get(`${nameOf(ticket.needed(2))}@${textOf(ticket.needed(1))}`) as KnownKey;
    const opened = open(issuer, 2, encryptedIn(ticket.needed(3)).sealed);
    if (opened === undefined) return this.error(31);
    const part = fieldsOf(opened, 0x63);
    const [type, bytes] = partsOf(part.needed(1)).map((each) => readDer(each.content).content);
    const own = { encryption: (type as Buffer).readUIntBE(0, (type as Buffer).length), key: bytes as Buffer };
    const client = `${nameOf(part.needed(3))}@${textOf(part.needed(2))}`;
    const authenticator = open(own, 7, encryptedIn(request.needed(4)).sealed);
    if (authenticator === undefined) return this.error(31);
    const sum = partsOf(fieldsOf(authenticator, 0x62).needed(3)).map((each) => readDer(each.content).content);
    const expected = encryptionOf(own.encryption)?.checksum(own.key, 6, body);
    if (expected?.equals(sum[1] as Buffer) !== true) return this.error(31);
    this.asked.push(`${client} for ${service}`);
    if (!types.includes(18)) return this.error(14);
    const asked = service.split('@')[1] as string;
    const way = service.startsWith('krbtgt/') && !this.known.has(service) ? this.ways.get(asked) : undefined;
    const given = way === undefined ? service : `krbtgt/${way}@${asked}`;
    if (!this.known.has(given)) return this.error(7);
    return this.reply({ tag: 0x6d, partTag: 0x7a, usage: 8, client, service: given, nonce, own, withHints: false });
  }

  private reply(given: Given): Buffer {
    const { tag, partTag, usage, service, nonce, own, withHints } = given;
    const client = this.lies.client ?? given.client;
    const key = this.lies.sessionKey ?? { encryption: 18, key: Buffer.alloc(32, ++this.count) };
    const startMs = this.lies.startMs ?? this.nowMs();
    const endMs = this.lies.endMs ?? startMs + this.lifetimeMs;
    const named = this.lies.service ?? service;
    const times = [field(5, encodeTime(startMs)), field(7, encodeTime(endMs))];
    const ticketPart = encodeDer(
      0x63,
      encodeDer(
        Tag.sequence,
        field(0, flagsField(0)),
        field(1, keyField(key)),
        field(2, generalText(given.client.split('@')[1] as string)),
        field(3, nameField(1, given.client.split('@')[0] as string)),
        ...times,
      ),
    );
    const holder = this.known.get(service) as KnownKey;
    const ticket = encodeDer(
      0x61,
      encodeDer(
        Tag.sequence,
        field(0, integer(5)),
        field(1, generalText(service.split('@')[1] as string)),
        field(2, nameField(2, service.split('@')[0] as string)),
        field(3, encryptedField(holder.encryption, seal(holder, 2, ticketPart))),
      ),
    );
    const part = encodeDer(
      partTag,
      encodeDer(
        Tag.sequence,
        field(0, keyField(key)),
        field(2, this.lies.nonce === undefined ? nonce : integer(this.lies.nonce)),
        field(4, flagsField(0)),
        ...times,
        field(8, encodeTime(endMs + this.lifetimeMs)),
        field(9, generalText(named.split('@')[1] as string)),
        field(10, nameField(2, named.split('@')[0] as string)),
      ),
    );
    return encodeDer(
      tag,
      encodeDer(
        Tag.sequence,
        field(0, integer(5)),
        field(1, integer(tag === 0x6b ? 11 : 13)),
        ...(withHints ? [field(2, this.hints(own))] : []),
        field(3, generalText(client.split('@')[1] as string)),
        field(4, nameField(1, client.split('@')[0] as string)),
        field(5, ticket),
        field(6, encryptedField(own.encryption, seal(own, usage, part))),
      ),
    );
  }

  /** METHOD-DATA with ETYPE-INFO2. */
  private hints({ encryption, salt, rounds }: KnownKey): Buffer {
    const params = Buffer.alloc(4);
    params.writeUInt32BE(rounds ?? 0);
    const hint = encodeDer(
      Tag.sequence,
      field(0, integer(encryption)),
      ...(salt === undefined ? [] : [field(1, encodeDer(0x1b, salt))]),
      ...(rounds === undefined ? [] : [field(2, octets(params))]),
    );
    const value = octets(encodeDer(Tag.sequence, hint));
    return encodeDer(Tag.sequence, encodeDer(Tag.sequence, field(1, integer(19)), field(2, value)));
  }

  error(code: number, data?: Buffer, text = ''): Buffer {
    const fields = [
      field(0, integer(5)),
      field(1, integer(30)),
      field(4, encodeTime(this.nowMs())),
      field(5, integer(0)),
      field(6, integer(code)),
      field(9, generalText(this.realm)),
      field(10, nameField(2, `krbtgt/${this.realm}`)),
      ...(text === '' ? [] : [field(11, generalText(text))]),
      ...(data === undefined ? [] : [field(12, octets(data))]),
    ];
    return encodeDer(0x7e, encodeDer(Tag.sequence, ...fields));
  }
}

interface Given {
  readonly tag: number;
  readonly partTag: number;
  readonly usage: number;
  readonly client: string;
  readonly service: string;
  readonly nonce: Buffer;
  /** Opens the answer. */
  readonly own: KnownKey;
  readonly withHints: boolean;
}

function seal({ encryption, key }: SessionKey, usage: number, plain: Buffer): Buffer {
  return encryptionOf(encryption)?.encrypt(key, usage, plain, Buffer.alloc(16, 5)) ?? Buffer.alloc(0);
}

function open({ encryption, key }: SessionKey, usage: number, sealed: Buffer): Buffer | undefined {
  return encryptionOf(encryption)?.decrypt(key, usage, sealed);
}
