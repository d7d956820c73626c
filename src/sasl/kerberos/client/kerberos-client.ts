import { messageOf } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { Clock } from '../../../io/clock.ts';
import type { SaslClientExchange } from '../../sasl-exchange.ts';
import { type ClientKeys, keysOfKeytab, PasswordKeys } from './client-keys.ts';
import { parseCredentialsCache } from './credentials-cache.ts';
import { GssapiClient } from './gssapi-client.ts';
import { type HeldTicket, isFresh, isGood } from './held-ticket.ts';
import { type ExchangePorts, KdcExchange, type TicketDone } from './kdc-exchange.ts';
import { nameAndRealm } from './kdc-messages.ts';
import type { KerberosFault } from './kerberos-fault.ts';
import { type Krb5Conf, realmOfHost } from './krb5-conf.ts';

/**
 * One that logs in by Kerberos: its tickets, in memory alone. A ticket is asked for when it is needed, and anew after four
 * fifths of its life while the old one is still used, so that a KDC that is away for less than the rest is not missed.
 */
export interface KerberosIdentity {
  /** `name@REALM`; undefined: of whoever the ticket cache is. */
  readonly principal: string | undefined;
  /** Asked in this order, and the first that has a ticket or a key counts. */
  readonly ticketCache: string | undefined;
  readonly keyTab: string | undefined;
  readonly password: string | undefined;
}

export interface KerberosPorts extends ExchangePorts {
  readonly clock: Pick<Clock, 'after' | 'every' | 'wallMs' | 'nowMs'>;
  /** Throws when there is no such file, or it cannot be read. */
  readonly readFile: (path: string) => Buffer;
}

export type LoginDone = (begun: SaslClientExchange | KerberosFault) => void;

/** After a failure nobody is asked again for so long: all that want a ticket meanwhile hear the same. */
export const RETRY_MS = 1000;
/** So often what is held is looked at, where it is kept fresh. */
export const LOOK_MS = 30_000;
/** One line in the log for the same failure within this time. */
const SAID_MS = 60_000;
/** Services whose tickets are held: as many as there are servers to log in at. */
export const SERVICES_MAX = 256;
/** No service is called so. */
const FIRST = '';
/** Logins that wait for one ticket. */
export const WAITING_MAX = 1000;

export class KerberosClient {
  private readonly identity: KerberosIdentity;
  private readonly conf: Krb5Conf;
  private readonly ports: KerberosPorts;
  private readonly log: Log;
  private readonly exchange: KdcExchange;
  private passwordKeys: PasswordKeys | undefined = undefined;
  private first: HeldTicket | undefined = undefined;
  private readonly services = new Map<string, HeldTicket>();
  /** Who waits for the first ticket, and for that of each service. */
  private waitingFirst: TicketDone[] | undefined = undefined;
  private readonly waiting = new Map<string, TicketDone[]>();
  /** By service; FIRST for the first ticket. */
  private readonly failed = new Map<string, { readonly fault: KerberosFault; readonly untilMs: number }>();
  private said: { readonly fault: string; readonly untilMs: number } | undefined = undefined;

  constructor(identity: KerberosIdentity, conf: Krb5Conf, ports: KerberosPorts, log: Log) {
    this.identity = identity;
    this.conf = conf;
    this.ports = ports;
    this.log = log;
    this.exchange = new KdcExchange(conf, ports);
  }

  /**
   * A login at `service/host`, with `@REALM` behind it or not. `done` is called once, before this returns where the ticket
   * is there.
   */
  begin(service: string, done: LoginDone): void {
    this.ticketFor(service, (outcome) => {
      const { clock, secret } = this.ports;
      done('fault' in outcome ? outcome : new GssapiClient(outcome, { secret, wallMs: () => clock.wallMs() }));
    });
  }

  /** Asks for the first ticket now, and keeps all that are held fresh from then on. */
  keepFresh(): void {
    this.look();
    this.ports.clock.every(LOOK_MS, () => this.look());
  }

  private look(): void {
    const nowMs = this.ports.clock.wallMs();
    this.firstTicket(true, () => {
      for (const [service, held] of this.services) if (!isFresh(held, nowMs)) this.ask(service);
    });
  }

  private ticketFor(written: string, done: TicketDone): void {
    const nowMs = this.ports.clock.wallMs();
    const held = this.services.get(written);
    if (held !== undefined && isGood(held, nowMs)) {
      done(held);
      if (!isFresh(held, nowMs) && this.stillFailed(written) === undefined) this.ask(written);
      return;
    }
    const fault = this.stillFailed(written);
    if (fault !== undefined) done(fault);
    else this.ask(written, done);
  }

  private stillFailed(written: string): KerberosFault | undefined {
    const nowMs = this.ports.clock.nowMs();
    for (const failed of [this.failed.get(FIRST), this.failed.get(written)]) {
      if (failed !== undefined && nowMs < failed.untilMs) return failed.fault;
    }
    return undefined;
  }

  /** From the KDC, once for all that wait for the same. */
  private ask(written: string, done?: TicketDone): void {
    const waiting = this.waiting.get(written);
    if (waiting !== undefined) {
      if (done === undefined) return;
      if (waiting.length < WAITING_MAX) waiting.push(done);
      else done({ fault: `more than ${WAITING_MAX} logins wait for a ticket for ${written}`, isLasting: false });
      return;
    }
    this.waiting.set(written, done === undefined ? [] : [done]);
    const answer: TicketDone = (outcome) => {
      const waited = this.waiting.get(written) ?? [];
      this.waiting.delete(written);
      if ('fault' in outcome) this.onFault(written, outcome);
      else this.hold(written, outcome);
      for (const each of waited) each(outcome);
    };
    this.firstTicket(false, (first) => {
      if ('fault' in first) answer(first);
      else this.exchange.service(first, this.completed(written, first), answer);
    });
  }

  private hold(written: string, ticket: HeldTicket): void {
    this.failed.delete(written);
    put(this.services, written, ticket);
    this.log.debug({ service: ticket.service, as: ticket.client }, 'a ticket of Kerberos for a service');
  }

  /** The realm of a host is that of its domain, and else that of whoever logs in. */
  private completed(written: string, first: HeldTicket): string {
    if (written.includes('@')) return written;
    const host = written.slice(written.indexOf('/') + 1);
    return `${written}@${realmOfHost(this.conf, host) ?? nameAndRealm(first.client)[1]}`;
  }

  /** `isKept`: one that is past four fifths of its life is not good enough. */
  private firstTicket(isKept: boolean, done: TicketDone): void {
    const { first } = this;
    const nowMs = this.ports.clock.wallMs();
    if (first !== undefined && isFresh(first, nowMs) && isGood(first, nowMs)) {
      done(first);
      return;
    }
    if (first !== undefined && !isKept && isGood(first, nowMs)) {
      this.firstTicket(true, (outcome) => done('fault' in outcome ? first : outcome));
      return;
    }
    if (this.waitingFirst !== undefined) {
      this.waitingFirst.push(done);
      return;
    }
    this.waitingFirst = [done];
    this.logIn(first, (outcome) => {
      const waited = this.waitingFirst ?? [];
      this.waitingFirst = undefined;
      if ('fault' in outcome) this.onFault(FIRST, outcome);
      else {
        this.first = outcome;
        this.failed.delete(FIRST);
        this.said = undefined;
        const validForS = Math.round((outcome.endMs - this.ports.clock.wallMs()) / 1000);
        this.log.info({ as: outcome.client, validForS }, 'a first ticket of Kerberos');
      }
      for (const each of waited) each(outcome);
    });
  }

  private logIn(held: HeldTicket | undefined, done: TicketDone): void {
    const { principal, ticketCache, keyTab, password } = this.identity;
    let why: string | undefined;
    if (ticketCache !== undefined) {
      const cached = this.fromCache(ticketCache, held);
      if (typeof cached !== 'string') {
        this.useCached(cached, done);
        return;
      }
      why = cached;
    }
    const keys = principal === undefined ? undefined : this.keys(principal, keyTab, password);
    if (typeof keys === 'string') done({ fault: keys, isLasting: true });
    else if (keys !== undefined && principal !== undefined) this.exchange.first(principal, keys, done);
    else
      done({ fault: why ?? 'neither a ticket cache, a keytab nor a password is given', isLasting: why === undefined });
  }

  private keys(
    principal: string,
    keyTab: string | undefined,
    password: string | undefined,
  ): ClientKeys | string | undefined {
    if (keyTab !== undefined) {
      const bytes = this.read(keyTab);
      return typeof bytes === 'string' ? `keyTab ${keyTab}: ${bytes}` : keysOfKeytab(bytes, keyTab, principal);
    }
    if (password === undefined) return undefined;
    this.passwordKeys ??= new PasswordKeys(principal, password);
    return this.passwordKeys;
  }

  /** The newer one of the file and of what was renewed here. */
  private fromCache(path: string, held: HeldTicket | undefined): HeldTicket | string {
    const bytes = this.read(path);
    if (typeof bytes === 'string') return `ticket cache ${path}: ${bytes}`;
    const tickets = parseCredentialsCache(bytes);
    if (typeof tickets === 'string') return `ticket cache ${path}: ${tickets}`;
    const { principal } = this.identity;
    const nowMs = this.ports.clock.wallMs();
    const own = tickets.filter(({ client }) => principal === undefined || client === principal);
    const firsts = own.filter(({ client, service }) => {
      const realm = nameAndRealm(client)[1];
      return service === `krbtgt/${realm}@${realm}`;
    });
    const of = principal === undefined ? '' : ` of ${principal}`;
    if (firsts.length === 0) return `ticket cache ${path} has no first ticket${of}: run kinit`;
    const good = [...firsts, ...(held === undefined ? [] : [held])].filter((ticket) => isGood(ticket, nowMs));
    const [best] = good.sort((a, b) => b.endMs - a.endMs);
    return best ?? `the ticket${of} in the ticket cache ${path} has expired: run kinit`;
  }

  private useCached(ticket: HeldTicket, done: TicketDone): void {
    const nowMs = this.ports.clock.wallMs();
    const { renewableUntilMs = 0 } = ticket;
    if (isFresh(ticket, nowMs) || renewableUntilMs <= ticket.endMs) done(ticket);
    else this.exchange.renew(ticket, (outcome) => done('fault' in outcome ? ticket : outcome));
  }

  private read(path: string): Buffer | string {
    try {
      return this.ports.readFile(path);
    } catch (error) {
      return `it cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)})`;
    }
  }

  private onFault(what: string, fault: KerberosFault): void {
    const nowMs = this.ports.clock.nowMs();
    put(this.failed, what, { fault, untilMs: nowMs + RETRY_MS });
    if (this.said !== undefined && this.said.fault === fault.fault && nowMs < this.said.untilMs) return;
    this.said = { fault: fault.fault, untilMs: nowMs + SAID_MS };
    this.log.warn({ reason: fault.fault }, 'no ticket of Kerberos');
  }
}

/** The one that was put there first goes, where there are too many. */
function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  for (const [oldest] of map) {
    if (map.size < SERVICES_MAX) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
