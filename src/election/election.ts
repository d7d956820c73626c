import type { FatalError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Clock, Timer } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import { PeerMesh, type PeerMeshOptions } from './mesh/peer-mesh.ts';
import type { Reach } from './mesh/reach.ts';
import type { Oracle } from './quorum/oracle.ts';
import type { QuorumVerifier } from './quorum/quorum-verifier.ts';
import type { Candidate, ElectionOptions, Outcome, SettledState } from './voting/election-host.ts';
import { FastLeaderElection } from './voting/fast-leader-election.ts';
import type { Vote } from './voting/vote.ts';

/**
 * Leader election as a peer uses it: FastLeaderElection on a PeerMesh, with a timer for its deadlines. Handlers are
 * called from events of clock and network, never from inside a call to this object, and may call it.
 */
export interface ElectionHandlers {
  /** All election ports are bound. */
  onListening(): void;
  onElected(outcome: Outcome): void;
  /** This server is settled, and `sid`, a voter, looks for a leader. */
  onLooking(sid: number): void;
  /** Met while looking: take it over, and `look` again unless only its version differs. */
  onNewerConfig(verifier: QuorumVerifier): void;
  onFatal(error: FatalError): void;
  /** As the election's host has it. */
  readonly oracle?: Oracle | undefined;
}

export class Election {
  private readonly clock: Clock;
  private readonly mesh: PeerMesh;
  private readonly fle: FastLeaderElection;
  private readonly handlers: ElectionHandlers;
  private timer: Timer | undefined = undefined;
  private timerDueMs = 0;
  /** Said by the election, to be passed on when it is done with the event. */
  private outcome: Outcome | undefined = undefined;
  private newerConfig: QuorumVerifier | undefined = undefined;
  private looking: number | undefined = undefined;

  constructor(
    world: { readonly net: Net; readonly clock: Clock },
    options: { readonly mesh: PeerMeshOptions; readonly election: ElectionOptions },
    handlers: ElectionHandlers,
    log: Log,
  ) {
    this.clock = world.clock;
    this.handlers = handlers;
    this.fle = new FastLeaderElection(options.mesh.self, options.election, {
      send: (sid, notification) => this.mesh.send(sid, notification),
      elected: (outcome) => {
        this.outcome = outcome;
      },
      onLooking: (sid) => {
        this.looking = sid;
      },
      onNewerConfig: (verifier) => {
        this.newerConfig = verifier;
      },
      log,
      oracle: handlers.oracle,
    });
    this.mesh = new PeerMesh(
      world.net,
      world.clock,
      options.mesh,
      {
        onListening: () => handlers.onListening(),
        onConnected: (sid) => this.fle.onConnected(sid),
        onMessage: (sid, message) => {
          this.fle.onNotification(sid, message, this.clock.nowMs());
          this.afterEvent();
        },
        onFatal: (error) => handlers.onFatal(error),
      },
      log,
    );
  }

  /** Binds the election ports. */
  listen(): void {
    this.mesh.start();
  }

  /** Looks for a leader; `onElected` follows. `next`: proposed, not known to be committed. */
  look(candidate: Candidate, verifier: QuorumVerifier, next?: QuorumVerifier): void {
    this.mesh.setMembers(verifier, next);
    this.mesh.keepDialing = true;
    this.fle.start(candidate, verifier, this.clock.nowMs(), next);
    this.arm();
  }

  /** The vote to answer with from now on, once the epoch of its leader is known. */
  settle(state: SettledState, vote: Vote): void {
    this.mesh.keepDialing = false;
    this.fle.settle(state, vote);
    this.arm();
  }

  /** A reconfiguration took place while this server was settled. */
  setMembers(verifier: QuorumVerifier, next?: QuorumVerifier): void {
    this.mesh.setMembers(verifier, next);
    this.fle.setConfig(verifier, next);
  }

  /** How it stands with each of the other members. */
  reach(): Reach[] {
    return this.mesh.reach();
  }

  get isAbstaining(): boolean {
    return this.fle.isAbstaining;
  }

  get currentVote(): Vote {
    return this.fle.currentVote;
  }

  close(): void {
    this.timer?.cancel();
    this.mesh.close();
  }

  private afterEvent(): void {
    const { outcome, newerConfig, looking } = this;
    this.outcome = undefined;
    this.newerConfig = undefined;
    this.looking = undefined;
    if (looking !== undefined) this.handlers.onLooking(looking);
    if (newerConfig !== undefined) this.handlers.onNewerConfig(newerConfig);
    if (outcome !== undefined) {
      this.mesh.keepDialing = false;
      this.handlers.onElected(outcome);
    }
    this.arm();
  }

  private arm(): void {
    const dueMs = this.fle.deadlineMs;
    if (this.timer !== undefined && dueMs === this.timerDueMs) return;
    this.timer?.cancel();
    this.timer = undefined;
    if (dueMs === undefined) return;
    this.timerDueMs = dueMs;
    this.timer = this.clock.after(Math.max(0, dueMs - this.clock.nowMs()), () => {
      this.timer = undefined;
      this.fle.onTick(this.clock.nowMs());
      this.afterEvent();
    });
  }
}
