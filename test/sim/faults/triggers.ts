import type { Moment, View } from '../judges/observer.ts';
import { EFFECTS, MOMENTS } from '../plan/plan.ts';
import { DeadProcess } from '../world/disk.ts';
import type { SimRandom } from '../world/random.ts';
import type { Faults } from './faults.ts';

/**
 * Faults that wait for their moment: a change of a disk, before or after it happens, or something a peer does. Random
 * times seldom hit what takes a millisecond, and that is where the bugs are.
 */
interface Trigger {
  /** The first of these to come; undefined: of all. */
  readonly views: readonly View[] | undefined;
  readonly matches: (name: string, phase: string, path: string) => boolean;
  left: number;
  /** Right behind the moment rather than inside it. */
  readonly isLate: boolean;
  readonly spring: (view: View) => void;
}

/** The file; most are the log's, and faults of the others are found only if they are aimed at. */
const PATHS = ['', '', 'log.', 'snapshot.', 'history-change', 'Epoch', 'synced'] as const;

/** Moments in which a history is neither the old one nor the new. */
const RISKY: readonly Moment[] = ['truncating', 'installing', 'replacing', 'newLeader', 'established'];

/** The action at a moment. */
const DEEDS = [
  'crash',
  'crash',
  'crash',
  'crashLater',
  'crashLater',
  'everyone',
  'others',
  'pause',
  'cutOff',
  'break',
  'fail',
] as const;

export class Triggers {
  private readonly faults: Faults;
  private readonly effects = new Set<Trigger>();
  private readonly moments = new Set<Trigger>();

  constructor(faults: Faults) {
    this.faults = faults;
    const { observer } = faults;
    for (const view of observer.views) {
      view.machine.disk.onEffect = ({ kind, path }, phase) => this.onEffect(view, kind, phase, path);
    }
    observer.onMoment = (view, moment) => this.onMoment(view, moment);
  }

  clear(): void {
    this.effects.clear();
    this.moments.clear();
  }

  atEffect(view: View, forMs: number, random: SimRandom): void {
    const kind = random.pick([...EFFECTS, 'rename', 'syncDir', 'any']);
    const phase = random.pick(['before', 'after']);
    const power = random.chance(3, 4);
    const part = random.pick(PATHS);
    this.effects.add({
      views: [view],
      matches: (name, when, path) => when === phase && (kind === 'any' || name === kind) && path.includes(part),
      left: random.between(1, kind === 'sync' || kind === 'write' ? 12 : 4),
      isLate: false,
      spring: () => this.faults.crash(view, power, forMs),
    });
  }

  /** While such a file is being written, which takes as many writes as it happens to be. */
  inTheMiddleOf(view: View, file: string, power: boolean, forMs: number, random: SimRandom): void {
    const phase = random.pick(['before', 'after']);
    this.effects.add({
      views: [view],
      matches: (name, when, path) => name === 'write' && when === phase && path.includes(file),
      left: random.pick([random.between(1, 4), random.between(2, 60)]),
      isLate: false,
      spring: () => this.faults.crash(view, power, forMs),
    });
  }

  atMoment(view: View, forMs: number, random: SimRandom): void {
    const moment = random.pick([...MOMENTS, ...RISKY]);
    const power = random.chance(3, 4);
    const anyone = random.chance(1, 2);
    const deed = random.pick(DEEDS);
    this.moments.add({
      views: anyone ? undefined : [view],
      matches: (name) => name === moment,
      left: random.between(1, 6),
      isLate: random.chance(1, 2),
      spring: (sprung) => this.carryOut(deed, sprung, power, forMs, random),
    });
  }

  /** Once, right behind that moment of whoever of them comes to it first. */
  when(moment: Moment, views: readonly View[] | undefined, spring: (view: View) => void): void {
    this.moments.add({ views, matches: (name) => name === moment, left: 1, isLate: true, spring });
  }

  /** In the middle of what begins at that moment the disk fails, or the power. */
  spoil(moment: Moment, views: readonly View[], forMs: number, random: SimRandom): void {
    const deed = random.pick(['fail', 'crashLater'] as const);
    const power = random.chance(3, 4);
    const spring = (view: View): void => this.carryOut(deed, view, power, forMs, random);
    this.moments.add({ views, matches: (name) => name === moment, left: 1, isLate: false, spring });
  }

  private carryOut(deed: (typeof DEEDS)[number], view: View, power: boolean, forMs: number, random: SimRandom): void {
    const { faults } = this;
    const { network } = faults.ensemble;
    const { machine } = view;
    const others = faults.observer.views.filter((other) => other !== view);
    faults.onFault(view.sid, `${deed} at a moment`);
    switch (deed) {
      case 'crash':
        faults.crash(view, power, forMs);
        return;
      case 'crashLater':
        // A few changes of the disk later: in the middle of what begins at that moment.
        this.effects.add({
          views: [view],
          matches: () => true,
          left: random.between(1, 14),
          isLate: false,
          spring: () => faults.crash(view, power, forMs),
        });
        return;
      case 'everyone':
        for (const each of faults.observer.views) faults.crash(each, power, random.between(1, forMs));
        return;
      case 'others':
        for (const each of others) if (each.voter) faults.crash(each, power, random.between(1, forMs));
        return;
      case 'pause':
        machine.pause();
        faults.later(forMs, () => machine.resume());
        return;
      case 'cutOff': {
        const isLost = random.chance(1, 2);
        network.partition(
          [machine.host],
          others.map((other) => other.machine.host),
        );
        faults.later(forMs, () => network.healAll(isLost));
        return;
      }
      case 'break':
        for (const other of others) {
          network.resetStreams(machine.host, other.machine.host);
          network.resetStreams(other.machine.host, machine.host);
        }
        return;
      case 'fail':
        faults.excuse(view);
        faults.failOnce(machine, random);
    }
  }

  private onEffect(view: View, kind: string, phase: string, path: string): void {
    if (this.effects.size === 0 || !view.machine.isUp) return;
    for (const trigger of this.effects) {
      if (!trigger.views?.includes(view) || !trigger.matches(kind, phase, path) || --trigger.left > 0) continue;
      this.effects.delete(trigger);
      trigger.spring(view);
      throw new DeadProcess('crashed at an effect on its disk');
    }
  }

  private onMoment(view: View, moment: Moment): void {
    if (this.moments.size === 0 || !view.machine.isUp) return;
    for (const trigger of this.moments) {
      if (trigger.views?.includes(view) === false || !trigger.matches(moment, '', '') || --trigger.left > 0) continue;
      this.moments.delete(trigger);
      if (trigger.isLate) {
        this.faults.later(0, () => trigger.spring(view));
        return;
      }
      trigger.spring(view);
      if (!view.machine.isUp) throw new DeadProcess('crashed at a moment');
      return;
    }
  }
}
