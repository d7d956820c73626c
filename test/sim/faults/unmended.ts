import type { View } from '../judges/observer.ts';
import type { SimRandom } from '../world/random.ts';
import type { Faults } from './faults.ts';

/**
 * The members that are not mended when the faults end: as many members as a quorum can do without, whatever is wrong
 * with them. All others have to serve all the same, for as long as it takes somebody to notice and to mend these, too.
 * While members change, both those in force and those to come have to do without them.
 *
 * A member that reaches some and not others in one direction only is left out: whoever votes for one that hears nobody
 * waits for it in vain, again and again, and so does Apache.
 */
export type UnmendedKind = 'off' | 'killed' | 'paused' | 'cutOff' | 'restarts' | 'onePath';

export type CanDoWithout = (missing: readonly View[]) => boolean;

export class Unmended {
  readonly views: readonly View[];
  private readonly faults: Faults;
  private readonly kind: UnmendedKind;
  private readonly random: SimRandom;
  private readonly canDoWithout: CanDoWithout;
  private isOver = false;

  constructor(faults: Faults, kind: UnmendedKind, random: SimRandom, canDoWithout: CanDoWithout) {
    this.faults = faults;
    this.kind = kind;
    this.random = random;
    this.canDoWithout = canDoWithout;
    // With several addresses nobody has to be done without.
    this.views = kind === 'onePath' ? [] : this.pick();
  }

  begin(): void {
    const { faults, views, kind, random } = this;
    const { network, machines } = faults.ensemble;
    faults.onFault(0, `${kind}: ${views.map(({ sid }) => sid).join(',')} not mended yet`);
    faults.staysDown = (view) => !this.isOver && (kind === 'off' || kind === 'killed') && views.includes(view);
    if (kind === 'onePath') {
      for (const { host } of machines) network.setPath(random.pick(host.addresses), false);
      return;
    }
    if (kind === 'cutOff') {
      const unmended = views.map(({ machine }) => machine.host);
      const others = machines.map(({ host }) => host).filter((host) => !unmended.includes(host));
      network.partition(...(random.chance(1, 2) ? [unmended] : unmended.map((host) => [host])), others);
      return;
    }
    for (const { machine } of views) {
      if (kind === 'off') machine.powerLoss();
      else if (kind === 'killed') machine.kill();
      else if (kind === 'paused') machine.pause();
    }
    if (kind !== 'restarts') return;
    const upMs = random.pick([20, 150, 400, 2000]);
    for (const view of views) this.restart(view, upMs);
  }

  /** They can be done without no longer: the members changed, and need some of these. */
  get areNeeded(): boolean {
    return this.views.length > 0 && !this.canDoWithout([...this.faulty, ...this.views]);
  }

  end(): void {
    this.isOver = true;
  }

  private get faulty(): View[] {
    return this.faults.observer.views.filter((view) => view.faulty !== undefined);
  }

  /** Up for a while, and gone again. */
  private restart(view: View, upMs: number): void {
    const { faults, random } = this;
    faults.ensemble.scheduler.after(random.between(1, upMs * 2) * 1000, undefined, () => {
      if (this.isOver) return;
      faults.crash(view, false, random.between(1, 300));
      this.restart(view, upMs);
    });
  }

  private pick(): View[] {
    const { faults, random } = this;
    const { views } = faults.observer;
    const leader = faults.ensemble.leader;
    const shuffled = random.shuffled(views);
    // Losing the leader costs most.
    if (random.chance(1, 2)) shuffled.sort((a, b) => Number(b.machine === leader) - Number(a.machine === leader));
    const most = random.between(1, shuffled.length);
    const { faulty } = this;
    const picked: View[] = [];
    for (const view of shuffled) {
      if (picked.length === most) break;
      if (this.canDoWithout([...faulty, ...picked, view])) picked.push(view);
    }
    return picked;
  }
}
