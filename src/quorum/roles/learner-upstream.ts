import { Fifo } from '../../base/fifo.ts';
import { OpCode } from '../../jute/codes.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { Request } from '../../server/request.ts';
import { LearnerSessionTracker } from '../../server/sessions/learner-session-tracker.ts';
import type { LocalSessions } from '../../server/sessions/local-sessions.ts';
import { SessionIds } from '../../server/sessions/session-ids.ts';
import type { Upstream } from '../../server/upstream.ts';
import type { LearnerLink } from '../../zab/leader/learner-link.ts';
import type { LearnerClients, ToLeader } from '../../zab/learner/learner-ports.ts';
import type { ObserverMaster } from '../../zab/observer-master/observer-master.ts';
import type { ObserverQuestions } from '../../zab/observer-master/observer-master-ports.ts';
import { QuorumPacket, requestPacket, revalidatePacket } from '../../zab/wire/packets.ts';
import { Revalidations } from '../observers/revalidations.ts';
import { localSessionsOf, type PeerParts } from '../peer-parts.ts';

/**
 * The ground on which a learner's clients stand: writes, syncs and sessions that come back go to the leader, and the
 * answers come here. A write is answered when its commit is applied, as every other transaction.
 */
export interface LearnerUpstreamOptions {
  readonly self: number;
  readonly mode: 'observer' | 'follower';
  readonly quorumSize: number;
}

/** An observer of a follower has asked for a `sync`. */
interface ObserverSync {
  readonly observer: LearnerLink;
}

/** The leader's answer to a client that came back with its session. */
interface Revalidation {
  readonly sessionId: bigint;
  readonly valid: boolean;
}

const SYNC_OF_ROOT = Buffer.from('\0\0\0\x01/');

export class LearnerUpstream implements Upstream, LearnerClients, ObserverQuestions {
  readonly mode: 'observer' | 'follower';
  readonly quorumSize: number;
  readonly sessions = new LearnerSessionTracker();
  readonly localSessions: LocalSessions | undefined;
  /** Once this follower serves observers. */
  observers: ObserverMaster | undefined = undefined;
  private readonly parts: PeerParts;
  private readonly link: ToLeader;
  private readonly ids: SessionIds;
  /** For each answer to a sync that is to come, the one who waits for it. */
  private readonly syncs = new Fifo<Request | Revalidation | ObserverSync>();
  private readonly revalidations = new Revalidations<LearnerLink>();

  constructor(parts: PeerParts, link: ToLeader, options: LearnerUpstreamOptions) {
    this.parts = parts;
    this.link = link;
    this.mode = options.mode;
    this.quorumSize = options.quorumSize;
    this.localSessions = localSessionsOf(parts);
    this.ids = new SessionIds(options.self, parts.clock.wallMs());
  }

  // Upstream

  get newestKnownZxid(): Zxid {
    return this.parts.replica.lastZxid;
  }

  submitWrite(request: Request): void {
    this.forward(request);
  }

  submitSync(request: Request): void {
    this.syncs.push(request);
    this.forward(request);
  }

  newSessionId(timeoutMs: number): bigint {
    if (this.localSessions !== undefined) return this.localSessions.create(timeoutMs);
    return this.ids.take((taken) => this.parts.replica.database.sessions.has(taken));
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    this.revalidateFor(undefined, sessionId, timeoutMs);
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    if (this.localSessions?.has(sessionId) === true) return this.localSessions.touch(sessionId, timeoutMs);
    return this.sessions.touch(sessionId, timeoutMs);
  }

  expirySets(): undefined {
    return undefined;
  }

  // ObserverQuestions

  /** undefined: for a client here. */
  revalidateFor(observer: LearnerLink | undefined, sessionId: bigint, timeoutMs: number): void {
    this.revalidations.asked(sessionId, observer);
    this.link.send(revalidatePacket(sessionId, timeoutMs));
  }

  request({ type, zxid, data, authinfo }: QuorumPacket): void {
    this.link.send(new QuorumPacket(type, zxid, data && Buffer.from(data), authinfo));
  }

  sync(observer: LearnerLink, packet: QuorumPacket): void {
    this.syncs.push({ observer });
    this.request(packet);
  }

  touched(sessionId: bigint, timeoutMs: number): void {
    this.sessions.touch(sessionId, timeoutMs);
  }

  // LearnerClients

  /**
   * Requests that the session made elsewhere may still be under way. A follower has been sent them as proposals; an
   * observer hears of them when they are decided, and waits for that, to tell them from what the client asks here.
   */
  revalidated(sessionId: bigint, valid: boolean): void {
    const observer = this.revalidations.answered(sessionId);
    if (observer !== undefined) {
      this.observers?.revalidated(observer, sessionId, valid);
      return;
    }
    if (valid) this.observers?.isHere(sessionId);
    if (this.mode === 'follower') {
      this.parts.server.onRevalidated(sessionId, valid);
      return;
    }
    this.syncs.push({ sessionId, valid });
    this.link.send(requestPacket(sessionId, 0, OpCode.sync, SYNC_OF_ROOT, []));
  }

  syncReplied(): void {
    const { server, replica } = this.parts;
    const asked = this.syncs.shift();
    if (asked instanceof Request) server.onSynced(asked, replica.lastCommitted);
    else if (asked !== undefined && 'observer' in asked) {
      this.observers?.syncAnswered(asked.observer, replica.lastCommitted);
    } else if (asked !== undefined) server.onRevalidated(asked.sessionId, asked.valid);
  }

  takeTouched(): Iterable<readonly [bigint, number]> {
    return this.sessions.takeTouched();
  }

  /** From the replica, served or not: sessions come and go with what is applied. */
  onApplied({ header, body }: Txn): void {
    if (body.kind === 'createSession') this.sessions.onCreated(header.clientId, body.timeoutMs);
    else if (header.type === OpCode.closeSession) this.sessions.remove(header.clientId);
  }

  private forward({ asker, cxid, operation, body }: Request): void {
    this.link.send(requestPacket(asker.sessionId, cxid, operation.type, body, asker.authIds));
  }
}
