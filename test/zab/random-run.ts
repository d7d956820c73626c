import { PacketType } from '../../src/zab/wire/packets.ts';
import { Ensemble, type HostFaults, type Link, type Peer, type Roles } from './ensemble.ts';
import { Invariants, Violation } from './invariants.ts';

/**
 * One random life of an ensemble: whatever can happen next happens in an order drawn from the seed, with crashes, lost
 * disks and broken links among it, and every invariant checked at every step. Afterwards the faults end, and everyone
 * has to get together again.
 */
export interface RunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly roles: Roles;
  readonly faults?: HostFaults;
  /** Instead of leaving it to the seed. */
  readonly losesDisks?: boolean;
  readonly forcesSnapshots?: boolean;
  /** More of it than there is otherwise: leaders with slow disks, and leaders that everyone leaves. */
  readonly slowLeaders?: boolean;
  readonly shunsLeaders?: boolean;
  /** Whether a failure is worth a second run, for its trace. */
  readonly explain?: boolean;
  /** Gets everything that happens, a line each. */
  readonly trace?: (text: string) => void;
}

export interface RunResult {
  readonly commits: number;
  readonly elections: number;
  readonly snaps: number;
  readonly truncs: number;
  readonly diffs: number;
  readonly barriers: number;
  readonly crashes: number;
}

interface Die {
  below(bound: number): number;
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T | undefined;
}

function dieOf(seed: number): Die {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    below: (bound) => next() % bound,
    chance: (percent) => next() % 100 < percent,
    pick: (items) => (items.length === 0 ? undefined : items[next() % items.length]),
  };
}

class RandomRun {
  private readonly die: Die;
  private readonly world: Ensemble;
  private readonly invariants: Invariants;
  private readonly peers: Peer[];
  private readonly voters: Peer[];
  private readonly losesDisks: boolean;
  private readonly forcesSnapshots: boolean;
  /** The server whose disk takes its time. */
  private readonly slowDisk: number;
  private shunned: Peer | undefined = undefined;
  private shunnedSteps = 0;
  private values = 0;
  private elections = 0;
  private crashes = 0;
  private barriers = 0;
  private snaps = 0;
  private truncs = 0;
  private diffs = 0;
  readonly options: RunOptions;

  constructor(options: RunOptions) {
    this.options = options;
    this.die = dieOf(options.seed);
    const voters = this.die.pick([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3, 4],
      [1, 2, 3, 4, 5],
    ]) as number[];
    const observers = this.die.chance(40) ? [8, 9] : [];
    const losesDisks = this.die.chance(30);
    this.losesDisks = options.losesDisks ?? losesDisks;
    const forcesSnapshots = this.die.chance(20);
    this.forcesSnapshots = options.forcesSnapshots ?? forcesSnapshots;
    this.slowDisk = this.die.chance(60) ? (this.die.pick(voters) as number) : 0;
    const invariants = new Invariants();
    invariants.disksAreKept = !this.losesDisks;
    this.invariants = invariants;
    this.world = new Ensemble({
      voters,
      observers,
      roles: options.roles,
      faults: options.faults ?? {},
      writtenAtEnd: (writing) => this.die.below(writing + 1),
      freshOnesCount: this.die.chance(50),
      isUnnoticed: () => this.die.chance(60),
      watch: {
        ...(options.trace === undefined ? {} : { note: options.trace }),
        received: (packet) => this.countKind(packet.type),
        leading: (peer, epoch) => invariants.leading(peer, epoch),
        established: (peer) => invariants.established(peer),
        proposed: (peer, entry) => invariants.proposed(peer, entry),
        committed: (peer, zxid) => invariants.committed(peer, zxid),
        replaced: (peer, before, after) => invariants.replaced(peer, before, after),
        acknowledged: (peer, zxid) => invariants.acknowledged(peer, zxid),
        barrierPassed: (peer, token) => {
          this.barriers++;
          invariants.barrierPassed(peer, token);
        },
        syncReplied: (peer, question) => {
          this.barriers++;
          invariants.syncReplied(peer, question);
        },
      },
    });
    invariants.world = this.world;
    this.peers = [...this.world.peers.values()];
    this.voters = this.peers.filter((peer) => !peer.observer);
  }

  run(): RunResult {
    for (let step = 0; step < this.options.steps; step++) {
      this.step();
      this.invariants.check();
    }
    this.heal();
    return {
      commits: this.invariants.commits,
      elections: this.elections,
      crashes: this.crashes,
      barriers: this.barriers,
      snaps: this.snaps,
      truncs: this.truncs,
      diffs: this.diffs,
    };
  }

  private countKind(type: number): void {
    if (type === PacketType.snap) this.snaps++;
    else if (type === PacketType.trunc) this.truncs++;
    else if (type === PacketType.diff) this.diffs++;
  }

  private step(): void {
    const die = this.die;
    if (this.shunnedSteps-- <= 0) this.shunned = undefined;
    if (this.losesDisks && die.below(this.options.losesDisks === true ? 80 : 250) === 0) this.loseDisk();
    if (this.options.shunsLeaders === true && die.below(120) === 0) this.shunLeader();
    const roll = die.below(1000);
    if (roll < 600) this.deliverSomething();
    else if (roll < 720) this.workSomewhere();
    else if (roll < 800) this.proposeSomewhere();
    else if (roll < 820) this.askSomewhere();
    else if (roll < 860) this.electOrJoin();
    else if (roll < 930) this.joinSomewhere();
    else if (roll < 960) this.pickUp((peer) => peer.halfTick());
    else if (roll < 966) this.pickUp((peer) => peer.takeSnapshot());
    else if (roll < 968) this.pickUp((peer) => this.purge(peer));
    else if (roll < 976) this.breakSomething();
    else if (roll < 982) this.pickUp((peer) => this.crash(peer));
    else if (roll < 988) this.pickUp((peer) => peer.endRole());
    else if (roll < 990) this.shunLeader();
    else this.restartSomething();
  }

  /** Some connections are slow. */
  private deliverSomething(): void {
    const ways: [Link, boolean][] = [];
    for (const link of this.world.links.values()) {
      if (link.id % 3 === 0 && this.die.chance(85)) continue;
      if (this.world.canDeliver(link, true)) ways.push([link, true]);
      if (this.world.canDeliver(link, false)) ways.push([link, false]);
    }
    const way = this.die.pick(ways);
    if (way === undefined) return;
    for (let burst = this.die.below(4); burst >= 0 && this.world.canDeliver(way[0], way[1]); burst--) {
      this.world.deliver(way[0], way[1]);
      this.invariants.check();
    }
  }

  private workSomewhere(): void {
    const busy = this.peers.filter((peer) => peer.isUp && (peer.writing.length > 0 || peer.work !== undefined));
    const peer = this.die.pick(busy);
    if (peer === undefined || (this.isSlow(peer) && this.die.chance(70))) return;
    if (peer.work !== undefined) peer.finishWork();
    else peer.syncDisk(1 + this.die.below(peer.writing.length));
    this.world.notice();
  }

  private isSlow(peer: Peer): boolean {
    return this.options.slowLeaders === true ? peer.leader !== undefined : peer.sid === this.slowDisk;
  }

  private proposeSomewhere(): void {
    const leader = this.die.pick(
      this.peers.filter((peer) => peer.leader?.phase === 'broadcast' && peer !== this.shunned),
    );
    const { lastProposed = 0, lastCommitted = 0 } = leader?.leader ?? {};
    if (leader !== undefined && lastProposed - lastCommitted < 8) leader.propose(`v${++this.values}`);
  }

  private askSomewhere(): void {
    const peer = this.die.pick(
      this.peers.filter((each) => each.leader?.phase === 'broadcast' || each.learner?.phase === 'serving'),
    );
    if (peer === undefined) return;
    // The number is known beforehand: the answer may come inside the call.
    this.invariants.askedNow(peer, peer.nextToken);
    if (peer.leader !== undefined) peer.barrier();
    else peer.sync();
  }

  private electOrJoin(): void {
    const looking = this.voters.filter((peer) => peer.isLooking);
    const elect = this.die.chance(85) ? best(this.quorumOf(looking)) : this.die.pick(looking);
    if (elect === undefined) return;
    this.elections++;
    elect.lead({ forceSnapshotSync: this.forcesSnapshots });
    for (const peer of this.peers) {
      if (peer.isLooking && this.die.chance(80)) peer.follow(elect);
    }
    this.world.notice();
  }

  /** A random quorum of them, as an election would come to. */
  private quorumOf(looking: readonly Peer[]): Peer[] {
    const chosen: Peer[] = [];
    const rest = [...looking];
    while (rest.length > 0 && (chosen.length * 2 <= this.voters.length || this.die.chance(30))) {
      chosen.push(...rest.splice(this.die.below(rest.length), 1));
    }
    return chosen.length * 2 > this.voters.length ? chosen : [];
  }

  private joinSomewhere(): void {
    const peer = this.die.pick(this.peers.filter((each) => each.isLooking));
    const leader = this.die.pick(this.voters.filter((each) => each.leader !== undefined && each !== this.shunned));
    if (peer !== undefined && leader !== undefined) peer.follow(leader);
  }

  private breakSomething(): void {
    const link = this.die.pick([...this.world.links.values()]);
    if (link === undefined) return;
    this.world.breakLink(link);
  }

  /** Everyone leaves a leader, which may believe in them for a while; and nobody comes back soon. */
  private shunLeader(): void {
    const leader = this.die.pick(this.peers.filter((peer) => peer.leader !== undefined));
    if (leader === undefined) return;
    this.shunned = leader;
    this.shunnedSteps = 100;
    for (const link of [...this.world.links.values()]) {
      if (link.leader === leader && link.learner.link === link) link.learner.endRole();
    }
  }

  private crash(peer: Peer): void {
    this.crashes++;
    this.invariants.checkReplay(peer);
    peer.crash(this.die.below(peer.writing.length + 1));
    this.world.notice();
  }

  /** Never so many that those who remember are no quorum. */
  private loseDisk(): void {
    const empty = this.voters.filter((peer) => peer.disk.isEmpty).length;
    if ((empty + 1) * 2 >= this.voters.length) return;
    this.pickUp((peer) => {
      peer.wipe();
      this.world.notice();
    });
  }

  /** A snapshot of what is decided; one of an undecided tail may still have to be cut below. */
  private purge(peer: Peer): void {
    if (peer.isServing) peer.purge();
  }

  private restartSomething(): void {
    const peer = this.die.pick(this.peers.filter((each) => !each.isUp));
    peer?.restart();
  }

  private pickUp(action: (peer: Peer) => void): void {
    const peer = this.die.pick(this.peers.filter((each) => each.isUp));
    if (peer === undefined) return;
    action(peer);
    this.world.notice();
  }

  /** No more faults: within a bounded time one leader serves everyone, and all trees are equal. */
  private heal(): void {
    this.options.trace?.('--- heal');
    for (const peer of this.peers) {
      if (!peer.isUp) peer.restart();
    }
    for (let round = 0; round < 60; round++) {
      if (!this.peers.some((peer) => peer.leader !== undefined)) {
        const elect = best(this.voters.filter((peer) => peer.isLooking));
        if (elect !== undefined) elect.lead();
      }
      const leader = this.peers.find((peer) => peer.leader !== undefined);
      for (const peer of this.peers) {
        if (peer.isLooking && leader !== undefined) peer.follow(leader);
      }
      this.settle();
      if (this.isTogether()) break;
      for (const peer of this.peers) peer.halfTick();
      this.world.notice();
    }
    if (!this.isTogether()) throw new Violation('Liveness', 'the ensemble does not get together');
    const leader = this.peers.find((peer) => peer.leader !== undefined) as Peer;
    leader.propose('last');
    this.settle();
    for (const peer of this.peers) {
      this.invariants.checkReplay(peer);
      if (peer.tree.length !== this.invariants.delivered.length) {
        throw new Violation(
          'Liveness',
          `${peer.sid} has ${peer.tree.length} of ${this.invariants.delivered.length} txns`,
        );
      }
    }
  }

  private isTogether(): boolean {
    const leaders = this.peers.filter((peer) => peer.leader !== undefined);
    return leaders.length === 1 && this.peers.every((peer) => peer.isServing);
  }

  private settle(): void {
    for (let again = true; again; ) {
      again = false;
      for (const link of [...this.world.links.values()]) {
        for (const toLeader of [true, false]) {
          while (this.world.canDeliver(link, toLeader)) {
            this.world.deliver(link, toLeader);
            this.invariants.check();
            again = true;
          }
        }
      }
      for (const peer of this.peers) {
        if (peer.work === undefined && peer.writing.length === 0) continue;
        if (peer.work !== undefined) peer.finishWork();
        else peer.syncDisk();
        this.world.notice();
        this.invariants.check();
        again = true;
      }
    }
  }
}

function best(candidates: readonly Peer[]): Peer | undefined {
  let chosen: Peer | undefined;
  for (const peer of candidates) {
    if (chosen === undefined || isBetter(peer, chosen)) chosen = peer;
  }
  return chosen;
}

function isBetter(a: Peer, b: Peer): boolean {
  if (a.disk.currentEpoch !== b.disk.currentEpoch) return a.disk.currentEpoch > b.disk.currentEpoch;
  if (a.durableZxid !== b.durableZxid) return a.durableZxid > b.durableZxid;
  return a.sid > b.sid;
}

/** A run that fails is made once more, for its trace. */
export function randomRun(options: RunOptions): RunResult {
  try {
    return new RandomRun(options).run();
  } catch (error) {
    if (!(error instanceof Error) || options.explain === false || options.trace !== undefined) throw error;
    error.message += `\n(seed ${options.seed})\n${lastLines(options).join('\n')}`;
    throw error;
  }
}

const TRACE_LINES = 60;

function lastLines(options: RunOptions): string[] {
  const lines: string[] = [];
  try {
    new RandomRun({ ...options, trace: (text) => lines.push(text) }).run();
  } catch {
    return lines.slice(-TRACE_LINES);
  }
  return ['(the second time it did not fail)'];
}
