import { FatalError, messageOf } from '../../../src/base/errors.ts';
import { OwnerKind, ownerKindOf, ttlOf } from '../../../src/datatree/tree/owner-kind.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { zxidHex } from '../../../src/jute/zxid.ts';
import { OUTPUT_CLOSE_BYTES } from '../../../src/server/connection/client-limits.ts';
import { Actor } from '../clients/actor.ts';
import type { SimClient } from '../clients/client.ts';
import { PortProbes } from '../clients/port-probes.ts';
import { Faults } from '../faults/faults.ts';
import { Unmended, type UnmendedKind } from '../faults/unmended.ts';
import { History } from '../judges/history.ts';
import { ackedIsDurable } from '../judges/invariants/acked-is-durable.ts';
import { epochsGrow } from '../judges/invariants/epochs-grow.ts';
import { equalDigests } from '../judges/invariants/equal-digests.ts';
import { expiry } from '../judges/invariants/expiry.ts';
import { historyStays } from '../judges/invariants/history-stays.ts';
import { integrity } from '../judges/invariants/integrity.ts';
import { leadership } from '../judges/invariants/leadership.ts';
import { onQuorumOfDisks } from '../judges/invariants/on-quorum-of-disks.ts';
import { prefixConsistency } from '../judges/invariants/prefix-consistency.ts';
import { primaryIntegrity } from '../judges/invariants/primary-integrity.ts';
import { primaryOrder } from '../judges/invariants/primary-order.ts';
import { wholeSnapshots } from '../judges/invariants/whole-snapshots.ts';
import { judge } from '../judges/judge.ts';
import { type MembershipChanges, membershipChanges } from '../judges/membership.ts';
import { databaseOf, type Invariant, Observer, storeOf, type View } from '../judges/observer.ts';
import type { SmallRules } from '../judges/small-tree.ts';
import { Trace } from '../judges/trace.ts';
import { Turns } from '../judges/turns.ts';
import { type Failure, failureOf, Violation } from '../judges/violation.ts';
import type { Plan } from '../plan/plan.ts';
import { type IsQuorum, quorumsOf } from '../plan/quorums.ts';
import { SimEnsemble } from './ensemble.ts';
import { FailureDetector } from './failure-detector.ts';
import { Operator } from './operator.ts';
import { SimRandom } from './random.ts';

/**
 * One world from its beginning to a verdict. While faults last, nothing wrong may happen; once they are over, everything
 * has to work again within a bound that is the same for all worlds, and all trees have to be equal in the end.
 */
export type VerdictKind = 'ok' | 'void' | 'safety' | 'liveness' | 'crash';

export interface Stats {
  virtualMs: number;
  elections: number;
  diffs: number;
  truncs: number;
  snaps: number;
  crashes: number;
  faults: Record<string, number>;
  writes: number;
  acknowledged: number;
  reads: number;
  events: number;
  unanswered: number;
  committed: number;
  /** From the end of the faults until all serve under one leader, and until all clients are served; in ticks. */
  serviceTicks: number;
  clientTicks: number;
  /** Elections behind the first moment of service. */
  electedAgain: number;
  /** The most that a peer did in one turn, at the price of this world; counted in bundles alone. */
  longestTurnMs: number;
}

export interface Verdict {
  readonly seed: number;
  readonly kind: VerdictKind;
  readonly hash: string;
  /** The invariant, of a failure. */
  readonly property: string;
  readonly message: string;
  readonly stats: Stats;
}

/** How the name of a file begins that is being written. */
const TEMPORARY = 'writing-';
/**
 * From the end of all faults to service. One who waits for a leader that will be none, or for learners that do not
 * come, waits for initLimit ticks. One who follows or leads in vain does so for syncLimit ticks. Then an election takes
 * as long as an election connection is believed in that answers nothing, 10 s, and a dial that was begun before, 5 s.
 * Finding the others and deciding is a matter of milliseconds beside these.
 */
const ELECTION_BOUND_MS = 15_000;
/**
 * To clients: one notices within its timeout that nobody answers, and may lose its session with that, and dials. Some
 * leave as often as they come, or sleep until their session is over.
 */
const DIALS_BOUND_MS = 30_000;
/** As long as some are in trouble, which may be elected, and gone again. */
const LAME_BOUND_MS = 60_000;
/** From the end of all requests to equal trees. */
const QUIET_BOUND_MS = 60_000;
/** The output that may wait for a client that does not read, and one reply. */
const UNSENT_BOUND_BYTES = OUTPUT_CLOSE_BYTES + 2 * 1024 * 1024;
/** In a transaction: clientId long, cxid int, zxid long, time long, and then the type. */
const TYPE_OFFSET = 28;

export class World {
  readonly plan: Plan;
  readonly ensemble: SimEnsemble;
  readonly observer: Observer;
  readonly faults: Faults;
  readonly history = new History();
  readonly clients = new Map<bigint, SimClient>();
  readonly actors: Actor[] = [];
  readonly turns: Turns;
  /**
   * Whether the invariants that see a bug before it does harm may speak. Without them a world fails by what came of it:
   * histories that parted, a promise to a client that was broken, no service.
   */
  looksInside = true;
  private portProbes: PortProbes | undefined;
  private operator: Operator | undefined;
  private memberships: MembershipChanges | undefined;
  /** The voters that decide; a scenario that changes the members changes this. */
  quorum: IsQuorum;
  private stopped: { property: string; message: string } | undefined;
  private pendingAtEnd = 0;
  private serviceTicks = 0;
  private clientTicks = 0;
  private electedAgain = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.ensemble = new SimEnsemble(plan);
    const invariants: Invariant[] = [];
    const early = (invariant: Invariant): Invariant => whenever(() => this.looksInside, invariant);
    this.observer = new Observer(invariants);
    const { ledger, views } = this.observer;
    const { scheduler } = this.ensemble;
    const syncLimit = Number(plan.config.syncLimit ?? 5);
    this.quorum = quorumsOf(plan.voters, plan.config);
    const isQuorum: IsQuorum = (sids) => this.quorum(sids);
    const slackMs = (syncLimit + 2) * plan.tickMs + plan.longestMs * 2 + 500 + this.delayMs * 4;
    invariants.push(
      leadership(),
      early(integrity(ledger)),
      early(primaryOrder(ledger)),
      early(primaryIntegrity(ledger)),
      early(onQuorumOfDisks(ledger, views, isQuorum)),
      early(ackedIsDurable(ledger, plan.config.forceSync !== 'no')),
      early(epochsGrow()),
      early(historyStays(ledger, views, isQuorum)),
      prefixConsistency(ledger),
      early(equalDigests(ledger)),
      early(wholeSnapshots()),
      expiry(scheduler, this.clients, slackMs),
      { onProposed: (_view, _zxid, payload) => this.wake(payload) },
      ...(plan.config.reconfigEnabled === 'true' ? [this.membersFollow()] : []),
    );
    this.observer.limits.maxCounter = plan.counterLimit;
    this.observer.recentBytes = plan.recentBytes;
    this.observer.storage = plan.storage;
    for (const machine of this.ensemble.machines) {
      machine.disk.snapshotWriteMs = plan.storage?.snapshotWriteMs;
      const logFileBytes = plan.storage?.logFileBytes;
      if (logFileBytes !== undefined) machine.overrides = { txnLogSizeLimitBytes: logFileBytes };
      this.observer.add(machine, machine.sid <= plan.voters);
    }
    this.turns = new Turns(this.ensemble.machines);
    scheduler.onTurn = (process, work) => this.turns.onTurn(process, work);
    this.faults = new Faults(this.ensemble, this.observer, isQuorum);
    for (const view of this.observer.views) {
      const { onStopped } = view.machine;
      view.machine.onStopped = (failure) => {
        const isLeftOut = this.operator?.takesIn(view, failure) === true;
        if (!isLeftOut) this.onStopped(view.sid, failure, view.inTrouble || view.faulty === 'damaged');
        onStopped(failure);
      };
    }
  }

  /** Members that are decided upon decide. */
  private membersFollow(): Invariant {
    const { ledger, views } = this.observer;
    this.memberships = membershipChanges(ledger, views, (voters, text) => {
      this.operator?.decided(text);
      for (const view of views) view.voter = voters.includes(view.sid);
      if (Object.keys(this.plan.config).some((key) => key.startsWith('group.'))) return;
      this.quorum = (sids) => isMajority(voters, sids);
    });
    return this.memberships;
  }

  run(): Verdict {
    let failure: Failure | undefined;
    try {
      this.play();
    } catch (error) {
      failure = failureOf(error);
    }
    const isVoid = this.history.acknowledgedWrites === 0;
    return {
      seed: this.plan.seed,
      kind: failure?.kind ?? (isVoid ? 'void' : 'ok'),
      hash: this.ensemble.scheduler.hash,
      property: failure?.property ?? '',
      message: failure?.message ?? '',
      stats: this.stats(),
    };
  }

  /** From now on what happens is written down. Changes nothing of it. */
  startTrace(): Trace {
    const { ensemble, observer, faults } = this;
    const trace = new Trace(ensemble.scheduler);
    const { onMoment } = observer;
    observer.onMoment = (view, moment) => {
      trace.moment(view, moment);
      onMoment(view, moment);
    };
    faults.onFault = (sid, text) => trace.say(sid, `FAULT: ${text}`);
    for (const { machine, sid } of observer.views) machine.onLine = (line) => trace.say(sid, line);
    return trace;
  }

  /** For a failure's report: what each peer is and has. */
  situation(): string {
    return this.observer.views
      .map((view) => {
        const { machine, sid, faulty } = view;
        const state = machine.isUp ? (machine.peer?.server.isServing ? 'serves' : 'does not serve') : 'down';
        const epochs = `epochs ${view.acceptedEpoch}/${view.currentEpoch}`;
        const history = `tree ${zxidHex(view.tip)}, log ${zxidHex(view.logTip)}, disk ${zxidHex(view.durable)}`;
        return `${sid} ${machine.mode} ${state}, ${history}, ${epochs}${faulty === undefined ? '' : `, ${faulty}`}`;
      })
      .join('; ');
  }

  /** Names the clients whose writes are not answered, and what each waits for. */
  private clientsSituation(): string {
    return this.actors
      .map(({ name, client, isServed }) => {
        const state = client.isConnected ? 'connected to' : 'tries';
        return `${name} ${isServed ? 'has what it wants' : 'waits'}, ${state} ${client.server}, ${client.depth} under way`;
      })
      .join('; ');
  }

  private play(): void {
    const { ensemble, plan } = this;
    const { scheduler } = ensemble;
    ensemble.startAll();
    for (const fault of plan.faults) {
      scheduler.at(Math.round(fault.atMs * 1000), undefined, () => this.faults.apply(fault));
    }
    const { memberChanges = [] } = plan;
    if (memberChanges.length > 0) this.addOperator(memberChanges);
    if (plan.config.oraclePath !== undefined) this.addFailureDetector();
    for (const options of plan.clients) this.addActor(options.name, options);
    if (plan.portProbesMs !== undefined) this.addPortProbes().comeEvery(plan.portProbesMs);
    this.runForMs(plan.faultsMs);

    this.finish();
  }

  /** Faults are over: service, equal trees, and a judgement of all that was seen. */
  finish(): void {
    const { plan } = this;
    this.faults.heal();
    // Each leader gives all sessions their whole timeout again.
    this.observer.limits.maxCounter = undefined;
    const { scheduler } = this.ensemble;
    if (plan.net?.unmended !== undefined) this.doWithoutSome(plan.net.unmended.kind, plan.net.unmended.salt);
    const healedMs = scheduler.nowMs;
    this.demandService();
    this.serviceTicks = (scheduler.nowMs - healedMs) / plan.tickMs;
    const { elections } = this.observer;
    this.demand('Service', 'a client is not served', this.clientBoundMs, () => this.areClientsServed(healedMs));
    this.clientTicks = (scheduler.nowMs - healedMs) / plan.tickMs;
    this.runForMs(plan.tickMs * 8);
    this.electedAgain = this.observer.elections - elections;

    this.pendingAtEnd = this.history.unanswered;
    this.portProbes?.leave();
    for (const actor of this.actors) actor.stop();
    this.actors.forEach((actor, i) => {
      if (i % 2 === 0) actor.client.kill();
    });
    this.demand('EqualTrees', 'the trees are not equal', QUIET_BOUND_MS, () => this.areTreesEqual());
    // Both at once: a session may end while the other is waited for, and be gone here a moment before it is there.
    const isQuiet = (): boolean => this.areTreesEqual() && !this.isAnyOverdue();
    this.demand('Ends', 'what the server should delete is still there', QUIET_BOUND_MS, isQuiet);
    const judged = judge(this.observer.ledger, this.history, this.rules());
    this.judged = judged;
    this.checkEphemerals();
    this.checkRemains();
  }

  private judged: ReturnType<typeof judge> | undefined;

  private rules(): SmallRules {
    const { config } = this.plan;
    return {
      extendedTypes: config.extendedTypesEnabled === 'true',
      enforceQuota: config.enforceQuota === 'true',
    };
  }

  addActor(
    name: string,
    options: Omit<Plan['clients'][number], 'name'>,
    servers = this.ensemble.machines.flatMap((machine) => machine.host.names),
  ): Actor {
    const { ensemble } = this;
    const actor = new Actor(
      name,
      ensemble.scheduler,
      ensemble.network,
      { ...options, servers },
      ensemble.random.split(`client ${name}`),
      this.history,
      this.clients,
    );
    this.actors.push(actor);
    return actor;
  }

  private addOperator(changes: NonNullable<Plan['memberChanges']>): void {
    const { ensemble, observer, plan } = this;
    const options = { thinkMs: 1e9, mostAtOnce: 4, leavesOneIn: 0, multis: false, ephemerals: false, watches: false };
    const actor = this.addActor('operator', { timeoutMs: plan.tickMs * 20, ...options });
    const operator = new Operator(observer.views, plan.stranger, actor);
    this.operator = operator;
    for (const { atMs, salt } of changes) {
      ensemble.scheduler.at(Math.round(atMs * 1000), undefined, () => operator.change(salt));
    }
  }

  private addFailureDetector(): void {
    const detector = new FailureDetector(this.observer.views);
    const { scheduler } = this.ensemble;
    const lookAgain = (): void => {
      detector.look();
      scheduler.after(this.plan.tickMs * 500, undefined, lookAgain);
    };
    lookAgain();
    const together = this.quorum;
    this.quorum = (sids) => together(sids) || detector.permits(sids);
  }

  addPortProbes(): PortProbes {
    const { scheduler, network, machines, random } = this.ensemble;
    const servers = machines.map((machine) => machine.host.name);
    this.portProbes = new PortProbes(scheduler, network, random.split('visitors'), servers, this.clients);
    return this.portProbes;
  }

  private runForMs(ms: number): void {
    this.ensemble.scheduler.runForMs(ms);
    this.checkStopped();
  }

  private demand(property: string, what: string, boundMs: number, isMet: () => boolean): void {
    const { scheduler } = this.ensemble;
    const endMs = scheduler.nowMs + boundMs;
    while (!isMet()) {
      if (scheduler.nowMs >= endMs)
        throw new Violation(property, `${what} after ${boundMs} ms; ${this.situation()}; ${this.clientsSituation()}`);
      this.runForMs(50);
    }
  }

  /** The longest that a segment takes on its way. */
  private get delayMs(): number {
    return this.plan.net?.delaysMs?.most ?? 0;
  }

  private get serviceBoundMs(): number {
    const { config, tickMs } = this.plan;
    return (Number(config.initLimit) + Number(config.syncLimit)) * tickMs + ELECTION_BOUND_MS;
  }

  private get clientBoundMs(): number {
    return Math.max(...this.actors.map((actor) => actor.timeoutMs), 0) * 2 + DIALS_BOUND_MS;
  }

  /** Of who is no member by then, once an operator has looked after those whose files name nobody who is there. */
  private demandService(): void {
    const { scheduler } = this.ensemble;
    const demand = (isOf: (sid: number) => boolean): void =>
      this.demand('Service', 'not everyone serves under one leader', this.serviceBoundMs, () => this.isServing(isOf));
    demand((sid) => this.isMember(sid));
    if (this.operator === undefined) return;
    const endMs = scheduler.nowMs + this.serviceBoundMs;
    while (!this.isServing() && scheduler.nowMs < endMs) this.runForMs(50);
    if (this.isServing()) return;
    this.operator.takeInThoseOutside();
    demand(() => true);
  }

  private isServing(isOf: (sid: number) => boolean = () => true): boolean {
    const { machines, leader } = this.ensemble;
    return (
      leader !== undefined && machines.every((machine) => !isOf(machine.sid) || machine.peer?.server.isServing === true)
    );
  }

  private isMember(sid: number): boolean {
    return this.operator?.isMember(sid) ?? true;
  }

  private areClientsServed(sinceMs: number): boolean {
    return this.actors.every((actor) => actor.isServed && actor.wasAnsweredSince(sinceMs));
  }

  /** Some are not mended yet: all others serve, and what is asked of them is decided. */
  private doWithoutSome(kind: UnmendedKind, salt: number): void {
    const { scheduler, machines } = this.ensemble;
    const { ledger } = this.observer;
    const unmended = new Unmended(this.faults, kind, new SimRandom(salt), (missing) => this.canDoWithout(missing));
    unmended.begin();
    const sinceMs = scheduler.nowMs;
    const before = ledger.delivered.length;
    // One that is no member believes that it is, and needs more of the others than there may be now.
    const others = machines.filter(
      (machine) => this.isMember(machine.sid) && !unmended.views.some((view) => view.machine === machine),
    );
    this.demand('Service', `no service while ${kind}`, LAME_BOUND_MS + this.clientBoundMs, () => {
      if (unmended.areNeeded) return true;
      const members = others.filter((machine) => this.isMember(machine.sid));
      if (!members.every((machine) => machine.peer?.server.isServing === true)) return false;
      // Not all at one moment: whoever leaves often is with a paused server every now and then.
      return ledger.delivered.length > before && this.actors.every((actor) => actor.wasAnsweredSince(sinceMs));
    });
    unmended.end();
    this.faults.mend();
  }

  /** What is asked of the members can be decided, and a change of them that is under way, too. */
  private canDoWithout(missing: readonly View[]): boolean {
    const others = new Set(this.observer.views.filter((view) => !missing.includes(view)).map(({ sid }) => sid));
    const undecided = this.memberships?.undecided() ?? [];
    return this.faults.isQuorumWithout(missing) && undecided.every((voters) => isMajority(voters, others));
  }

  private areTreesEqual(): boolean {
    if (!this.isServing()) return false;
    const { views, ledger } = this.observer;
    const last = ledger.lastDelivered;
    const [first] = views;
    if (first?.peer === undefined) return false;
    const digest = databaseOf(first.peer).tree.digest();
    for (const view of views) {
      if (view.peer === undefined || view.tip !== last || view.logTip !== last) return false;
      const database = databaseOf(view.peer);
      if (database.tree.digest() !== digest) return false;
      for (const owner of database.tree.ephemeralOwners()) {
        if (!this.isAlive(owner) && database.tree.ephemeralsOf(owner).length > 0) return false;
      }
    }
    return true;
  }

  /** Containers that are empty again, and nodes whose TTL is over, go by themselves. */
  private isAnyOverdue(): boolean {
    const { peer, machine } = this.observer.views[0] as View;
    if (peer === undefined) return true;
    // Nor is an overdue TTL known as such by a clock that is wrong.
    const areClocksRight = !this.plan.faults.some(({ kind }) => kind === 'clockJump');
    const { tree } = databaseOf(peer);
    const extendedTypes = this.plan.config.extendedTypesEnabled === 'true';
    for (let node = tree.oldest; node !== -1; node = tree.newer(node)) {
      const { ephemeralOwner, mtime, cversion } = tree.persistedStat(node);
      const kind = ownerKindOf(ephemeralOwner, { extendedTypes, emulate353Ttl: false });
      if ((kind !== OwnerKind.container && kind !== OwnerKind.ttl) || tree.childCount(node) > 0) continue;
      if (kind === OwnerKind.container && cversion > 0) return true;
      if (kind !== OwnerKind.ttl || !areClocksRight) continue;
      if (machine.wallMs - mtime > ttlOf(ephemeralOwner)) return true;
    }
    return false;
  }

  private isAlive(sessionId: bigint): boolean {
    const client = this.clients.get(sessionId);
    return client?.isConnected === true && !client.process.isDead;
  }

  /** A half-written file is taken away again, whatever became of it (ZOOKEEPER-3082). */
  private checkRemains(): void {
    if (this.faults.counts.has('litter')) return;
    for (const { sid, machine, peer } of this.observer.views) {
      if (peer === undefined || storeOf(peer).facts.isWritingSnapshot) continue;
      const left = machine.disk.list('/data/version-2').find((name) => name.startsWith(TEMPORARY));
      if (left !== undefined) throw new Violation('NoRemains', `${sid} has left ${left} behind`);
    }
  }

  private checkEphemerals(): void {
    const { judged } = this;
    if (judged === undefined) return;
    const { tree, sessions } = judged;
    for (const view of this.observer.views) {
      if (view.peer === undefined) continue;
      const table = databaseOf(view.peer).sessions;
      if (table.size === sessions.size && [...sessions].every((id) => table.has(id))) continue;
      throw new Violation('Ephemerals', `${view.sid} knows ${table.size} sessions, and ${sessions.size} live`);
    }
    for (const [path, node] of tree.nodes) {
      if (node.owner === 0n || this.isAlive(node.owner)) continue;
      throw new Violation('Ephemerals', `${path} is still there, and its session ${node.owner.toString(16)} is not`);
    }
  }

  /** A leader closes a session: whoever slept through it hears of that, and has one last wish. */
  private wake(payload: Buffer): void {
    if (payload.readInt32BE(TYPE_OFFSET) !== OpCode.closeSession) return;
    const sessionId = payload.readBigInt64BE(0);
    for (const actor of this.actors) {
      if (actor.client.sessionId === sessionId && actor.client.isDozing) {
        this.ensemble.scheduler.after(0, undefined, () => actor.wake());
      }
    }
  }

  private onStopped(sid: number, failure: unknown, isExpected: boolean): void {
    if (failure instanceof FatalError && isExpected) return;
    const kind = failure instanceof FatalError ? 'stopped for no reason' : 'has a bug';
    const stack = failure instanceof Error ? `\n${failure.stack ?? ''}` : '';
    this.stopped ??= { property: 'NoBug', message: `peer ${sid} ${kind}: ${messageOf(failure)}${stack}` };
    throw new Violation(this.stopped.property, this.stopped.message);
  }

  private checkStopped(): void {
    if (this.stopped !== undefined) throw new Violation(this.stopped.property, this.stopped.message);
    const { mostUnsentBytes } = this.ensemble.network;
    if (mostUnsentBytes <= UNSENT_BOUND_BYTES) return;
    throw new Violation('Bounds', `${mostUnsentBytes} bytes waited for one connection to take them`);
  }

  private stats(): Stats {
    const { observer, history, faults } = this;
    return {
      virtualMs: Math.round(this.ensemble.scheduler.nowMs),
      elections: observer.elections,
      diffs: observer.syncs.diff,
      truncs: observer.syncs.trunc,
      snaps: observer.syncs.snap,
      crashes: faults.crashes,
      faults: Object.fromEntries(faults.counts),
      writes: this.judged?.writes ?? 0,
      acknowledged: history.acknowledgedWrites,
      reads: this.judged?.reads ?? 0,
      events: this.judged?.events ?? 0,
      unanswered: this.pendingAtEnd,
      committed: observer.ledger.delivered.length,
      serviceTicks: this.serviceTicks,
      clientTicks: this.clientTicks,
      electedAgain: this.electedAgain,
      longestTurnMs: Math.round(this.turns.longestMs),
    };
  }
}

function isMajority(voters: readonly number[], sids: ReadonlySet<number>): boolean {
  return voters.filter((sid) => sids.has(sid)).length * 2 > voters.length;
}

const EVENTS = [
  'onRecovered',
  'onLeads',
  'onEstablished',
  'onProposed',
  'onLogged',
  'onCommitted',
  'onApplied',
  'onReplaced',
  'onDurable',
  'onAck',
  'onCut',
  'onServing',
  'onEpochs',
] as const satisfies readonly (keyof Invariant)[];

/** The invariant, whose violations are passed over while it is not asked. */
function whenever(isAsked: () => boolean, invariant: Invariant): Invariant {
  const wrapped: Record<string, (...args: unknown[]) => void> = {};
  for (const event of EVENTS) {
    const handler = invariant[event] as ((...args: unknown[]) => void) | undefined;
    if (handler === undefined) continue;
    wrapped[event] = (...args) => {
      try {
        handler.apply(invariant, args);
      } catch (error) {
        if (isAsked() || !(error instanceof Violation)) throw error;
      }
    };
  }
  return wrapped as Invariant;
}
