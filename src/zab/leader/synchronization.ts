import { assert } from '../../base/assert.ts';
import type { Log } from '../../base/log.ts';
import { AckTracker } from '../../election/quorum/quorum-verifier.ts';
import { epochOf, ZXID_NONE, zxidHex } from '../../jute/zxid.ts';
import { QuorumPacket as Packet, PacketType } from '../wire/packets.ts';
import type { Broadcast } from './broadcast.ts';
import type { Entry, History, LeaderHost, LeaderOptions, LeaderRole } from './leader-host.ts';
import type { LearnerLink } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';
import type { PingRounds } from './ping-rounds.ts';
import { planSync, type SyncPlan } from './sync-plan.ts';
import { SyncSource } from './sync-source.ts';

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
 *  - The own currentEpoch is durable before the first NEWLEADER goes out, and the own log before the role begins.
 *  - Planning a synchronisation, cutting the snapshot, queueing what is under way and joining those that get the rest
 *    are one step: nothing is committed in between (ZOOKEEPER-3104, ZOOKEEPER-3589; Zab specification, issues 1 to 3).
 */
export class Synchronization {
  private readonly options: LeaderOptions;
  private readonly history: History;
  private readonly host: Pick<LeaderHost, 'send' | 'sendFrom' | 'streamSnapshot' | 'setCurrentEpoch' | 'established'>;
  private readonly log: Log;
  private readonly links: LearnerLinks;
  private readonly inFlight: Broadcast;
  private readonly rounds: PingRounds;
  /** UPTODATE is out to this learner. */
  private readonly onServing: (link: LearnerLink) => void;

  private established = false;
  private readonly newLeaderAcks: AckTracker;
  private readonly sources = new Map<number, SyncSource>();
  /** Servers whose DIFF from disk broke off: they get a SNAP. */
  private readonly snapOnly = new Set<number>();

  constructor(
    role: LeaderRole,
    links: LearnerLinks,
    inFlight: Broadcast,
    rounds: PingRounds,
    onServing: (link: LearnerLink) => void,
  ) {
    this.options = role.options;
    this.history = role.history;
    this.host = role.host;
    this.log = role.log;
    this.links = links;
    this.inFlight = inFlight;
    this.rounds = rounds;
    this.onServing = onServing;
    this.newLeaderAcks = new AckTracker(role.options.verifiers);
  }

  /** A quorum was synchronised: what is proposed from now on is committed by quorums of acknowledgements. */
  get isEstablished(): boolean {
    return this.established;
  }

  /** `emptyCount`: voters without a history are among those who made the leader's history the one. */
  begin(emptyCount: boolean): void {
    this.links.cameNearer();
    this.host.setCurrentEpoch(epochOf(this.inFlight.epochStart));
    this.newLeaderAcks.add(this.options.self);
    for (const link of this.links.values()) {
      if (link.phase !== 'history') continue;
      link.isUnproven = link.isEmpty && !emptyCount;
      this.synchronise(link);
    }
    this.maybeEstablish();
  }

  /** Puts it off, in phase `history`, while the own tree has less than this learner may have helped to commit. */
  synchronise(link: LearnerLink): void {
    if (link.snapshotFrom === undefined) {
      // From here on nothing is committed with the help of what this learner's disk may be about to lose.
      this.inFlight.forget(link.sid);
      link.snapshotFrom = this.inFlight.committed;
      link.provenBy = this.rounds.lastRound + 1;
    }
    const treeZxid = this.history.lastZxid;
    const plan = planSync(link.lastZxid, this.history, this.inFlight.decidedAbove(treeZxid), {
      forceSnapshotSync: this.options.forceSnapshotSync || link.needsSnapshot || this.snapOnly.has(link.sid),
      snapshotSizeFactor: this.options.snapshotSizeFactor,
    });
    // What is committed may be on this learner's disk and not yet on ours: a snapshot must not take it away from there.
    if (plan.kind === 'snap' && treeZxid < link.snapshotFrom) return;
    if (link.observer && !this.hasRoomFor(plan.kind)) {
      plan.disk?.cursor.close();
      this.links.drop(link, 'too many learners are being synchronised at the same time');
      return;
    }
    this.log.info(
      {
        sid: link.sid,
        sync: plan.kind,
        learner: zxidHex(link.lastZxid),
        to: zxidHex(plan.zxid),
        txns: plan.entries.length,
      },
      'synchronising a learner',
    );
    link.syncKind = plan.kind;
    this.links.enter(link, 'syncing');
    this.sendPlan(link, plan);
    const open: Entry[] = [];
    this.inFlight.forEachAbove(plan.reaches, (entry, isCommitted) => {
      if (isCommitted) this.forward(link, entry);
      else if (!link.observer) open.push(entry);
    });
    link.forwarding = true;
    const config = Buffer.from(this.history.configText(), 'utf8');
    this.host.send(link.id, new Packet(PacketType.newLeader, this.inFlight.epochStart, config));
    // Apache's leaders send these before; its learners up to 3.9.2 then die of a COMMIT that comes before UPTODATE, and log
    // all of it again (ZOOKEEPER-4394).
    for (const entry of open) this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));
  }

  /** The own tree may have come further. */
  synchroniseThoseWhoWait(): void {
    for (const link of this.links.values()) {
      if (link.phase === 'history') this.synchronise(link);
    }
  }

  onNewLeaderAck(link: LearnerLink): void {
    const phase = this.established ? 'broadcast' : 'synchronization';
    this.log.info({ sid: link.sid, sync: link.syncKind, phase }, 'learner synchronised');
    this.links.enter(link, 'synced');
    this.closeSource(link);
    this.snapOnly.delete(link.sid);
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
      if (link.isUnproven && !(link.provenBy <= this.rounds.lastRound && this.rounds.isAnswered(link.provenBy))) {
        if (link.provenBy > this.rounds.lastRound) unproven++;
        continue;
      }
      this.links.enter(link, 'serving');
      this.host.send(link.id, new Packet(PacketType.upToDate, ZXID_NONE));
      this.onServing(link);
    }
    if (unproven > 0) this.rounds.begin();
  }

  /** What is waited for, and who is there; to be said by a leader that has waited long enough. */
  get missing(): string {
    return `no quorum was synchronised, only ${[...this.newLeaderAcks.acks].join(',')}`;
  }

  onGone(link: LearnerLink): void {
    this.closeSource(link);
  }

  close(): void {
    for (const source of this.sources.values()) source.close();
    this.sources.clear();
  }

  private sendPlan(link: LearnerLink, plan: SyncPlan): void {
    this.host.send(link.id, new Packet(PacketType[plan.kind], plan.zxid));
    if (plan.kind === 'snap') {
      this.host.streamSnapshot(link.id, plan.zxid);
      return;
    }
    if (plan.disk === undefined && plan.entries.length === 0) return;
    const source = new SyncSource(plan, (reason) => {
      this.snapOnly.add(link.sid);
      this.links.drop(link, reason);
    });
    this.sources.set(link.id, source);
    this.host.sendFrom(link.id, source);
  }

  private forward(link: LearnerLink, entry: Entry): void {
    this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));
    this.host.send(link.id, new Packet(PacketType.commit, entry.zxid));
  }

  private hasRoomFor(kind: SyncPlan['kind']): boolean {
    let busy = 0;
    for (const link of this.links.values()) {
      if (link.phase === 'syncing' && (link.syncKind === 'snap') === (kind === 'snap')) busy++;
    }
    return busy < (kind === 'snap' ? this.options.maxConcurrentSnapSyncs : this.options.maxConcurrentDiffSyncs);
  }

  private maybeEstablish(): void {
    if (!this.newLeaderAcks.hasAllQuorums()) return;
    this.established = true;
    const { epochStart } = this.inFlight;
    this.inFlight.establish(this.options.initialCounter);
    this.log.info(
      { epoch: epochOf(epochStart), acks: [...this.newLeaderAcks.acks].join(',') },
      'a quorum has this history; leading',
    );
    this.host.established(epochStart);
    assert(this.history.lastZxid === epochStart, 'the tree stands at the start of the new epoch');
    this.serveSynced();
  }

  private closeSource(link: LearnerLink): void {
    this.sources.get(link.id)?.close();
    this.sources.delete(link.id);
  }
}
