import { messageOf } from '../../../src/base/errors.ts';
import type { Election } from '../../../src/election/election.ts';
import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Actor } from '../clients/actor.ts';
import { type Behaviour, NO_BEHAVIOUR } from '../clients/behaviour.ts';
import type { Dirs } from '../faults/damage.ts';
import type { Action, Op, Result } from '../judges/history.ts';
import type { Moment, View } from '../judges/observer.ts';
import type { Trace } from '../judges/trace.ts';
import { Violation } from '../judges/violation.ts';
import type { Plan } from '../plan/plan.ts';
import { DeadProcess, type SimDisk } from '../world/disk.ts';
import { World } from '../world/world.ts';
import { Impostor, ScriptedHost } from './scripted-host.ts';

/** A scenario: a script of steps that reads from top to bottom, in a world where nothing else happens. */
export interface Scenario {
  /** `ZOOKEEPER-4643`, `CH-54572`, ... */
  readonly name: string;
  /** The fault of Apache's there, in one sentence. */
  readonly about: string;
  readonly voters: number;
  readonly observers?: number;
  readonly config?: Readonly<Record<string, string | number>>;
  readonly recentBytes?: number;
  readonly counterLimit?: number;
  /** The name of a mutant that turns it red, of those in mutants/. */
  readonly mutant?: string;
  /** Steps; the end, with all invariants, is the same for all. */
  play(script: Script): void;
}

/**
 * `outcome`: only by what came of it, as clients and operators would see it. `story`: by the invariants as well, from the
 * first thing on that goes wrong. A mutant that any first start shows proves nothing about the script.
 */
export type JudgedBy = 'outcome' | 'story' | 'everything';

export class Script {
  /** Thrown by a handler of a disk's effect that has killed the process. */
  readonly DeadProcess = DeadProcess;
  readonly world: World;
  readonly client: Actor;
  private readonly trace: Trace;
  private readonly judgedBy: JudgedBy;

  constructor(scenario: Scenario, judgedBy: JudgedBy = 'everything') {
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
      longestMs: 0,
    };
    this.world = new World(plan);
    this.trace = this.world.startTrace();
    this.judgedBy = judgedBy;
    this.world.looksInside = judgedBy === 'everything';
    this.client = this.addClient('client');
  }

  /** The end of every scenario: all are up and serve, the trees are equal, and what was seen is consistent. */
  finish(): void {
    this.world.finish();
  }

  report(): string {
    return `${this.trace.report(80)}\n${this.world.situation().split('; ').join('\n')}`;
  }

  // Peers

  start(...sids: number[]): void {
    for (const sid of sids) this.view(sid).machine.start();
  }

  kill(...sids: number[]): void {
    this.itBegins();
    for (const sid of sids) this.view(sid).machine.kill();
  }

  powerLoss(...sids: number[]): void {
    this.itBegins();
    for (const sid of sids) this.view(sid).machine.powerLoss();
  }

  view(sid: number): View {
    return this.world.observer.viewOf(sid);
  }

  electionOf(sid: number): Election {
    return this.view(sid).machine.peer?.election as Election;
  }

  /** How often its log said so since it was first started, as far as it is kept. */
  said(sid: number, text: string): number {
    return this.view(sid).machine.lines.filter((line) => line.includes(text)).length;
  }

  /** An operator edits its zoo.cfg. */
  edit(sid: number, change: (config: string) => string): void {
    const { machine } = this.view(sid);
    machine.configure(change(machine.disk.read('/etc/zoo.cfg').toString('latin1')));
  }

  /** Somebody on a host of its own, or beside the peer of that sid. */
  stranger(name: string, besideSid?: number): ScriptedHost {
    const { network, scheduler } = this.world.ensemble;
    const host = besideSid === undefined ? undefined : this.view(besideSid).machine.host;
    return new ScriptedHost(network, scheduler, name, host);
  }

  /** A host that speaks for `sid`, which is down, and whose name leads to it until all is mended. */
  impostor(sid: number): Impostor {
    this.itBegins();
    const stranger = this.stranger(`impostor ${sid}`);
    this.world.ensemble.network.setName(`zk${sid}`, { address: stranger.host.address });
    return new Impostor(stranger, sid);
  }

  isServing(sid: number): boolean {
    return this.view(sid).machine.peer?.server.isServing === true;
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
    this.itBegins();
    const { network, machines } = this.world.ensemble;
    const host = this.view(sid).machine.host;
    network.partition(
      [host],
      machines.map((machine) => machine.host).filter((other) => other !== host),
    );
  }

  /** `sid` is cut off with a client, which asks it for these writes of /a: they come to its log alone. */
  writeAlone(sid: number, ...data: readonly string[]): void {
    const lonely = this.addClient(`lonely ${this.world.actors.length}`, sid);
    this.until('a connection', () => lonely.isConnected);
    this.isolate(sid);
    for (const each of data) this.ask({ op: 'setData', path: '/a', data: each, version: -1 }, lonely);
  }

  /** The groups do not reach each other; their clients still reach them. */
  partition(...groups: readonly (readonly number[])[]): void {
    this.itBegins();
    this.world.ensemble.network.partition(...groups.map((sids) => sids.map((sid) => this.view(sid).machine.host)));
  }

  /** Each sync of these disks takes so long; 0.5 ms is what they begin with. */
  slowDisk(syncMs: number, ...sids: number[]): void {
    for (const sid of sids) {
      this.view(sid).machine.disk.timing = { writeMs: 0.02, syncMs, slowSyncOneIn: 0, slowSyncMs: 0 };
    }
  }

  /** The files in the data directory of `sid`, by its beginning. */
  files(sid: number, prefix: string): string[] {
    return this.view(sid)
      .machine.disk.list('/data/version-2')
      .filter((name) => name.startsWith(prefix));
  }

  /** The ways in which learners were synchronised so far, by kind. */
  get syncs(): { readonly diff: number; readonly trunc: number; readonly snap: number } {
    return { ...this.world.observer.syncs };
  }

  heal(lost = false): void {
    this.world.ensemble.network.healAll(lost);
  }

  /** `action` at the next such moment of that peer, within it; whether it came. */
  at(sid: number, moment: Moment, action: () => void): { happened: boolean } {
    const trigger = { happened: false };
    const { observer } = this.world;
    const before = observer.onMoment;
    observer.onMoment = (view, now) => {
      before(view, now);
      if (trigger.happened || view.sid !== sid || now !== moment) return;
      trigger.happened = true;
      action();
    };
    return trigger;
  }

  /** The peer dies at that moment, in the middle of what it does. */
  crashAt(sid: number, moment: Moment, death: 'killed' | 'power' = 'power'): { happened: boolean } {
    return this.at(sid, moment, () => {
      if (death === 'power') this.powerLoss(sid);
      else this.kill(sid);
      throw new DeadProcess('crashed by the script');
    });
  }

  /** Every connection between the two breaks. */
  breakStreams(a: number, b: number): void {
    this.itBegins();
    const { network } = this.world.ensemble;
    const [first, second] = [this.view(a).machine.host, this.view(b).machine.host];
    network.resetStreams(first, second);
    network.resetStreams(second, first);
  }

  /**
   * The files of `sid` are changed while it is down. It then does not start, says why, and gets a new disk from its
   * operator; with that it comes back.
   */
  refuses(sid: number, saying: string, change: (disk: SimDisk, dirs: Dirs) => void): void {
    const { machine } = this.view(sid);
    this.kill(sid);
    change(machine.disk, machine.dirs);
    this.view(sid).faulty = 'damaged';
    machine.start();
    this.until(`a refusal: ${saying}`, () => machine.failure !== undefined);
    const why = messageOf(machine.failure);
    this.expect(why.includes(saying) ? saying : why, saying, `the reason of ${sid} not to start`);
    machine.disk.fault = () => undefined;
    this.until('its return', () => machine.isUp);
    this.untilServing();
  }

  /** The same for what it gets over by itself, with a word about it. */
  recovers(sid: number, saying: string, change: (disk: SimDisk, dirs: Dirs) => void): void {
    const { machine } = this.view(sid);
    this.kill(sid);
    change(machine.disk, machine.dirs);
    let isSaid = saying === '';
    const { onLine } = machine;
    machine.onLine = (line) => {
      isSaid ||= line.includes(saying);
      onLine(line);
    };
    machine.start();
    this.until('its recovery', () => machine.peer !== undefined);
    machine.onLine = onLine;
    this.expect(isSaid, true, `${sid} says '${saying}'`);
    this.untilServing();
  }

  wipe(sid: number): void {
    this.powerLoss(sid);
    this.view(sid).machine.wipe();
    this.world.observer.wiped(this.view(sid));
  }

  /** Everyone is up and there is one leader; `leader` when it matters who. */
  begin(leader?: number): void {
    const { views } = this.world.observer;
    if (leader === undefined) this.start(...views.map(({ sid }) => sid));
    else {
      // A higher id would win against an equal history, so it comes when the election is over.
      const voters = views.filter((view) => view.voter).length;
      const first = views.filter((view) => view.sid <= leader).map(({ sid }) => sid);
      if (first.length * 2 <= voters) throw new Error(`${leader} cannot lead from the start`);
      this.start(...first);
      this.untilServing();
      this.start(...views.filter((view) => view.sid > leader).map(({ sid }) => sid));
    }
    this.untilServing();
    if (leader !== undefined) this.expect(this.leader, leader, 'the leader');
  }

  /** From here on the invariants count for whoever judges by the story. */
  itBegins(): void {
    this.world.looksInside = this.judgedBy !== 'outcome';
  }

  /** Writes zoo.cfg of `sid`; it counts from its next start. */
  configure(sid: number, participants: readonly number[], observers: readonly number[] = []): void {
    this.world.ensemble.configure(sid, participants, observers);
  }

  /** From now on these decide. */
  votersAre(...sids: number[]): void {
    for (const view of this.world.observer.views) view.voter = sids.includes(view.sid);
    this.world.quorum = (holders) => sids.filter((sid) => holders.has(sid)).length * 2 > sids.length;
  }

  /** SIGTERM, the end of that, and a new start. */
  restart(sid: number): void {
    let isEnded = false;
    this.view(sid).machine.stop(() => {
      isEnded = true;
    });
    this.until(`the end of ${sid}`, () => isEnded);
    this.start(sid);
  }

  /** Lines of the log of `sid` from now on, until `stop`. */
  listen(sid: number): { readonly lines: string[]; stop(): void } {
    const { machine } = this.view(sid);
    const before = machine.onLine;
    const lines: string[] = [];
    machine.onLine = (line) => {
      lines.push(line);
      before(line);
    };
    return {
      lines,
      stop: () => {
        machine.onLine = before;
      },
    };
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

  /** On one server only, if that is named. */
  addClient(name: string, sid?: number, timeoutMs = 4000, behaviour: Behaviour = NO_BEHAVIOUR): Actor {
    const servers = sid === undefined ? undefined : [`zk${sid}`];
    const options = { thinkMs: 1e9, mostAtOnce: 1, leavesOneIn: 0, multis: false, ephemerals: false, watches: false };
    return this.world.addActor(name, { timeoutMs, ...options, behaviour }, servers);
  }

  /** A client that asks for this and that all the time. */
  addLoad(): Actor {
    const options = { thinkMs: 20, mostAtOnce: 3, leavesOneIn: 0, multis: true, ephemerals: false, watches: false };
    return this.world.addActor(`load${this.world.actors.length}`, { timeoutMs: 10_000, ...options });
  }

  /** The leader has begun to close that session. */
  isBeingClosed(sessionId: bigint): boolean {
    return this.view(this.leader).primary?.sessions.isClosing(sessionId) === true;
  }

  /** Asked now; answered whenever. */
  ask(action: Action, client = this.client): Op {
    this.until('a connection', () => client.isConnected);
    client.do(action);
    return this.world.history.ops.at(-1) as Op;
  }

  /** Asked, and waited for; asked again when the connection went first. */
  do(action: Action, client = this.client): Result {
    for (;;) {
      const op = this.ask(action, client);
      const { sessionId, connections } = client.client;
      const isLost = (): boolean =>
        client.client.sessionId !== sessionId ||
        client.client.connections !== connections ||
        !client.client.isConnected;
      this.until(`an answer to ${action.op}`, () => op.result !== undefined || isLost());
      if (op.result !== undefined) return op.result;
    }
  }

  create(path: string, data = ''): void {
    const { err } = this.do({ op: 'create', path, data, flags: 0 });
    this.expect(err === 0 || err === ErrorCode.nodeExists, true, `create ${path} answers ${err}, it is there`);
  }

  write(path: string, data: string): void {
    this.expect(this.do({ op: 'setData', path, data, version: -1 }).err, 0, `setData ${path}`);
  }

  read(path: string, client = this.client): string | undefined {
    this.do({ op: 'sync', path: '/' }, client);
    return this.do({ op: 'get', path, watch: false }, client).data;
  }

  /** So many writes under way at once, without waiting. */
  flood(path: string, count: number, client = this.client): Op[] {
    return Array.from({ length: count }, (_, i) =>
      this.ask({ op: 'setData', path, data: `${i}`, version: -1 }, client),
    );
  }

  expect(actual: unknown, expected: unknown, what: string): void {
    if (actual !== expected)
      throw new Violation('Scenario', `${what}: ${String(actual)} instead of ${String(expected)}`);
  }
}
