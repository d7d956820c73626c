import { silentLog } from '../../src/base/log.ts';
import { Election } from '../../src/election/election.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import { AckTracker, type QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import { ELECTION_DEFAULTS, type Outcome } from '../../src/election/voting/election-host.ts';
import type { Vote } from '../../src/election/voting/vote.ts';
import { makeZxid, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { SimClock } from '../sim/world/clock.ts';
import { type SimHost, SimNetwork } from '../sim/world/net.ts';
import { SimRandom } from '../sim/world/random.ts';
import { Scheduler, SimProcess } from '../sim/world/scheduler.ts';

/**
 * Peers that elect for real, over the simulated network, and between elections live a deliberately simple ZAB:
 * discovery, synchronisation in two steps (the log, then the epoch), and a leader that appends and commits. Enough to
 * tell whether an election, and the rule for empty voters, ever lets a committed transaction go. Its leaders count
 * every voter that answers, as Apache's do: what empty voters do of themselves has to be enough.
 *
 * Checked whenever a leader is established: it has everything that was committed, and no other leader ever had its
 * epoch. Committed transactions are one sequence.
 */
export interface ModelDisk {
  accepted: number;
  /** undefined until it was synchronised once. */
  current: number | undefined;
  log: Zxid[];
}

export interface ModelOptions {
  readonly voters: number;
  readonly observers: number;
  readonly seed: number;
}

/** A quorum connection of the simple ZAB: messages arrive in order, or the link is broken. */
class ModelLink {
  readonly leader: ModelPeer;
  readonly follower: ModelPeer;
  readonly runs: readonly [SimProcess, SimProcess];
  broken = false;
  acked = false;
  synced = false;
  private lastArrivalUs = 0;

  constructor(leader: ModelPeer, follower: ModelPeer) {
    this.leader = leader;
    this.follower = follower;
    this.runs = [leader.process, follower.process];
  }

  get isUp(): boolean {
    return !this.broken && !this.runs[0].isDead && !this.runs[1].isDead;
  }

  /** Runs `task` at the other end, as an event of that process. */
  send(to: ModelPeer, task: () => void): void {
    const world = this.leader.world;
    const from = to === this.leader ? this.follower : this.leader;
    if (!this.isUp) return;
    if (world.network.isCut(from.host, to.host)) {
      this.broken = true;
      return;
    }
    this.lastArrivalUs = Math.max(this.lastArrivalUs, world.scheduler.nowUs + world.zabRandom.between(200, 15_000));
    world.scheduler.at(this.lastArrivalUs, to.process, () => {
      if (this.isUp) task();
    });
  }
}

export class ModelWorld {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;
  readonly zabRandom: SimRandom;
  readonly verifier: QuorumVerifier;
  readonly peers: ModelPeer[] = [];
  readonly committed: Zxid[] = [];
  readonly leaderOfEpoch = new Map<number, number>();
  /** Every decision for the own leadership: `round/leader`. */
  readonly decidedLeaders: { readonly round: bigint; readonly leader: number }[] = [];
  established = 0;

  constructor(options: ModelOptions) {
    const random = new SimRandom(options.seed);
    this.network = new SimNetwork(this.scheduler, random.split('net'));
    this.zabRandom = random.split('zab');
    const lines: string[] = [];
    for (let sid = 1; sid <= options.voters + options.observers; sid++) {
      lines.push(`server.${sid}=h${sid}:2888:3888:${sid > options.voters ? 'observer' : 'participant'}`);
    }
    this.verifier = parseQuorumText(lines.join('\n'), {
      multiAddress: false,
      standaloneEnabled: false,
      otherKeys: 'refuse',
    });
    for (const sid of this.verifier.members.keys()) this.peers.push(new ModelPeer(this, sid));
  }

  peer(sid: number): ModelPeer {
    return this.peers[sid - 1] as ModelPeer;
  }

  onEstablished(leader: ModelPeer, epoch: number): void {
    this.established++;
    const before = this.leaderOfEpoch.get(epoch);
    if (before !== undefined) throw new Error(`epoch ${epoch} has two leaders, ${before} and ${leader.sid}`);
    this.leaderOfEpoch.set(epoch, leader.sid);
    this.committed.forEach((zxid, i) => {
      if (leader.disk.log[i] !== zxid) {
        throw new Error(`leader ${leader.sid} of epoch ${epoch} lacks ${zxid.toString(16)}, which was committed`);
      }
    });
  }

  onCommitted(log: readonly Zxid[], length: number): void {
    for (let i = 0; i < length; i++) {
      if (i >= this.committed.length) this.committed.push(log[i] as Zxid);
      else if (this.committed[i] !== log[i]) throw new Error(`two transactions were committed at place ${i}`);
    }
  }

  /** Everyone who is up is in one ensemble: one established leader, all others synchronised with it. */
  isWhole(): boolean {
    const leaders = this.peers.filter((peer) => peer.leading?.isEstablished === true);
    return (
      leaders.length === 1 && this.peers.every((peer) => peer === leaders[0] || peer.following?.link?.synced === true)
    );
  }
}

export class ModelPeer {
  readonly world: ModelWorld;
  readonly sid: number;
  readonly host: SimHost;
  disk: ModelDisk = { accepted: 0, current: undefined, log: [] };
  process: SimProcess;
  clock: SimClock;
  election!: Election;
  leading: ModelLeading | undefined;
  following: ModelFollowing | undefined;

  constructor(world: ModelWorld, sid: number) {
    this.world = world;
    this.sid = sid;
    this.host = world.network.addHost(`h${sid}`);
    this.process = new SimProcess(world.scheduler, `peer ${sid}`);
    this.clock = new SimClock(this.process);
    this.process.kill();
  }

  get isUp(): boolean {
    return !this.process.isDead;
  }

  get isVoter(): boolean {
    return this.world.verifier.voters.has(this.sid);
  }

  get lastZxid(): Zxid {
    return this.disk.log.at(-1) ?? ZXID_ZERO;
  }

  start(): void {
    const { world } = this;
    this.process = new SimProcess(world.scheduler, `peer ${this.sid}`);
    this.clock = new SimClock(this.process);
    this.leading = undefined;
    this.following = undefined;
    this.election = new Election(
      { net: world.network.netOf(this.process, this.host), clock: this.clock },
      {
        mesh: {
          self: this.sid,
          addresses: [{ host: `h${this.sid}`, port: 3888 }],
          listenOnAllIPs: true,
          bindRetries: 3,
          cnxTimeoutMs: 2000,
          tcpKeepAlive: false,
          multiAddress: false,
        },
        election: { ...ELECTION_DEFAULTS, maxNotificationMs: 5000 },
      },
      {
        onListening() {},
        onElected: (outcome) => this.onElected(outcome),
        onLooking() {},
        onNewerConfig() {
          throw new Error('there is one configuration only');
        },
        onFatal: (error) => {
          throw error;
        },
      },
      silentLog,
    );
    this.election.listen();
    this.look();
  }

  kill(death: 'killed' | 'power' = 'killed'): void {
    this.process.kill(death);
    this.leading = undefined;
    this.following = undefined;
  }

  wipe(): void {
    this.disk = { accepted: 0, current: undefined, log: [] };
  }

  look(): void {
    this.leading = undefined;
    this.following = undefined;
    this.election.look(
      {
        participant: this.isVoter,
        zxid: this.lastZxid,
        peerEpoch: this.disk.current ?? 0,
        empty: this.disk.current === undefined,
        initialize: false,
      },
      this.world.verifier,
    );
  }

  private onElected({ vote, state }: Outcome): void {
    if (state === 'leading') {
      this.world.decidedLeaders.push({ round: vote.round, leader: vote.leader });
      this.leading = new ModelLeading(this, vote);
    } else {
      this.following = new ModelFollowing(this, vote);
    }
  }
}

const PATIENCE_MS = 3000;

class ModelFollowing {
  link: ModelLink | undefined;
  private readonly peer: ModelPeer;
  private readonly vote: Vote;
  private readonly sinceMs: number;

  constructor(peer: ModelPeer, vote: Vote) {
    this.peer = peer;
    this.vote = vote;
    this.sinceMs = peer.clock.nowMs();
    this.check();
  }

  private check(): void {
    const { peer, link } = this;
    if (peer.following !== this && peer.following !== undefined) return;
    const lateMs = peer.clock.nowMs() - this.sinceMs;
    if (link === undefined) this.connect();
    else if (!link.isUp) {
      peer.look();
      return;
    }
    if (lateMs > PATIENCE_MS && this.link?.synced !== true) {
      if (this.link !== undefined) this.link.broken = true;
      peer.look();
      return;
    }
    peer.clock.after(100, () => {
      if (peer.following === this) this.check();
    });
  }

  private connect(): void {
    const { peer } = this;
    const { network } = peer.world;
    const leader = peer.world.peer(this.vote.leader);
    if (!leader.isUp || leader.leading === undefined) return;
    if (network.isCut(peer.host, leader.host) || network.isCut(leader.host, peer.host)) return;
    const link = new ModelLink(leader, peer);
    this.link = link;
    link.send(leader, () => {
      if (leader.leading === undefined) link.broken = true;
      else leader.leading.onJoin(link, peer.disk.accepted);
    });
  }

  onEpoch(link: ModelLink, epoch: number): void {
    const { disk } = this.peer;
    if (epoch < disk.accepted) {
      link.broken = true;
      return;
    }
    const isNew = epoch > disk.accepted;
    disk.accepted = epoch;
    const current = isNew ? (disk.current ?? 0) : -1;
    const last = this.peer.lastZxid;
    link.send(link.leader, () => link.leader.leading?.onEpochAck(link, current, last));
  }

  onSync(link: ModelLink, log: readonly Zxid[], epoch: number): void {
    const { peer } = this;
    const { zabRandom, scheduler } = peer.world;
    let common = 0;
    while (common < peer.disk.log.length && peer.disk.log[common] === log[common]) common++;
    peer.disk.log = log.slice(0, zabRandom.between(common, log.length));
    scheduler.after(zabRandom.between(0, 3000), peer.process, () => {
      if (!link.isUp || peer.following !== this) return;
      // Transactions appended meanwhile come after this in the link's order, and were not acknowledged yet.
      peer.disk.log = [...log];
      peer.disk.current = epoch;
      link.synced = true;
      peer.election.settle(peer.isVoter ? 'following' : 'observing', { ...this.vote, peerEpoch: epoch });
      link.send(link.leader, () => link.leader.leading?.onSynced(link));
    });
  }

  onAppend(link: ModelLink, place: number, zxid: Zxid): void {
    const { log } = this.peer.disk;
    if (log.length !== place) {
      link.broken = true;
      return;
    }
    log.push(zxid);
    link.send(link.leader, () => link.leader.leading?.onAppended(link, place + 1));
  }
}

class ModelLeading {
  isEstablished = false;
  private readonly peer: ModelPeer;
  private readonly vote: Vote;
  private readonly sinceMs: number;
  private readonly links = new Set<ModelLink>();
  private readonly connected: AckTracker;
  private readonly answered: AckTracker;
  private wanted: number;
  private epoch: number | undefined;
  private historyKnown = false;
  private counter = 0;
  /** How far each synchronised voter has the log. */
  private readonly reached = new Map<number, number>();

  constructor(peer: ModelPeer, vote: Vote) {
    this.peer = peer;
    this.vote = vote;
    this.sinceMs = peer.clock.nowMs();
    this.wanted = peer.disk.accepted + 1;
    this.connected = new AckTracker([peer.world.verifier]);
    this.answered = new AckTracker([peer.world.verifier]);
    this.connected.add(peer.sid);
    peer.clock.after(0, () => this.maybeChooseEpoch());
    this.tick();
  }

  onJoin(link: ModelLink, accepted: number): void {
    this.links.add(link);
    if (this.epoch !== undefined) {
      if (accepted > this.epoch) this.stepDown();
      else this.offer(link, this.epoch);
      return;
    }
    this.wanted = Math.max(this.wanted, accepted + 1);
    this.connected.add(link.follower.sid);
    this.maybeChooseEpoch();
  }

  onEpochAck(link: ModelLink, current: number, last: Zxid): void {
    const own = this.peer.disk.current ?? 0;
    if (current > own || (current === own && last > this.peer.lastZxid && !this.historyKnown)) {
      this.stepDown();
      return;
    }
    link.acked = true;
    if (current !== -1) this.answered.add(link.follower.sid);
    this.maybeSync();
    if (this.historyKnown && !link.synced) this.sync(link);
  }

  onSynced(link: ModelLink): void {
    if (link.follower.isVoter) this.reached.set(link.follower.sid, this.reached.get(link.follower.sid) ?? 0);
    this.maybeEstablish();
  }

  onAppended(link: ModelLink, length: number): void {
    this.reached.set(link.follower.sid, length);
    if (!this.isEstablished) return;
    const acks = new Set([this.peer.sid]);
    for (const [sid, place] of this.reached) if (place >= length) acks.add(sid);
    if (this.peer.world.verifier.containsQuorum(acks)) this.peer.world.onCommitted(this.peer.disk.log, length);
  }

  private tick(): void {
    const { peer } = this;
    if (peer.leading !== this && peer.leading !== undefined) return;
    const nowMs = peer.clock.nowMs();
    const up = new Set([peer.sid]);
    for (const link of this.links) {
      if (!link.isUp) this.links.delete(link);
      else if (link.synced) up.add(link.follower.sid);
    }
    const hasQuorum = peer.world.verifier.containsQuorum(up);
    if (this.isEstablished ? !hasQuorum : nowMs - this.sinceMs > PATIENCE_MS) {
      this.stepDown();
      return;
    }
    if (this.isEstablished) this.append();
    peer.clock.after(50, () => {
      if (peer.leading === this) this.tick();
    });
  }

  private append(): void {
    const { log } = this.peer.disk;
    const place = log.length;
    const zxid = makeZxid(this.epoch as number, ++this.counter);
    log.push(zxid);
    for (const link of this.links) {
      if (link.acked) link.send(link.follower, () => link.follower.following?.onAppend(link, place, zxid));
    }
  }

  private maybeChooseEpoch(): void {
    if (this.epoch !== undefined || this.peer.leading !== this || !this.connected.hasAllQuorums()) return;
    const { disk } = this.peer;
    this.epoch = this.wanted;
    disk.accepted = this.epoch;
    this.answered.add(this.peer.sid);
    for (const link of this.links) this.offer(link, this.epoch);
    this.maybeSync();
  }

  private offer(link: ModelLink, epoch: number): void {
    link.send(link.follower, () => {
      if (link.follower.following?.link === link) link.follower.following.onEpoch(link, epoch);
      else link.broken = true;
    });
  }

  private maybeSync(): void {
    if (this.historyKnown || this.epoch === undefined || !this.answered.hasAllQuorums()) return;
    this.historyKnown = true;
    this.peer.disk.current = this.epoch;
    for (const link of this.links) if (link.acked) this.sync(link);
    this.maybeEstablish();
  }

  private sync(link: ModelLink): void {
    const log = [...this.peer.disk.log];
    const epoch = this.epoch as number;
    link.send(link.follower, () => {
      if (link.follower.following?.link === link) link.follower.following.onSync(link, log, epoch);
      else link.broken = true;
    });
  }

  private maybeEstablish(): void {
    if (this.isEstablished || !this.historyKnown) return;
    if (!this.peer.world.verifier.containsQuorum(new Set([this.peer.sid, ...this.reached.keys()]))) return;
    this.isEstablished = true;
    const epoch = this.epoch as number;
    this.peer.world.onEstablished(this.peer, epoch);
    this.peer.world.onCommitted(this.peer.disk.log, this.peer.disk.log.length);
    this.peer.election.settle('leading', { ...this.vote, peerEpoch: epoch });
  }

  private stepDown(): void {
    for (const link of this.links) link.broken = true;
    this.peer.look();
  }
}
