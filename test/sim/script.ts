import type { Actor } from './actor.ts';
import type { Action, Op, Result } from './history.ts';
import type { View } from './observer.ts';
import type { Plan } from './plan.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

/** What a scenario is: a script of steps that reads from top to bottom, in a world where nothing else happens. */
export interface Scenario {
  /** `ZOOKEEPER-4643`, `CH-54572`, ... */
  readonly name: string;
  /** What went wrong there, in one sentence. */
  readonly about: string;
  readonly voters: number;
  readonly observers?: number;
  readonly config?: Readonly<Record<string, string | number>>;
  readonly recentBytes?: number;
  readonly counterLimit?: number;
  /** The name of a mutant that turns it red, of those in mutants.ts. */
  readonly mutant?: string;
  play(script: Script): void;
}

export class Script {
  readonly world: World;
  readonly client: Actor;

  constructor(scenario: Scenario) {
    const plan: Plan = {
      seed: 1,
      voters: scenario.voters,
      observers: scenario.observers ?? 0,
      config: { tickTime: 500, initLimit: 10, syncLimit: 5, ...scenario.config },
      tickMs: 500,
      counterLimit: scenario.counterLimit,
      recentBytes: scenario.recentBytes,
      clients: [],
      faultsMs: 0,
      classes: [],
      faults: [],
    };
    this.world = new World(plan);
    this.client = this.addClient('client');
  }

  /** The end of every scenario: all are up and serve, the trees are equal, and what was seen is consistent. */
  finish(): void {
    this.world.finish();
  }

  report(): string {
    return this.world.report(40);
  }

  // Peers

  start(...sids: number[]): void {
    for (const sid of sids) this.view(sid).machine.start();
  }

  kill(...sids: number[]): void {
    for (const sid of sids) this.view(sid).machine.kill();
  }

  powerLoss(...sids: number[]): void {
    for (const sid of sids) this.view(sid).machine.powerLoss();
  }

  view(sid: number): View {
    return this.world.observer.viewOf(sid);
  }

  /** The sid of who leads and serves. */
  get leader(): number {
    return this.world.ensemble.leader?.sid ?? 0;
  }

  get followers(): number[] {
    return this.world.observer.views
      .filter((view) => view.sid !== this.leader && view.machine.isUp)
      .map(({ sid }) => sid);
  }

  /** `sid`'s cables to the others are cut; its clients still reach it. */
  isolate(sid: number): void {
    const { network, machines } = this.world.ensemble;
    const host = this.view(sid).machine.host;
    network.partition(
      [host],
      machines.map((machine) => machine.host).filter((other) => other !== host),
    );
  }

  heal(lost = false): void {
    this.world.ensemble.network.healAll(lost);
  }

  // Time

  run(ms: number): void {
    this.world.ensemble.scheduler.runForMs(ms);
  }

  until(what: string, isMet: () => boolean, limitMs = 60_000): void {
    if (this.world.ensemble.scheduler.runUntil(isMet, limitMs)) return;
    throw new Violation('Scenario', `${what} did not come about within ${limitMs} ms`);
  }

  /** Until everyone who is up serves under one leader. */
  untilServing(): void {
    const { ensemble } = this.world;
    this.until('service', () => ensemble.leader !== undefined && ensemble.isServing);
  }

  // Clients

  addClient(name: string): Actor {
    return this.world.addActor(name, {
      timeoutMs: 4000,
      thinkMs: 1e9,
      mostAtOnce: 1,
      leavesOneIn: 0,
      multis: false,
      ephemerals: false,
      watches: false,
    });
  }

  /** Asked now; answered whenever. */
  ask(action: Action, client = this.client): Op {
    this.until('a connection', () => client.isConnected);
    client.do(action);
    return this.world.history.ops.at(-1) as Op;
  }

  /** Asked, and waited for. */
  do(action: Action, client = this.client): Result {
    const op = this.ask(action, client);
    this.until(`an answer to ${action.op}`, () => op.result !== undefined);
    return op.result as Result;
  }

  create(path: string, data = ''): void {
    this.expect(this.do({ op: 'create', path, data, flags: 0 }).err, 0, `create ${path}`);
  }

  write(path: string, data: string): void {
    this.expect(this.do({ op: 'setData', path, data, version: -1 }).err, 0, `setData ${path}`);
  }

  expect(actual: unknown, expected: unknown, what: string): void {
    if (actual !== expected)
      throw new Violation('Scenario', `${what}: ${String(actual)} instead of ${String(expected)}`);
  }
}
