import { assert } from '../../base/assert.ts';
import { type FatalError, protocolError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import type { Net, Stream, StreamHandlers } from '../../io/net.ts';
import { FrameCutter } from '../../jute/frames.ts';
import type { QuorumVerifier } from '../quorum/quorum-verifier.ts';
import { ElectionPorts, type ElectionPortsOptions } from './election-ports.ts';
import {
  type ElectionAddress,
  type InitialMessage,
  readInitialMessage,
  writeInitialMessage,
} from './initial-message.ts';
import { Lobby } from './lobby.ts';
import { type Reach, whyUnreachable } from './reach.ts';

/**
 * The connections elections run over, one for each pair of servers; Apache's QuorumCnxManager on the wire.
 *
 * Of two servers the one with the higher id dials. When the lower one wants to talk, it dials too, says who it is,
 * closes, and is dialled back. Messages are framed by an int length. A peer has one message waiting, and a newer one
 * replaces it, because only the latest vote is true. The last message is sent again on a new connection, since it may
 * have been lost with the one before.
 *
 * Nobody waits for anybody: dials run side by side, each bounded by `cnxTimeoutMs` with its lookup. An address that
 * swallows packets, or a name that does not resolve, costs nothing but its own peer (ZOOKEEPER-2164, 3756). Bytes that
 * cannot be understood close the stream they came on and no other.
 *
 * Two things Apache leaves to chance: while `keepDialing` is on, a message that could not be delivered is dialled for
 * again without waiting for the next one. And a connection that stays silent meanwhile is replaced, because after a
 * partition the kernel may take minutes to notice that it works again.
 */
export interface PeerMeshOptions extends ElectionPortsOptions {
  readonly self: number;
  /** Where this server listens, and what it calls itself, until `setMembers` says otherwise. */
  readonly addresses: readonly ElectionAddress[];
  /** Bounds a dial with its lookup, and how long a newcomer may take to say who it is. */
  readonly cnxTimeoutMs: number;
  /** Introduce oneself with all addresses, which servers before 3.6 do not understand. */
  readonly multiAddress: boolean;
}

export interface PeerMeshHandlers {
  /** All election ports are bound. */
  onListening(): void;
  /** A connection to `sid` carries messages from now on. */
  onConnected(sid: number): void;
  /** The bytes are valid during the call. */
  onMessage(sid: number, message: Buffer): void;
  onFatal(error: FatalError): void;
}

export const ELECTION_MESSAGE_MAX = 512 * 1024;
const REDIAL_MIN_MS = 250;
const REDIAL_MAX_MS = 1000;
/** A dial that takes longer is not waited for when its goal shows that it is alive. */
const STALE_DIAL_MS = 500;
/** A connection that answered nothing for so long while this server looks for a leader is no longer believed in. */
const SILENCE_MS = 10_000;
/** Servers that are in no configuration, in all and of one address. */
const STRANGERS_MAX = 128;
const STRANGERS_PER_ADDRESS_MAX = 16;

interface Link {
  readonly sid: number;
  /** Carries messages. */
  stream: Stream | undefined;
  /** Dials under way. */
  dials: Stream[];
  queued: Buffer | undefined;
  lastSent: Buffer | undefined;
  /** When the first message of this search for a leader was sent that nothing was heard after. */
  unansweredSinceMs: number | undefined;
  /** The addresses that the server gave of itself; tried when the configured addresses do not lead to it. */
  advertised: readonly ElectionAddress[];
  redial: Timer | undefined;
  redialMs: number;
  /** When the dials under way began. */
  dialledMs: number;
  /** Where it came from, if it did. */
  cameFrom: string;
  /** Why there is no connection, as far as is known. */
  trouble: string | undefined;
}

export class PeerMesh {
  private readonly net: Net;
  private readonly clock: Clock;
  private readonly options: PeerMeshOptions;
  private readonly handlers: PeerMeshHandlers;
  private readonly log: Log;
  private readonly links = new Map<number, Link>();
  private readonly ports: ElectionPorts;
  private readonly lobby = new Lobby();
  /** Where this server listens, and what it calls itself. */
  private addresses: readonly ElectionAddress[];
  private configured = new Map<number, readonly ElectionAddress[]>();
  private nextAnonymousSid = -1;
  private urgent = false;
  private closed = false;

  constructor(net: Net, clock: Clock, options: PeerMeshOptions, handlers: PeerMeshHandlers, log: Log) {
    this.net = net;
    this.clock = clock;
    this.options = options;
    this.handlers = handlers;
    this.log = log;
    this.addresses = options.addresses;
    this.ports = new ElectionPorts(
      net,
      clock,
      options,
      {
        onListening: () => handlers.onListening(),
        onStream: (stream) => this.onAccepted(stream),
        onFatal: (error) => handlers.onFatal(error),
      },
      log,
    );
  }

  start(): void {
    this.ports.listenAt(this.addresses);
  }

  /** The servers whose addresses are known: the members of the configuration, and of the next one if there is one. */
  setMembers(verifier: QuorumVerifier, next?: QuorumVerifier): void {
    this.configured = new Map();
    for (const each of next === undefined ? [verifier] : [next, verifier]) {
      for (const member of each.members.values()) {
        this.configured.set(
          member.sid,
          member.addresses.map(({ host, electionPort }) => ({ host, port: electionPort })),
        );
      }
    }
    for (const link of this.links.values()) {
      if (!this.configured.has(link.sid)) this.forgetUndelivered(link);
    }
    this.addresses = this.configured.get(this.options.self) ?? this.addresses;
    this.ports.listenAt(this.addresses);
  }

  /** While on, undelivered messages are dialled for again and again: while this server looks for a leader. */
  set keepDialing(on: boolean) {
    this.urgent = on;
    for (const link of this.links.values()) {
      link.unansweredSinceMs = undefined;
      if (on) this.maybeRedial(link);
      else this.cancelRedial(link);
    }
  }

  /** How it stands with each of the others. */
  reach(): Reach[] {
    const all: Reach[] = [];
    for (const [sid, addresses] of this.configured) {
      if (sid === this.options.self) continue;
      const link = this.links.get(sid);
      const address = addresses.map(({ host, port }) => `${host}:${port}`).join('|');
      const trouble = link === undefined ? 'not tried yet' : link.trouble;
      all.push({ sid, address, trouble });
    }
    return all;
  }

  isConnected(sid: number): boolean {
    return this.links.get(sid)?.stream !== undefined;
  }

  /** Sends when there is a connection or as soon as there is one; a message not sent yet is replaced. */
  send(sid: number, message: Buffer): void {
    assert(!this.closed && sid !== this.options.self, 'an open mesh sends to others');
    const link = this.links.get(sid) ?? this.linkTo(sid);
    link.queued = message;
    // A message that an earlier one holds up is unanswered, too: its connection may lead nowhere.
    if (this.urgent) link.unansweredSinceMs ??= this.clock.nowMs();
    if (
      link.stream !== undefined &&
      this.clock.nowMs() - (link.unansweredSinceMs ?? Number.POSITIVE_INFINITY) > SILENCE_MS
    ) {
      this.log.info({ sid }, 'the election connection is silent; a new one replaces it');
      this.drop(link);
    }
    if (link.stream === undefined) this.dial(link);
    else this.flush(link);
  }

  close(): void {
    this.closed = true;
    this.ports.close();
    this.lobby.closeAll();
    for (const link of this.links.values()) {
      this.cancelRedial(link);
      this.giveUpDials(link);
      this.drop(link);
    }
    this.links.clear();
  }

  // ---- those who dial this server

  private onAccepted(stream: Stream): StreamHandlers | undefined {
    if (this.closed) return undefined;
    const displaced = this.lobby.enter(stream);
    if (displaced !== undefined) this.refuse(displaced, 'too many that do not say who they are');
    let head: Buffer = Buffer.alloc(0);
    let after: StreamHandlers | undefined;
    const limit = this.clock.after(this.options.cnxTimeoutMs, () => {
      this.refuse(stream, 'it did not say who it is in time');
    });
    return {
      onData: (chunk) => {
        if (after !== undefined) {
          after.onData(chunk);
          return;
        }
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const initial = readInitialMessage(head);
        if (initial === undefined) return;
        limit.cancel();
        this.lobby.leave(stream);
        if (typeof initial === 'string') {
          this.refuse(stream, initial);
          return;
        }
        after = this.onIntroduced(stream, initial);
        if (after !== undefined && head.length > initial.bytes) after.onData(head.subarray(initial.bytes));
      },
      onEnd: () => stream.destroy(),
      onDrain: () => after?.onDrain?.(),
      onClose: (error) => {
        limit.cancel();
        this.lobby.leave(stream);
        after?.onClose(error);
      },
    };
  }

  private refuse(stream: Stream, reason: string): void {
    this.lobby.leave(stream);
    this.log.warn({ address: stream.remoteAddress, reason }, 'an election connection was refused');
    stream.destroy();
  }

  /** A server said who it is: it is dialled back when its id is the lower one, and kept when it is the higher. */
  private onIntroduced(stream: Stream, initial: InitialMessage): StreamHandlers | undefined {
    const sid = initial.sid ?? this.nextAnonymousSid--;
    if (sid === this.options.self) {
      this.refuse(stream, `it has the id of this server, ${sid}: two servers with one myid, or a loop`);
      return undefined;
    }
    const from = stream.remoteAddress;
    const known = this.links.get(sid) ?? (this.mayLinkTo(sid, from) ? this.linkTo(sid) : undefined);
    if (known === undefined) {
      this.refuse(stream, `too many servers that are in no configuration; this one has the id ${sid}`);
      return undefined;
    }
    known.advertised = initial.addresses;
    known.cameFrom = from;
    known.redialMs = REDIAL_MIN_MS;
    if (sid > this.options.self) return this.adopt(known, stream);
    stream.destroy();
    // It would not ask if the connection we may still believe in were alive.
    this.drop(known);
    // Nor if a dial of old, to a host that was down or had another address, were about to get through.
    if (this.clock.nowMs() - known.dialledMs > STALE_DIAL_MS) this.giveUpDials(known);
    this.dial(known);
    return undefined;
  }

  private mayLinkTo(sid: number, address: string): boolean {
    if (this.configured.has(sid)) return true;
    let strangers = 0;
    let neighbours = 0;
    for (const link of this.links.values()) {
      if (this.configured.has(link.sid)) continue;
      strangers++;
      if (link.cameFrom === address) neighbours++;
    }
    return strangers < STRANGERS_MAX && neighbours < STRANGERS_PER_ADDRESS_MAX;
  }

  // ---- dialling

  private dial(link: Link): void {
    if (link.dials.length > 0 || this.closed) return;
    this.cancelRedial(link);
    const addresses = this.configured.get(link.sid) ?? link.advertised;
    if (addresses.length > 0) {
      this.dialAll(link, addresses, addresses);
    } else {
      this.log.debug({ sid: link.sid }, 'no address for this server');
      this.forgetIfStranger(link);
    }
  }

  /** All addresses at once; the first that opens is taken. When none did, what the server advertises is tried. */
  private dialAll(link: Link, addresses: readonly ElectionAddress[], tried: readonly ElectionAddress[]): void {
    link.dialledMs = this.clock.nowMs();
    for (const address of addresses) {
      let opened: StreamHandlers | undefined;
      const stream = this.net.dial(address.host, address.port, this.options.cnxTimeoutMs, {
        onOpen: () => {
          for (const other of link.dials) if (other !== stream) other.destroy();
          link.dials = [];
          opened = this.onDialled(link, stream);
        },
        onData: (chunk) => opened?.onData(chunk),
        onEnd: () => stream.destroy(),
        onDrain: () => opened?.onDrain?.(),
        onClose: (error) => {
          if (opened !== undefined) {
            opened.onClose(error);
            return;
          }
          if (!link.dials.includes(stream)) return;
          link.dials = link.dials.filter((other) => other !== stream);
          link.trouble = whyUnreachable(error);
          this.log.debug({ sid: link.sid, host: address.host, reason: error?.message }, 'could not reach a server');
          if (link.dials.length === 0) this.onUnreachable(link, tried);
        },
      });
      link.dials.push(stream);
    }
  }

  private onUnreachable(link: Link, tried: readonly ElectionAddress[]): void {
    const others = link.advertised.filter((each) => !isIn(each, tried));
    if (others.length > 0) {
      this.dialAll(link, others, [...tried, ...others]);
      return;
    }
    this.maybeRedial(link);
    this.forgetIfStranger(link);
  }

  private onDialled(link: Link, stream: Stream): StreamHandlers {
    stream.write(writeInitialMessage(this.options.self, this.addresses, this.options.multiAddress ? 2 : 1));
    if (link.sid < this.options.self) return this.adopt(link, stream);
    // The higher id dials: this one was only to be asked for.
    link.trouble = 'reached, and it has not called back';
    stream.end();
    this.maybeRedial(link);
    return { onData() {}, onClose() {} };
  }

  private maybeRedial(link: Link): void {
    const wanted = this.urgent && link.queued !== undefined && link.stream === undefined && !this.closed;
    if (!wanted || link.redial !== undefined || link.dials.length > 0) return;
    link.redial = this.clock.after(link.redialMs, () => {
      link.redial = undefined;
      this.dial(link);
    });
    link.redialMs = Math.min(link.redialMs * 2, REDIAL_MAX_MS);
  }

  private giveUpDials(link: Link): void {
    const { dials } = link;
    link.dials = [];
    for (const dial of dials) dial.destroy();
  }

  private cancelRedial(link: Link): void {
    link.redial?.cancel();
    link.redial = undefined;
  }

  // ---- connections that carry messages

  private adopt(link: Link, stream: Stream): StreamHandlers {
    this.drop(link);
    this.cancelRedial(link);
    this.giveUpDials(link);
    link.stream = stream;
    link.unansweredSinceMs = undefined;
    link.trouble = 'connected, and it has not said anything';
    // Members may be silent for as long as they are settled.
    const limit = this.configured.has(link.sid)
      ? undefined
      : this.clock.after(this.options.cnxTimeoutMs, () => this.breakOff(link, 'nothing, although it is no member'));
    const cutter = new FrameCutter(ELECTION_MESSAGE_MAX, (message) => {
      if (message.length === 0) {
        this.breakOff(link, 'an empty message');
        return false;
      }
      limit?.cancel();
      link.unansweredSinceMs = undefined;
      link.redialMs = REDIAL_MIN_MS;
      link.trouble = undefined;
      this.handlers.onMessage(link.sid, message);
      return link.stream === stream;
    });
    this.log.debug({ sid: link.sid, address: stream.remoteAddress }, 'connected for elections');
    this.handlers.onConnected(link.sid);
    link.queued ??= link.lastSent;
    this.flush(link);
    return {
      onData: (chunk) => {
        try {
          cutter.push(chunk);
        } catch (error) {
          this.breakOff(link, protocolError(error).message);
        }
      },
      onDrain: () => this.flush(link),
      onClose: (error) => {
        limit?.cancel();
        if (link.stream !== stream) return;
        link.stream = undefined;
        link.trouble =
          error === undefined
            ? 'it closed the connection, and may refuse this server: its log says why'
            : whyUnreachable(error);
        this.log.debug({ sid: link.sid, reason: error?.message }, 'an election connection ended');
        this.maybeRedial(link);
        this.forgetIfStranger(link);
      },
    };
  }

  private flush(link: Link): void {
    const stream = link.stream;
    const message = link.queued;
    if (stream === undefined || message === undefined || stream.bufferedBytes > 0) return;
    const frame = Buffer.allocUnsafe(4 + message.length);
    frame.writeInt32BE(message.length, 0);
    message.copy(frame, 4);
    stream.write(frame);
    link.queued = undefined;
    link.lastSent = message;
    if (this.urgent) link.unansweredSinceMs ??= this.clock.nowMs();
  }

  private breakOff(link: Link, reason: string): void {
    this.log.warn({ sid: link.sid, reason }, 'an election connection sent what is no message');
    this.drop(link);
    this.forgetIfStranger(link);
  }

  private drop(link: Link): void {
    const stream = link.stream;
    link.stream = undefined;
    stream?.destroy();
  }

  private linkTo(sid: number): Link {
    const link: Link = {
      sid,
      stream: undefined,
      dials: [],
      queued: undefined,
      lastSent: undefined,
      unansweredSinceMs: undefined,
      advertised: [],
      redial: undefined,
      redialMs: REDIAL_MIN_MS,
      dialledMs: 0,
      cameFrom: '',
      trouble: undefined,
    };
    this.links.set(sid, link);
    return link;
  }

  private forgetUndelivered(link: Link): void {
    link.queued = undefined;
    this.cancelRedial(link);
    this.forgetIfStranger(link);
  }

  /** Nothing is kept for a server that is in no configuration and not connected. */
  private forgetIfStranger(link: Link): void {
    const idle = link.stream === undefined && link.dials.length === 0 && link.redial === undefined;
    if (idle && !this.configured.has(link.sid)) this.links.delete(link.sid);
  }
}

function isIn(address: ElectionAddress, list: readonly ElectionAddress[]): boolean {
  return list.some((each) => each.host === address.host && each.port === address.port);
}
