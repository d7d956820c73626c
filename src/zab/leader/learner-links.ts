import type { Log } from '../../base/log.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import type { LeaderOptions, LeaderRole } from './leader-ports.ts';
import { LearnerLink, type LearnerWire, type LinkLimits, type LinkPhase } from './learner-link.ts';

/**
 * The connections of all learners, and the leader's patience: which of them are given up and why, whether those that
 * are left make a quorum, and for how long nothing has come nearer. Time is counted in half ticks, see LeaderPorts.
 *
 * Only participants of the configuration that came with FOLLOWERINFO are counted (ZOOKEEPER-2959).
 */
export interface LinkInfo {
  readonly sid: number;
  readonly observer: boolean;
  readonly voter: boolean;
  readonly phase: LinkPhase;
  /** What it has not taken yet. */
  readonly queuedBytes: number;
}

export class LearnerLinks {
  private readonly options: LeaderOptions;
  private readonly log: Log;
  private readonly limits: LinkLimits;
  /** A link is not in the book any more, whichever side closed it. */
  private readonly onGone: (link: LearnerLink) => void;
  private readonly links = new Set<LearnerLink>();
  private halfTicks = 0;
  private nearerAt = 0;

  constructor(role: LeaderRole, onGone: (link: LearnerLink) => void) {
    const { options } = role;
    this.options = options;
    this.log = role.log;
    this.limits = { initHalfTicks: options.initLimitTicks * 2, syncHalfTicks: options.syncLimitTicks * 2 };
    this.onGone = onGone;
  }

  /** Half ticks since the leader's start. */
  get now(): number {
    return this.halfTicks;
  }

  has(link: LearnerLink): boolean {
    return this.links.has(link);
  }

  values(): IterableIterator<LearnerLink> {
    return this.links.values();
  }

  infos(): LinkInfo[] {
    const infos: LinkInfo[] = [];
    for (const { sid, observer, voter, phase, wire } of this.links) {
      infos.push({ sid, observer, voter, phase, queuedBytes: wire.queuedBytes });
    }
    return infos;
  }

  open(wire: LearnerWire): LearnerLink {
    const link = new LearnerLink(wire, this.now);
    this.links.add(link);
    return link;
  }

  enter(link: LearnerLink, phase: LinkPhase): void {
    link.phase = phase;
    link.heardAt = this.now;
  }

  /** Its wire is closed, and not by us. */
  onClosed(link: LearnerLink): void {
    if (this.links.has(link)) this.forget(link);
  }

  drop(link: LearnerLink, reason: string): void {
    this.forget(link);
    const { ownerName: learner, sid, phase } = link;
    this.log.warn({ learner, sid, phase, reason }, 'closing the link to a learner');
    link.wire.destroy();
  }

  /** The role is over. */
  closeAll(): void {
    for (const link of this.links) link.wire.destroy();
    this.links.clear();
  }

  /**
   * A server has one connection. Should an older one still look open, whatever arrives on it was sent before the server
   * came again: an acknowledgement among it may be of what the server's log is about to lose.
   */
  dropOlder(newer: LearnerLink): void {
    if (newer.sid < 0) return;
    for (const link of this.links) {
      if (link !== newer && link.sid === newer.sid) this.drop(link, 'the learner has connected again');
    }
  }

  /** What the leader waits for has come nearer, or is another thing now. */
  cameNearer(): void {
    this.nearerAt = this.now;
  }

  /** Nothing has come nearer for longer than initLimit. */
  get isStuck(): boolean {
    return this.now - this.nearerAt > this.limits.initHalfTicks;
  }

  onHalfTick(): void {
    this.halfTicks++;
    for (const link of this.links) this.watch(link);
  }

  /** A learner that is being synchronised is there, too; its own limits say for how long. */
  hasQuorum(): boolean {
    const connected = new AckTracker(this.options.verifiers);
    connected.add(this.options.self);
    for (const link of this.links) {
      if (link.voter && !(link.isUnproven && link.phase !== 'serving')) connected.add(link.sid);
    }
    return connected.hasAllQuorums();
  }

  private watch(link: LearnerLink): void {
    if (link.phase === 'syncing' && link.tookBytes(this.now) && link.voter) {
      this.cameNearer();
    }
    const reason =
      link.wire.queuedBytes > (this.options.limits?.maxLinkQueueBytes ?? this.options.maxLinkQueueBytes)
        ? 'the learner takes less than is sent to it'
        : link.overdue(this.now, this.limits);
    if (reason !== undefined) this.drop(link, reason);
  }

  private forget(link: LearnerLink): void {
    this.links.delete(link);
    this.onGone(link);
  }
}
