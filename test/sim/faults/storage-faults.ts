import { replicaOf, storeOf, type View } from '../judges/observer.ts';
import type { StorageKind } from '../plan/storage-plan.ts';
import { SOUND } from '../world/disk.ts';
import type { SimRandom } from '../world/random.ts';
import { type Faults, QUICK } from './faults.ts';
import { fuzzySnapshot, halves, otherRelease, rot, spoilHistory, spoilSpare, withoutEpochs } from './storage-files.ts';

/** Faults of files, disks and directories, and orders of things in which they do harm. */
const OPERATIONS = [
  'write',
  'write',
  'sync',
  'sync',
  'create',
  'rename',
  'unlink',
  'truncate',
  'syncDir',
  'read',
  'look',
] as const;
const WRITTEN = ['snapshot.', 'snapshot.', '/log.', 'synced'] as const;
const FILES = ['/log.', '/log.', 'snapshot.', 'history-change', 'Epoch', 'synced', 'log-order', ''] as const;

export class StorageFaults {
  private readonly faults: Faults;
  /** Directories that are not mounted, and how to get them back. */
  private readonly away = new Map<View, () => void>();

  constructor(faults: Faults) {
    this.faults = faults;
    for (const view of faults.observer.views) this.makeDirectories(view);
  }

  apply(kind: StorageKind, view: View, forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const { disk, dirs } = view.machine;
    const { ledger } = faults.observer;
    if (this.away.has(view)) return false;
    switch (kind) {
      case 'otherRelease':
        return random.chance(1, 3)
          ? this.upgradeAll(forMs, random)
          : faults.changeFiles(view, forMs, random, () => otherRelease(disk, dirs, random));
      case 'fuzzySnapshot':
        return this.afterSnapshot(view, forMs, random, () => fuzzySnapshot(disk, dirs, random));
      case 'spoiltSpare':
        return this.afterSnapshot(view, forMs, random, () => spoilSpare(disk, dirs, ledger, random));
      case 'halves':
        return this.halves(view, forMs, random);
      case 'diskFails':
        this.fail(view, random);
        return true;
      case 'midWrite':
        faults.triggers.inTheMiddleOf(view, random.pick(WRITTEN), random.chance(1, 2), forMs, random);
        return true;
      case 'slowInstall':
        this.slowInstall(view, forMs, random);
        return true;
      case 'unmounted':
        return this.unmount(view, forMs, random);
      case 'rot':
        return this.rot(view, forMs, random);
      case 'reliedUpon':
        return this.relyUpon(view, forMs, random);
    }
  }

  heal(): void {
    for (const view of [...this.away.keys()]) this.mount(view);
  }

  isAway(view: View): boolean {
    return this.away.has(view);
  }

  private mount(view: View): void {
    this.away.get(view)?.();
    this.away.delete(view);
  }

  /** Where a server is not to make its directories, an operator does, on another disk in place of the old one. */
  makeDirectories(view: View): void {
    const { machine } = view;
    this.away.delete(view);
    if (!machine.makesNoDirectories) return;
    for (const dir of new Set([machine.dirs.snapDir, machine.dirs.logDir])) machine.disk.makeDir(dir);
  }

  /** All at once were an ensemble of another release. */
  private upgradeAll(forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const isOld = random.chance(1, 2);
    const done = faults.observer.views.filter((view) => {
      const { disk, dirs } = view.machine;
      const change = (): string | undefined => (isOld ? withoutEpochs(disk, dirs) : otherRelease(disk, dirs, random));
      return faults.changeFiles(view, random.between(1, forMs), random, change);
    });
    return done.length > 0;
  }

  /** An operator has a snapshot taken; some time later its server is down, and its files are changed. */
  private afterSnapshot(view: View, forMs: number, random: SimRandom, change: () => string | undefined): boolean {
    const { faults } = this;
    const { machine, peer } = view;
    if (peer !== undefined && view.serves && machine.isUp) machine.run(() => replicaOf(peer).snapshot());
    faults.later(forMs, () => {
      if (!this.away.has(view)) faults.changeFiles(view, random.between(1, forMs), random, change);
    });
    return true;
  }

  /** A disk was full; an operator makes room by purging. */
  private halves(view: View, forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const { machine } = view;
    if (!faults.changeFiles(view, forMs, random, () => halves(machine.disk, machine.dirs, random))) return false;
    faults.triggers.when('recovered', [view], () => {
      faults.later(random.between(1, 200), () => {
        const { peer } = view;
        if (peer !== undefined && machine.isUp && !machine.isPaused) machine.run(() => storeOf(peer).purge());
        if (random.chance(2, 3))
          faults.later(random.between(1, 300), () => faults.crash(view, random.chance(1, 2), forMs));
      });
    });
    return true;
  }

  /** One operation, of one kind of file mostly. */
  private fail(view: View, random: SimRandom): void {
    const { disk } = view.machine;
    const failing = random.pick(OPERATIONS);
    const file = random.pick(FILES);
    // Nobody but a reader is told that a file is not for him.
    const code = failing === 'read' || failing === 'look' ? random.pick(['EIO', 'EACCES']) : 'EIO';
    let left = random.between(1, failing === 'write' || failing === 'sync' ? 8 : 3);
    this.faults.excuse(view);
    disk.fault = (operation, path) => {
      if (operation !== failing || !path.includes('version-2') || !path.includes(file) || --left > 0) return undefined;
      disk.fault = SOUND;
      return code;
    };
  }

  /** While a peer installs what a leader sent its disk is slow, and its role ends. */
  private slowInstall(view: View, forMs: number, random: SimRandom): void {
    const { faults } = this;
    const { network } = faults.ensemble;
    faults.triggers.when('installing', undefined, (installing) => {
      const { machine } = installing;
      const writeMs = random.pick([1, 5, 20]);
      machine.disk.timing = { writeMs, syncMs: random.pick([5, 50, 200]), slowSyncOneIn: 0, slowSyncMs: 0 };
      faults.later(forMs, () => {
        machine.disk.timing = QUICK;
      });
      faults.later(random.between(1, 20) * writeMs, () => {
        const { leader } = faults.ensemble;
        if (leader !== undefined && leader !== machine && random.chance(1, 3)) {
          faults.crash(faults.observer.viewOf(leader.sid), random.chance(1, 2), random.between(1, forMs));
          return;
        }
        if (random.chance(1, 4)) {
          faults.crash(installing, random.chance(1, 2), random.between(1, 100));
          return;
        }
        for (const { machine: other } of faults.observer.views) {
          network.resetStreams(machine.host, other.host);
          network.resetStreams(other.host, machine.host);
        }
      });
    });
    if (random.chance(2, 3)) faults.crash(view, random.chance(1, 2), forMs);
  }

  /** A file system is not mounted when its server starts. The file in its place is not the history. */
  private unmount(view: View, forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const { machine } = view;
    if (!machine.makesNoDirectories) return false;
    faults.crash(view, random.chance(1, 2), random.between(1, forMs));
    const dir = random.chance(1, 2) ? machine.dirs.snapDir : machine.dirs.logDir;
    const mount = machine.disk.unmount(dir);
    this.away.set(view, mount);
    faults.excuse(view);
    faults.onFault(view.sid, `${dir} is not mounted`);
    faults.later(forMs, () => {
      if (this.away.get(view) === mount) this.mount(view);
    });
    return true;
  }

  /** One is away, and what it will ask for goes bad on the disk of another, which does not look. */
  private rot(view: View, forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const { disk, dirs } = view.machine;
    const others = faults.observer.views.filter((other) => other !== view);
    if (others.length > 0) faults.crash(random.pick(others), random.chance(1, 2), forMs);
    faults.later(forMs * 0.8, () => {
      if (view.faulty !== undefined || this.away.has(view) || !faults.mayForget(view)) return;
      const what = rot(disk, dirs, random);
      if (what === undefined) return;
      faults.onFault(view.sid, what);
      view.faulty = 'damaged';
    });
    return true;
  }

  /**
   * The order of things in which damage that nobody notices does harm: one is away and misses what is decided; then the
   * disk of one of those who have it goes bad, the others are away, and these two meet.
   */
  private relyUpon(spoilt: View, forMs: number, random: SimRandom): boolean {
    const { faults } = this;
    const { disk, dirs } = spoilt.machine;
    const spoil = (): string | undefined => spoilHistory(disk, dirs, random);
    const voters = random.shuffled(faults.observer.views.filter((view) => view.voter && view !== spoilt));
    if (!spoilt.voter || random.chance(1, 3)) return faults.damageFiles(spoilt, forMs, random, spoil);
    const count = voters.findIndex((_, i) => !faults.isQuorumWithout(voters.slice(0, i + 1)));
    const behind = voters.slice(0, count);
    for (const view of behind) faults.crash(view, false, forMs);
    faults.later(forMs * 0.9, () => {
      if (this.away.has(spoilt) || !faults.damageFiles(spoilt, random.between(1, 300), random, spoil)) return;
      for (const view of voters.slice(count)) faults.crash(view, random.chance(1, 2), forMs * random.between(1, 8));
    });
    return true;
  }
}
