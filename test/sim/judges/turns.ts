import type { Machine } from '../world/machine.ts';
import type { SimProcess } from '../world/scheduler.ts';
import { Violation } from './violation.ts';

/**
 * Turns: nothing that a client or a neighbour can ask for keeps a peer from everybody else. Big things are small in a
 * simulated life, so its machine is slow: a thousand times a real one, and a turn of a second is a failure. Work that
 * grows with the square of its input, or without a bound, shows here. A start is not judged: it may read all that there
 * is.
 */
const STEP_MS = 0.001;
const MOST_MS = 1000;

export class Turns {
  longestMs = 0;
  private readonly machines: readonly Machine[];
  private readonly started = new WeakSet<SimProcess>();

  constructor(machines: readonly Machine[]) {
    this.machines = machines;
  }

  onTurn(process: SimProcess, work: number): void {
    if (work === 0 || !this.machines.some((machine) => machine.isRunBy(process))) return;
    if (!this.started.has(process)) {
      this.started.add(process);
      return;
    }
    const ms = work * STEP_MS;
    if (ms > this.longestMs) this.longestMs = ms;
    if (ms > MOST_MS) throw new Violation('Turns', `${process.name} was busy for ${ms.toFixed(0)} ms in one turn`);
  }
}
