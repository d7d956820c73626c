import { DerError } from '../../../base/der.ts';
import type { Clock } from '../../../io/clock.ts';
import { encryptionOf } from '../encryption.ts';
import type { EncryptedData, SessionKey } from '../fields.ts';
import { apReq, authenticatorBytes } from '../messages.ts';
import type { ClientKeys } from './client-keys.ts';
import type { HeldTicket } from './held-ticket.ts';
import { askKdc, type KdcPorts } from './kdc-call.ts';
import {
  KdcOption,
  type KdcReply,
  type KeyHint,
  kdcRequest,
  nameAndRealm,
  type PreAuth,
  PreAuthType,
  questionBody,
  readGivenPart,
  readKdcAnswer,
  type TicketQuestion,
  timestampBytes,
  timestampProof,
} from './kdc-messages.ts';
import { faultOfKdc, KdcErrorCode, type KerberosFault } from './kerberos-fault.ts';
import type { KdcAddress, Krb5Conf } from './krb5-conf.ts';

/**
 * The two exchanges with a KDC: a first ticket for who proves to have a key (RFC 4120, 3.1), and with that one a ticket for each
 * service (3.3). What the KDC says is believed when it opens with that key, names what was asked, and has our nonce.
 */
export interface ExchangePorts extends KdcPorts {
  readonly clock: Pick<Clock, 'after' | 'wallMs'>;
  /** Bytes that no one outside can guess. */
  readonly secret: (bytes: number) => Uint8Array;
}

export type TicketDone = (outcome: HeldTicket | KerberosFault) => void;

const Usage = { timestamp: 1, firstPart: 3, body: 6, authenticator: 7, servicePart: 8 } as const;
const CONFOUNDER_BYTES = 16;
/** Realms between ours and that of a service. */
const HOPS_MAX = 8;

type Conf = Pick<
  Krb5Conf,
  'kdcs' | 'firstEncryptions' | 'serviceEncryptions' | 'lifetimeMs' | 'renewableMs' | 'clockSkewMs'
>;

export class KdcExchange {
  private readonly conf: Conf;
  private readonly ports: ExchangePorts;
  /** The KDC of each realm that answered last is asked first. */
  private readonly answered = new Map<string, KdcAddress>();

  constructor(conf: Conf, ports: ExchangePorts) {
    this.conf = conf;
    this.ports = ports;
  }

  /** `client`: `name@REALM`. */
  first(client: string, keys: ClientKeys, done: TicketDone): void {
    const { lifetimeMs, renewableMs, firstEncryptions } = this.conf;
    const encryptions = keys.encryptions(firstEncryptions);
    if (encryptions.length === 0) {
      done(lasting(`${client} has no key of a type that krb5.conf permits`));
      return;
    }
    const nowMs = this.ports.clock.wallMs();
    const realm = nameAndRealm(client)[1];
    const question: TicketQuestion = {
      kind: 'first',
      client,
      service: `krbtgt/${realm}@${realm}`,
      options: renewableMs === undefined ? 0 : KdcOption.renewable,
      untilMs: lifetimeMs === undefined ? 0 : nowMs + lifetimeMs,
      renewableUntilMs: renewableMs === undefined ? undefined : nowMs + renewableMs,
      nonce: this.nonce(),
      encryptions,
    };
    this.askFirst(question, keys, undefined, done);
  }

  /** `proved`: the hints by which a proof was made already. */
  private askFirst(
    question: TicketQuestion,
    keys: ClientKeys,
    proved: readonly KeyHint[] | undefined,
    done: TicketDone,
  ): void {
    const [encryption = 0] = question.encryptions;
    const proof = proved === undefined ? undefined : this.timestamp(keys.keyFor(proved, encryption));
    if (proved !== undefined && proof === undefined) {
      const types = proved.map((hint) => hint.encryption).join(', ');
      done(lasting(`the KDC wants a proof with a key of type ${types}, and ${question.client} has none`));
      return;
    }
    const body = questionBody(question);
    this.ask(question, body, proof === undefined ? [] : [proof], done, (answer) => {
      if (answer.kind === 'reply') {
        const hints = answer.hints.length > 0 ? answer.hints : (proved ?? []);
        const own = hints.filter((hint) => hint.encryption === answer.part.encryption);
        const key = keys.keyFor(own, answer.part.encryption);
        done(this.taken(question, answer, key, Usage.firstPart));
      } else if (answer.code === KdcErrorCode.preAuthNeeded && proved === undefined) {
        this.askFirst(question, keys, answer.hints, done);
      } else done(faultOfKdc(answer.code, answer.text, question, answer.timeMs - this.ports.clock.wallMs()));
    });
  }

  private timestamp(key: SessionKey | undefined): PreAuth | undefined {
    if (key === undefined) return undefined;
    const nowMs = this.ports.clock.wallMs();
    const plain = timestampBytes(nowMs, (nowMs % 1000) * 1000);
    return timestampProof(key.encryption, this.sealed(key, Usage.timestamp, plain));
  }

  /** `service`: `name/host@REALM`; of another realm by those between, which each KDC names. */
  service(first: HeldTicket, service: string, done: TicketDone): void {
    this.hop(first, service, HOPS_MAX, done);
  }

  private hop(through: HeldTicket, service: string, left: number, done: TicketDone): void {
    const here = nameAndRealm(through.service)[0].slice('krbtgt/'.length);
    const wanted = nameAndRealm(service)[1];
    if (here === wanted) {
      this.askWith(through, service, 0, done);
      return;
    }
    if (left === 0) {
      done(lasting(`no way of realms leads to ${wanted}`));
      return;
    }
    this.askWith(through, `krbtgt/${wanted}@${here}`, 0, (outcome) => {
      if ('fault' in outcome) done(outcome);
      else this.hop(outcome, service, left - 1, done);
    });
  }

  /** The same first ticket, for longer. */
  renew(first: HeldTicket, done: TicketDone): void {
    this.askWith(first, first.service, KdcOption.renew | KdcOption.renewable, done);
  }

  private askWith(first: HeldTicket, service: string, options: number, done: TicketDone): void {
    const { clock } = this.ports;
    const question: TicketQuestion = {
      kind: 'service',
      client: first.client,
      service,
      options,
      untilMs: options === 0 ? first.endMs : (first.renewableUntilMs ?? first.endMs),
      renewableUntilMs: undefined,
      nonce: this.nonce(),
      encryptions: this.conf.serviceEncryptions,
    };
    const cipher = encryptionOf(first.key.encryption);
    if (cipher === undefined || cipher.keyBytes !== first.key.key.length) {
      done(
        lasting(`the ticket of ${first.client} has a key of type ${first.key.encryption}; 17 to 20 are taken (AES)`),
      );
      return;
    }
    const body = questionBody(question);
    const nowMs = clock.wallMs();
    const authenticator = authenticatorBytes({
      client: first.client,
      checksumType: cipher.checksumType,
      checksum: cipher.checksum(first.key.key, Usage.body, body),
      timeMs: nowMs,
      micros: (nowMs % 1000) * 1000,
    });
    const sealed = this.sealed(first.key, Usage.authenticator, authenticator);
    const proof = { type: PreAuthType.ticket, value: apReq(false, first.ticket, first.key.encryption, sealed) };
    this.ask(question, body, [proof], done, (answer) => {
      if (answer.kind === 'reply') done(this.taken(question, answer, first.key, Usage.servicePart));
      else done(faultOfKdc(answer.code, answer.text, question, answer.timeMs - clock.wallMs()));
    });
  }

  private ask(
    question: TicketQuestion,
    body: Buffer,
    proofs: readonly PreAuth[],
    done: TicketDone,
    onAnswer: (answer: ReturnType<typeof readKdcAnswer>) => void,
  ): void {
    const realm = nameAndRealm(question.service)[1];
    const kdcs = this.conf.kdcs.get(realm);
    if (kdcs === undefined) {
      done(lasting(`krb5.conf names no kdc of ${realm} in its section [realms]`));
      return;
    }
    const last = this.answered.get(realm);
    const ordered = last === undefined ? kdcs : [last, ...kdcs.filter((kdc) => kdc !== last)];
    askKdc(ordered, kdcRequest(question.kind, body, proofs), this.ports, (answer) => {
      if ('fault' in answer) {
        done({ fault: `no KDC of ${realm} answers: ${answer.fault}`, isLasting: false });
        return;
      }
      const { host, port } = answer.from;
      this.answered.set(realm, kdcs.find((kdc) => kdc.host === host && kdc.port === port) ?? answer.from);
      const read = readSafely(() => readKdcAnswer(answer.bytes, question.kind));
      if (typeof read === 'string') done(passing(`the KDC ${host}:${port} sends no message of Kerberos: ${read}`));
      else onAnswer(read);
    });
  }

  private taken(
    question: TicketQuestion,
    reply: KdcReply,
    key: SessionKey | undefined,
    usage: number,
  ): HeldTicket | KerberosFault {
    const { client, service, nonce } = question;
    const opened = key === undefined ? undefined : openWith(key, usage, reply.part);
    if (opened === undefined)
      return lasting(`what the KDC gave ${client} does not open with the key or password of it`);
    const part = readSafely(() => readGivenPart(opened));
    if (typeof part === 'string') return passing(`the KDC sends no message of Kerberos: ${part}`);
    if (part.nonce !== nonce) return passing('the answer of the KDC is to another question');
    if (reply.client !== client) return passing(`the ticket of the KDC is for ${reply.client}, not ${client}`);
    // A KDC that knows the way to another realm names the next one on it.
    const isOnTheWay = question.kind === 'service' && service.startsWith('krbtgt/') && isFirst(part.service, service);
    if (part.service !== service && !isOnTheWay)
      return passing(`the ticket of the KDC is for ${part.service}, not ${service}`);
    if (encryptionOf(part.key.encryption)?.keyBytes !== part.key.key.length)
      return lasting(`the KDC gives a key of type ${part.key.encryption}; 17 to 20 are taken (AES)`);
    return this.faultOfTimes(part) ?? { ...part, client, ticket: reply.ticket };
  }

  private faultOfTimes({ startMs, endMs }: { startMs: number; endMs: number }): KerberosFault | undefined {
    const nowMs = this.ports.clock.wallMs();
    const { clockSkewMs } = this.conf;
    const seconds = (ms: number): number => Math.round(ms / 1000);
    if (startMs > nowMs + clockSkewMs)
      return passing(`the clock of the KDC is ${seconds(startMs - nowMs)} s ahead: set the clocks`);
    if (endMs <= nowMs)
      return passing(`the ticket of the KDC has expired ${seconds(nowMs - endMs)} s ago: set the clocks`);
    return undefined;
  }

  private sealed(key: SessionKey, usage: number, plain: Buffer): Buffer {
    const cipher = encryptionOf(key.encryption);
    return cipher?.encrypt(key.key, usage, plain, this.ports.secret(CONFOUNDER_BYTES)) ?? Buffer.alloc(0);
  }

  /** 31 bits, so that both sides read it as the same number. */
  private nonce(): number {
    return Buffer.from(this.ports.secret(4)).readUInt32BE(0) >>> 1;
  }
}

function isFirst(given: string, asked: string): boolean {
  return given.startsWith('krbtgt/') && nameAndRealm(given)[1] === nameAndRealm(asked)[1];
}

function lasting(fault: string): KerberosFault {
  return { fault, isLasting: true };
}

function passing(fault: string): KerberosFault {
  return { fault, isLasting: false };
}

function openWith(key: SessionKey, usage: number, part: EncryptedData): Buffer | undefined {
  const cipher = encryptionOf(part.encryption);
  if (cipher === undefined || key.encryption !== part.encryption || key.key.length !== cipher.keyBytes)
    return undefined;
  return cipher.decrypt(key.key, usage, part.sealed);
}

function readSafely<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError || error instanceof RangeError) return error.message;
    throw error;
  }
}
