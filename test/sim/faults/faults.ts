import { garbage } from '../clients/garbled-bytes.ts';
import { lie } from '../clients/lies.ts';
import type { Observer, View } from '../judges/observer.ts';
import { storeOf } from '../judges/observer.ts';
import { isNetFault } from '../plan/net-plan.ts';
import type { Fault, FaultKind } from '../plan/plan.ts';
import type { IsQuorum } from '../plan/quorums.ts';
import { isStorageKind } from '../plan/storage-plan.ts';
import { ELECTION_PORT, QUORUM_PORT, ScriptedHost } from '../script/scripted-host.ts';
import { SOUND } from '../world/disk.ts';
import type { SimEnsemble } from '../world/ensemble.ts';
import { CLIENT_PORT, type Machine } from '../world/machine.ts';
import { SimRandom } from '../world/random.ts';
import { SimProcess } from '../world/scheduler.ts';
import { damage, litter } from './damage.ts';
import { halfElected, newEpochTail, onlyObservers, slowLeader, tail } from './fault-sequences.ts';
import { netFault } from './net-faults.ts';
import { StorageFaults } from './storage-faults.ts';
import { Triggers } from './triggers.ts';

/**
 * Carries out the faults of a plan and takes them back. Faults that must not be overdone are counted: at all times a
 * quorum of voters has what it once acknowledged. Everything else may happen to anyone at once.
 */
export const QUICK = { writeMs: 0.02, syncMs: 0.5, slowSyncOneIn: 0, slowSyncMs: 0 };

const FOUR_LETTER_WORDS = ['mntr', 'srvr', 'stat', 'dump', 'cons', 'wchc', 'wchp', 'dirs', 'hash', 'ruok', 'srst'];

export class Faults {
  readonly counts = new Map<FaultKind, number>();
  crashes = 0;
  /** `sid` of whom it befalls; 0: of all. */
  onFault: (sid: number, text: string) => void = () => {};
  /** The servers that are not to be started now. */
  staysDown: (view: View) => boolean = () => false;
  readonly ensemble: SimEnsemble;
  readonly observer: Observer;
  private readonly isQuorum: IsQuorum;
  readonly triggers: Triggers;
  private readonly storage: StorageFaults;
  /** Those whose name does not lead to them. */
  private readonly misnamed = new Set<View>();
  /** Those that may stop because of what was done here. */
  private readonly excused = new Set<View>();
  private isOver = false;
  private scriptedHost: ScriptedHost | undefined;
  private listener: ScriptedHost | undefined;

  constructor(ensemble: SimEnsemble, observer: Observer, isQuorum: IsQuorum) {
    this.ensemble = ensemble;
    this.observer = observer;
    this.isQuorum = isQuorum;
    for (const view of observer.views) {
      view.machine.onStopped = () => this.onStopped(view);
    }
    this.triggers = new Triggers(this);
    this.storage = new StorageFaults(this);
  }

  apply(fault: Fault): void {
    if (this.isOver) return;
    const random = new SimRandom(fault.salt);
    const view = this.pick(fault, random);
    this.onFault(view.sid, `${fault.kind} for ${fault.forMs} ms`);
    if (!this.carryOut(fault, view, random)) return;
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
  }

  /** Everything that was broken works from now on, and everyone is up. */
  heal(): void {
    this.isOver = true;
    this.onFault(0, 'all is mended from here on');
    this.triggers.clear();
    this.storage.heal();
    this.scriptedHost?.kill();
    this.listener?.kill();
    this.mend();
  }

  /** Everything works; it may have been broken since the end of the faults. */
  mend(): void {
    const { network } = this.ensemble;
    network.healAll();
    network.defaultSpeed = { minDelayUs: 50, maxDelayUs: 1500, bytesPerMs: undefined };
    for (const { machine } of this.observer.views) {
      machine.disk.timing = QUICK;
      machine.disk.snapshotWriteMs = undefined;
      machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
      machine.disk.fault = SOUND;
      network.setName(machine.host.name, { address: machine.host.address });
      for (const address of machine.host.addresses) network.setPath(address, true);
      for (const other of this.observer.views) network.setSpeed(machine.host, other.machine.host, undefined);
      machine.resume();
    }
    this.misnamed.clear();
    for (const view of this.observer.views) view.inTrouble = false;
    for (const view of this.observer.views) this.restart(view);
  }

  crash(view: View, power: boolean, forMs: number): void {
    const { machine } = view;
    if (!machine.isUp) return;
    this.crashes++;
    this.onFault(view.sid, `${power ? 'power loss' : 'killed'}, back in ${forMs.toFixed(0)} ms`);
    if (power) machine.powerLoss();
    else machine.kill();
    this.restartAfter(view, forMs);
  }

  /** An operator wipes what refuses to start and is known to be damaged, and then it may count again. */
  private restart(view: View): void {
    const { machine } = view;
    if (machine.isUp || this.staysDown(view)) return;
    if (view.faulty === 'damaged' && machine.failure !== undefined) this.wipe(view);
    // A fault of one process is no excuse for the next one.
    const isSound = !machine.disk.isFailing && !this.misnamed.has(view) && !this.storage.isAway(view);
    if (isSound && this.excused.delete(view)) view.inTrouble = false;
    machine.start();
  }

  /** It may stop now, for what is done to it. */
  excuse(view: View): void {
    view.inTrouble = true;
    this.excused.add(view);
  }

  private wipe(view: View): void {
    this.onFault(view.sid, 'another disk in place of the old one');
    view.machine.wipe();
    this.storage.makeDirectories(view);
    this.observer.wiped(view);
  }

  private onStopped(view: View): void {
    // Started anew, the machine or its process alone, which then reads what a failed sync left in memory only.
    if (view.machine.disk.random.below(2) === 0) view.machine.disk.powerLoss();
    this.restartAfter(view, 500);
  }

  restartAfter(view: View, ms: number): void {
    this.ensemble.scheduler.after(Math.round(ms * 1000), undefined, () => this.restart(view));
  }

  /** Earlier than it would come back by itself. */
  start(view: View, afterMs: number): void {
    this.later(afterMs, () => this.restart(view));
  }

  later(ms: number, task: () => void): void {
    this.ensemble.scheduler.after(Math.round(ms * 1000), undefined, () => {
      if (!this.isOver) task();
    });
  }

  private pick(fault: Fault, random: SimRandom): View {
    const { views } = this.observer;
    const leader = this.ensemble.leader;
    const leaderView = leader === undefined ? undefined : this.observer.viewOf(leader.sid);
    if (fault.target === 'leader' && leaderView !== undefined) return leaderView;
    const others = fault.target === 'follower' ? views.filter((view) => view !== leaderView) : views;
    return random.pick(others.length > 0 ? others : views);
  }

  /** Whether a quorum still has what it once acknowledged when this one is not to be relied upon. */
  mayForget(view: View): boolean {
    if (view.faulty !== undefined) return view.faulty !== 'new' || !view.voter;
    if (!view.voter) return true;
    return this.isQuorumWithout(this.observer.views.filter((other) => other === view || other.faulty !== undefined));
  }

  isQuorumWithout(missing: readonly View[]): boolean {
    const others = this.observer.views.filter((view) => view.voter && !missing.includes(view));
    return this.isQuorum(new Set(others.map(({ sid }) => sid)));
  }

  private carryOut(fault: Fault, view: View, random: SimRandom): boolean {
    const { machine } = view;
    const { network } = this.ensemble;
    const { forMs, kind } = fault;
    if (isNetFault(kind)) return netFault(this, kind, view, forMs, random);
    if (isStorageKind(kind)) return this.storage.apply(kind, view, forMs, random);
    switch (kind) {
      case 'kill':
      case 'power':
        this.crash(view, kind === 'power', forMs);
        return true;
      case 'powerAll':
        for (const each of this.observer.views) this.crash(each, true, random.between(1, forMs));
        return true;
      case 'atEffect':
        this.triggers.atEffect(view, forMs, random);
        return true;
      case 'atMoment':
        this.triggers.atMoment(view, forMs, random);
        return true;
      case 'syncError':
        this.excuse(view);
        this.failOnce(machine, random);
        return true;
      case 'diskFull':
        this.excuse(view);
        machine.disk.capacityBytes = machine.disk.usedBytes + random.below(4096);
        this.later(forMs, () => {
          machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
        });
        return true;
      case 'slowDisk':
        machine.disk.timing = {
          writeMs: random.pick([0.02, 5]),
          syncMs: random.pick([5, 50, 400]),
          slowSyncOneIn: random.pick([0, 5]),
          slowSyncMs: forMs,
        };
        this.later(forMs, () => {
          machine.disk.timing = QUICK;
        });
        return true;
      case 'litter':
      case 'damage':
        return this.change(view, kind, forMs, random);
      case 'wipe':
        if (!this.mayForget(view)) return false;
        if (machine.isUp) {
          this.crashes++;
          machine.powerLoss();
        }
        this.wipe(view);
        this.restartAfter(view, forMs);
        return true;
      case 'stop':
        this.crashes++;
        machine.stop(() => this.restartAfter(view, forMs));
        return true;
      case 'words':
        for (const word of FOUR_LETTER_WORDS) this.ask(view, word);
        return true;
      case 'halfClose':
        return network.halfClose(machine.host, CLIENT_PORT) > 0;
      case 'garbage':
        this.send(garbage, view, forMs, random);
        return true;
      case 'lies':
        this.send(lie, view, forMs, random);
        return true;
      case 'spoilt':
        this.triggers.spoil(
          random.pick(['truncating', 'installing', 'replacing', 'replacing'] as const),
          this.observer.views,
          forMs,
          random,
        );
        return true;
      case 'tail':
        return tail(this, forMs, random);
      case 'halfElected':
        return halfElected(this, forMs, random);
      case 'newEpochTail':
        return newEpochTail(this, forMs, random);
      case 'onlyObservers':
        return onlyObservers(this, forMs, random);
      case 'slowLeader':
        return slowLeader(this, forMs, random);
      case 'forget':
        return this.forget(view, forMs, random);
      case 'pause':
        machine.pause();
        this.later(forMs, () => machine.resume());
        return true;
      case 'clockJump':
        machine.jumpWall(random.between(-1, 1) * random.pick([1000, 3_600_000, 86_400_000]) + random.below(5000));
        return true;
      case 'partition': {
        if (this.observer.views.length === 1) return false;
        const cut = random.between(1, this.observer.views.length - 1);
        const hosts = random.shuffled(this.observer.views).map((each) => each.machine.host);
        const withView = [machine.host, ...hosts.filter((host) => host !== machine.host)];
        network.partition(withView.slice(0, cut), withView.slice(cut));
        const isLost = random.chance(1, 2);
        this.later(forMs, () => network.healAll(isLost));
        return true;
      }
      case 'oneWay':
      case 'bridge': {
        const other = random.pick(this.observer.views).machine;
        if (other === machine) return false;
        network.cut(machine.host, other.host);
        if (kind === 'bridge') network.cut(other.host, machine.host);
        const isLost = random.chance(1, 2);
        this.later(forMs, () => {
          network.heal(machine.host, other.host, isLost);
          network.heal(other.host, machine.host, isLost);
        });
        return true;
      }
      case 'slowLink': {
        const other = random.pick(this.observer.views).machine;
        // A long answer would be on its way for longer than anything is waited for.
        const scale = this.observer.storage?.bigBytes === undefined ? 1 : 1000;
        const maxDelayUs = random.pick([20_000, 200_000]);
        const slow = { minDelayUs: 5000, maxDelayUs, bytesPerMs: random.pick([1, 50]) * scale };
        network.setSpeed(machine.host, other.host, slow);
        this.later(forMs, () => network.setSpeed(machine.host, other.host, undefined));
        return true;
      }
      case 'nameFails':
      case 'nameMoves':
        // It cannot listen on an address that is not its own; for a name it has to wait.
        if (kind === 'nameMoves') {
          this.excuse(view);
          this.misnamed.add(view);
        }
        network.setName(
          machine.host.name,
          kind === 'nameMoves' ? this.elsewhere(random) : random.pick(['fail', 'hang'] as const),
        );
        this.later(forMs, () => {
          network.setName(machine.host.name, { address: machine.host.address });
          this.misnamed.delete(view);
        });
        return true;
      case 'breakStreams':
        for (const other of this.observer.views) {
          if (other === view || !random.chance(1, 2)) continue;
          network.resetStreams(machine.host, other.machine.host);
          network.resetStreams(other.machine.host, machine.host);
        }
        return true;
      case 'purge':
        if (view.peer === undefined || !machine.isUp || machine.isPaused) return false;
        // On the process's own time: what it does to the disk belongs to it.
        machine.run(() => storeOf(view.peer as NonNullable<View['peer']>).purge());
        return true;
    }
  }

  /** An operator looks at the server. Its answers are not judged here, only that it goes on. */
  private ask(view: View, word: string): void {
    const { network, scheduler } = this.ensemble;
    const process = new SimProcess(scheduler, `operator ${word}`);
    const stream = network.netOf(process, view.machine.host).dial(view.machine.host.name, CLIENT_PORT, 1000, {
      onOpen: () => stream.write(Buffer.from(word)),
      onData: () => {},
      onClose: () => {},
    });
  }

  /** Nobody is there, or somebody who accepts and says nothing. */
  private elsewhere(random: SimRandom): { address: string } {
    if (random.chance(1, 2)) return { address: '10.9.9.9' };
    if (this.listener === undefined) {
      this.listener = new ScriptedHost(this.ensemble.network, this.ensemble.scheduler, 'listener');
      for (const port of [CLIENT_PORT, QUORUM_PORT, ELECTION_PORT]) this.listener.listen(port);
    }
    return { address: this.listener.host.address };
  }

  /** Some connections at once, left open for a while. */
  private send(what: typeof garbage, view: View, forMs: number, random: SimRandom): void {
    const { network, scheduler } = this.ensemble;
    const voters = this.observer.views.filter((each) => each.voter).length;
    this.scriptedHost ??= new ScriptedHost(network, scheduler, 'stranger');
    for (let i = random.pick([1, 3, 3, 30]); i > 0; i--) {
      const { port, pieces } = what(random, voters);
      const call = this.scriptedHost.dial(view.machine.host.name, port, ...pieces);
      this.later(random.below(forMs), () => {
        if (random.chance(1, 2)) call.end();
        else call.destroy();
      });
    }
  }

  /**
   * The order of things in which an empty voter does harm: one is away and misses what is decided; then one of those who
   * have it loses its disk, the others are away, and these two meet.
   */
  private forget(lost: View, forMs: number, random: SimRandom): boolean {
    const voters = random.shuffled(this.observer.views.filter((view) => view.voter && view !== lost));
    if (!lost.voter) return false;
    const count = voters.findIndex((_, i) => !this.isQuorumWithout(voters.slice(0, i + 1)));
    const behind = voters.slice(0, count);
    const away = voters.slice(count);
    for (const view of behind) this.crash(view, false, forMs);
    this.later(forMs * 0.9, () => {
      if (!this.mayForget(lost)) return;
      for (const view of away) this.crash(view, random.chance(1, 2), forMs * random.between(1, 8));
      this.crashes++;
      lost.machine.powerLoss();
      this.wipe(lost);
      this.restartAfter(lost, random.between(1, 300));
    });
    return true;
  }

  failOnce(machine: Machine, random: SimRandom): void {
    const kind = random.pick(['sync', 'sync', 'syncDir', 'write', 'rename', 'create', 'truncate', 'unlink']);
    let left = random.between(1, 4);
    const inLog = random.chance(1, 2);
    machine.disk.fault = (operation, path) => {
      if (operation !== (inLog ? 'sync' : kind) || (inLog && !path.includes('/log.')) || --left > 0) return undefined;
      machine.disk.fault = SOUND;
      return 'EIO';
    };
  }

  private change(view: View, kind: 'litter' | 'damage', forMs: number, random: SimRandom): boolean {
    const { disk, dirs } = view.machine;
    const { ledger } = this.observer;
    if (kind === 'litter') return this.changeFiles(view, forMs, random, () => litter(disk, dirs, ledger, random));
    return this.damageFiles(view, forMs, random, () => damage(disk, dirs, random));
  }

  /** Its files are changed while it is down. `change` says what was done, if there was anything to do it to. */
  changeFiles(view: View, forMs: number, random: SimRandom, change: () => string | undefined): boolean {
    const { machine } = view;
    if (view.faulty === 'damaged' || view.faulty === 'new') return false;
    if (machine.isUp) {
      this.crashes++;
      if (random.chance(1, 2)) machine.powerLoss();
      else machine.kill();
    }
    const what = change();
    this.restartAfter(view, forMs);
    if (what !== undefined) this.onFault(view.sid, what);
    return what !== undefined;
  }

  /** The same for what it must not be relied upon after. */
  damageFiles(view: View, forMs: number, random: SimRandom, change: () => string | undefined): boolean {
    if (!this.mayForget(view) || !this.changeFiles(view, forMs, random, change)) return false;
    view.faulty = 'damaged';
    return true;
  }
}
