import { assert } from '../../base/assert.ts';
import type { Log } from '../../base/log.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import { epochOf, ZXID_NONE } from '../../jute/zxid.ts';
import type { EpochFiles } from '../epoch-files.ts';
import { QuorumPacket as Packet, PacketType } from '../wire/packets.ts';
import { CatchUps } from './catch-up/catch-ups.ts';
import { planSync } from './catch-up/sync-plan.ts';
import type { Entry, History, LeaderEvents, LeaderMembers, LeaderOptions, LeaderRole } from './leader-ports.ts';
import type { LearnerLink } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';
import type { Memberships } from './memberships.ts';
import type { PingRounds } from './ping-rounds.ts';
import type { Proposals } from './proposals.ts';

/**
 * How every learner gets the leader's history, and when it may serve: the second phase of ZAB for the first quorum, and
 * the same steps for whoever comes later.
 *
 *   DIFF, TRUNC or SNAP   as sync-plan.ts has it, and what was decided since
 *   NEWLEADER             acknowledged when all of that is on the learner's disk, and the epoch is its own. With a
 *                         quorum of these the leader is established
 *   UPTODATE              serve: at once when the leader is established; to one without a history once the leader has
 *                         proved that it still leads
 *
 * Rules that keep it safe, and are easily lost:
 *  - The leader's currentEpoch is durable before the first NEWLEADER goes out, and its log before the role begins.
 *  - Planning a synchronisation, cutting the snapshot, queueing what is under way and joining those that get the rest
 *    are one step: nothing is committed in between (ZOOKEEPER-3104, ZOOKEEPER-3589; Zab specification, issues 1 to 3).
 */
export class Synchronization {
  private readonly options: LeaderOptions;
  private readonly history: History;
  private readonly epochs: Pick<EpochFiles, 'setCurrent'>;
  private readonly events: Pick<LeaderEvents, 'established'>;
  private readonly membersPort: Pick<LeaderMembers, 'renumbered'>;
  private readonly members: Memberships;
  private readonly log: Log;
  private readonly links: LearnerLinks;
  private readonly proposals: Proposals;
  private readonly rounds: PingRounds;
  private readonly catchUps: CatchUps;
  /** UPTODATE is out to this learner. */
  private readonly onServing: (link: LearnerLink) => void;

  private established = false;
  private readonly newLeaderAcks: AckTracker;

  constructor(
    role: LeaderRole,
    links: LearnerLinks,
    proposals: Proposals,
    rounds: PingRounds,
    onServing: (link: LearnerLink) => void,
  ) {
    this.options = role.options;
    this.history = role.ports.history;
    this.epochs = role.ports.epochs;
    this.events = role.ports.events;
    this.membersPort = role.ports.members;
    this.members = role.members;
    this.log = role.log;
    this.links = links;
    this.proposals = proposals;
    this.rounds = rounds;
    this.catchUps = new CatchUps(role, role.ports.history, role.ports.events, links);
    this.onServing = onServing;
    this.newLeaderAcks = new AckTracker(role.members.quorums);
  }

  /** A quorum was synchronised: what is proposed from now on is committed by quorums of acknowledgements. */
  get isEstablished(): boolean {
    return this.established;
  }

  /** `emptyCount`: voters without a history are among those who made the leader's history the one. */
  begin(emptyCount: boolean): void {
    this.links.cameNearer();
    const { epochStart } = this.proposals;
    this.epochs.setCurrent(epochOf(epochStart));
    if (this.options.mayReconfigure) {
      const renumbered = this.members.renumber(epochStart);
      if (renumbered !== undefined) this.membersPort.renumbered(renumbered);
    }
    this.newLeaderAcks.add(this.options.self);
    for (const link of this.links.values()) {
      if (link.phase !== 'history') continue;
      link.isUnproven = link.isEmpty && !emptyCount;
      this.synchronise(link);
    }
    this.maybeEstablish();
  }

  /**
   * Puts it off, in phase `history`, while the leader's tree has less than this learner may have helped to commit, or
   * while the log on disk is looked through.
   */
  synchronise(link: LearnerLink): void {
    if (link.catchUp.snapshotFrom === undefined) {
      // From here on nothing is committed with the help of what this learner's disk may be about to lose.
      this.proposals.forget(link.sid);
      link.catchUp.snapshotFrom = this.proposals.committed;
      link.catchUp.provenBy = this.rounds.lastRound + 1;
    }
    const treeZxid = this.history.lastZxid;
    const decided = this.proposals.decidedAbove(treeZxid);
    const plan = planSync(link.lastZxid, this.history, decided, this.catchUps.rulesFor(link));
    if (plan === 'later') return;
    // A committed transaction may be on this learner's disk and not yet on ours: a snapshot must not take it away
    // there.
    if (plan.kind === 'snap' && treeZxid < link.catchUp.snapshotFrom) return;
    if (!this.catchUps.begin(link, plan)) return;
    const open: Entry[] = [];
    this.proposals.forEachAbove(plan.reaches, (entry, isCommitted) => {
      if (isCommitted) this.forward(link, entry);
      else if (!link.observer) open.push(entry);
    });
    link.forwarding = true;
    // UPTODATE puts it in force at the learner: of an established leader it must be decided.
    const members = this.established ? this.members.inForce : this.members.newest;
    const config = Buffer.from(members.text(), 'utf8');
    link.wire.send(new Packet(PacketType.newLeader, this.proposals.epochStart, config));
    // Apache's leaders send these before; its learners up to 3.9.2 then die of a COMMIT that comes before UPTODATE, and
    // log
    // all of it again (ZOOKEEPER-4394).
    for (const entry of open) link.wire.send(new Packet(PacketType.proposal, entry.zxid, entry.payload));
  }

  /** Before a quorum was synchronised: those who acknowledged may be enough now. */
  onHalfTick(): void {
    this.synchroniseThoseWhoWait();
    this.maybeEstablish();
  }

  /** The leader's tree, or the look through its log, may have come further. */
  synchroniseThoseWhoWait(): void {
    for (const link of this.links.values()) {
      if (link.phase === 'history') this.synchronise(link);
    }
  }

  onNewLeaderAck(link: LearnerLink): void {
    const phase = this.established ? 'broadcast' : 'synchronization';
    this.log.info({ sid: link.sid, sync: link.catchUp.kind, phase }, 'learner synchronised');
    this.links.enter(link, 'synced');
    this.catchUps.finished(link);
    this.links.cameNearer();
    if (this.established) {
      this.serveSynced();
      return;
    }
    if (link.voter && !link.isUnproven) this.newLeaderAcks.add(link.sid);
    this.maybeEstablish();
  }

  /** UPTODATE to everyone who can have it. */
  serveSynced(): void {
    let unproven = 0;
    for (const link of this.links.values()) {
      if (link.phase !== 'synced') continue;
      if (
        link.isUnproven &&
        !(link.catchUp.provenBy <= this.rounds.lastRound && this.rounds.isAnswered(link.catchUp.provenBy))
      ) {
        if (link.catchUp.provenBy > this.rounds.lastRound) unproven++;
        continue;
      }
      this.links.enter(link, 'serving');
      link.wire.maxPacketBytes = this.options.maxLearnerPacketBytes;
      link.wire.send(new Packet(PacketType.upToDate, ZXID_NONE));
      this.onServing(link);
    }
    if (unproven === 0) return;
    this.rounds.begin();
    // A leader that is a quorum by itself hears of no answer.
    if (this.rounds.isAnswered(this.rounds.lastRound)) this.serveSynced();
  }

  /** The step that is waited for, and who is there; to be said by a leader that has waited long enough. */
  get missing(): string {
    return `no quorum was synchronised, only ${[...this.newLeaderAcks.acks].join(',')}`;
  }

  onGone(link: LearnerLink): void {
    this.catchUps.onGone(link);
  }

  close(): void {
    this.catchUps.close();
  }

  private forward(link: LearnerLink, entry: Entry): void {
    link.wire.send(new Packet(PacketType.proposal, entry.zxid, entry.payload));
    link.wire.send(new Packet(PacketType.commit, entry.zxid));
  }

  private maybeEstablish(): void {
    if (!this.newLeaderAcks.hasAllQuorums()) return;
    this.established = true;
    this.members.decide();
    this.links.membersChanged();
    const { epochStart } = this.proposals;
    this.proposals.establish(this.options.initialCounter);
    this.log.info(
      { epoch: epochOf(epochStart), acks: [...this.newLeaderAcks.acks].join(',') },
      'a quorum has this history; leading',
    );
    this.events.established(epochStart);
    assert(this.history.lastZxid === epochStart, 'the tree stands at the start of the new epoch');
    this.serveSynced();
  }
}
