import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import type { Id } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { operationOfServer } from '../../server/operations/operations.ts';
import { Request } from '../../server/request.ts';
import type { LocalSessions } from '../../server/sessions/local-sessions.ts';
import type { ExpirySet, Upstream } from '../../server/upstream.ts';
import type { Leader } from '../../zab/leader/leader.ts';
import type { LeaderClients } from '../../zab/leader/leader-ports.ts';
import type { LearnerLink } from '../../zab/leader/learner-link.ts';
import type { LearnerRequest } from '../../zab/wire/packets.ts';
import { localSessionsOf, type PeerParts } from '../peer-parts.ts';
import { EventTurn } from './event-turn.ts';
import { HeldRoom } from './held-room.ts';
import type { Primary } from './primary.ts';

/**
 * A client that is told no takes its session for lost. A leader that leads no more, and does not know it, knows nothing of
 * sessions opened since, and may have closed others in vain: so no is said behind a barrier.
 */
export interface Refusal {
  readonly sessionId: bigint;
  readonly timeoutMs: number;
  /** Where the client is connected; undefined: here. */
  readonly learner: LearnerLink | undefined;
}

/** Why a hand-over is given up for what waits for it. */
export const TOO_MUCH_WAITS = 'more is asked meanwhile than can wait for it';

/** A request with type `sync`, or a refusal. */
export type Question = Request | Refusal;

/**
 * All that is asked of a leader, by its own clients and by learners for theirs: both are the same here but for where the
 * answer goes. Writes are proposed, syncs and refusals wait for a barrier, all of them one after the other.
 */
export class LeaderRequests implements Upstream, LeaderClients<Question> {
  readonly mode = 'leader';
  readonly quorumSize: number;
  readonly localSessions: LocalSessions | undefined;
  /** Events of the leader, and what is asked of it. */
  readonly turn = new EventTurn<Question>((asked) => this.handle(asked));
  private readonly parts: PeerParts;
  private leader: Leader<Question> | undefined = undefined;
  /** Asked while the leadership is handed over: nobody is answered before it is known by whom. */
  private readonly held = new Fifo<Question>(16);
  /** For these, and for those that learners ask. */
  private readonly heldRoom: HeldRoom;
  private primary: Primary | undefined = undefined;

  constructor(parts: PeerParts, quorumSize: number) {
    this.parts = parts;
    this.quorumSize = quorumSize;
    this.localSessions = localSessionsOf(parts);
    this.heldRoom = new HeldRoom(() => parts.probe?.limits.maxHeldBytes);
  }

  /** The leader is established. */
  open(leader: Leader<Question>, primary: Primary): void {
    this.leader = leader;
    this.primary = primary;
  }

  /** The role is over: what comes now, or waits, is asked of nobody. */
  close(): void {
    this.leader = undefined;
    this.turn.clear();
    this.held.clear();
  }

  /** The leadership stays here. */
  release(): void {
    this.heldRoom.empty();
    for (let asked = this.held.shift(); asked !== undefined; asked = this.held.shift()) this.turn.ask(asked);
  }

  /** False: more waits than there is room for. */
  mayHold(bytes: number): boolean {
    return this.heldRoom.take(bytes);
  }

  // Upstream: this server's clients.

  get sessions(): Primary['sessions'] {
    return this.ordering.sessions;
  }

  get newestKnownZxid(): Zxid {
    return this.parts.replica.lastZxid;
  }

  submitWrite(request: Request): void {
    this.turn.ask(request);
  }

  submitSync(request: Request): void {
    this.turn.ask(request);
  }

  newSessionId(timeoutMs: number): bigint {
    return this.localSessions?.create(timeoutMs) ?? this.ordering.newSessionId(timeoutMs);
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    const { server, clock } = this.parts;
    if (this.sessions.revalidate(sessionId, timeoutMs, server, clock.nowMs())) server.onRevalidated(sessionId, true);
    else this.turn.ask({ sessionId, timeoutMs, learner: undefined });
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    if (this.localSessions?.has(sessionId) === true) return this.localSessions.touch(sessionId, timeoutMs);
    return this.sessions.touch(sessionId, timeoutMs, this.parts.clock.nowMs());
  }

  expirySets(): readonly ExpirySet[] {
    return this.sessions.expirySets();
  }

  // LeaderClients: those of learners, and what was asked of a barrier.

  request(learner: LearnerLink, { sessionId, cxid, type, body }: LearnerRequest, authIds: readonly Id[]): void {
    const asker = { sessionId, authIds, owner: learner };
    this.turn.ask(new Request(asker, cxid, operationOfServer(type), body, this.parts.clock.nowMs()));
  }

  revalidateFor(learner: LearnerLink, sessionId: bigint, timeoutMs: number): void {
    this.parts.metrics.connections.revalidates.add(1);
    if (this.sessions.revalidate(sessionId, timeoutMs, learner, this.parts.clock.nowMs())) {
      learner.answerRevalidate(sessionId, true);
    } else {
      this.turn.ask({ sessionId, timeoutMs, learner });
    }
  }

  touched(sessionId: bigint, timeoutMs: number): void {
    this.sessions.touch(sessionId, timeoutMs, this.parts.clock.nowMs());
  }

  barrierPassed(question: Question): void {
    const { server, replica, clock } = this.parts;
    if (question instanceof Request) {
      server.onSynced(question, replica.lastCommitted);
      return;
    }
    const { sessionId, timeoutMs, learner } = question;
    // Looked for again: a local session was perhaps on its way to be known to all, and its createSession held.
    const valid = this.sessions.revalidate(sessionId, timeoutMs, learner ?? server, clock.nowMs());
    if (learner === undefined) server.onRevalidated(sessionId, valid);
    else learner.answerRevalidate(sessionId, valid);
  }

  private get ordering(): Primary {
    assert(this.primary !== undefined, 'who serves has a leader that is established');
    return this.primary;
  }

  private handle(asked: Question): void {
    const { leader } = this;
    if (leader === undefined) return;
    if (leader.isTransferring) {
      this.hold(leader, asked);
      return;
    }
    if (asked instanceof Request && asked.kind !== 'sync') leader.propose(this.ordering, asked);
    else leader.barrier(asked);
  }

  private hold(leader: Leader<Question>, asked: Question): void {
    if (this.mayHold(asked instanceof Request ? asked.body.length : 0)) this.held.push(asked);
    else if (leader.keepLeadership(TOO_MUCH_WAITS)) this.turn.ask(asked);
  }
}
