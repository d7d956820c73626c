// Clients that stay while servers come and go: each keeps one session over every move, holds an ephemeral for life, takes
// locks, and remembers what was acknowledged. What they remember is judged against every server's tree at the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { openAcl, type Stat } from '../raw/records.ts';
import { RawError, RawSession } from '../raw/session.ts';
import type { SeenTree } from './trees.ts';

const root = '/clients';
const timeoutMs = 10_000;
const giveUpMs = 3_000;
const lockCount = 3;
const nodeExists = -110;
const noNode = -101;

/** An answer that never came: the write may have happened or not. */
const unknown = Symbol('no answer');

interface Move {
  readonly at: number;
  readonly client: number;
}

export class Crowd {
  readonly clients: Client[];
  /** When each write was acknowledged, in order: what pauses are measured from. */
  readonly acks: Move[] = [];
  readonly problems: string[] = [];
  readonly holders: (number | null)[] = Array.from({ length: lockCount }, () => null);
  readonly paceMs: number;
  private running: Promise<void>[] = [];
  private halted = false;
  private pulse: ReturnType<typeof setInterval> | undefined;
  locksTaken = 0;
  moves = 0;

  constructor(ports: readonly number[], count: number, paceMs: number) {
    this.paceMs = paceMs;
    this.clients = Array.from({ length: count }, (_, i) => new Client(this, i, ports));
  }

  get stopping(): boolean {
    return this.halted;
  }

  async start(): Promise<this> {
    await this.clients[0]?.prepareRoot();
    await Promise.all(this.clients.map((client) => client.prepare()));
    this.running = this.clients.map((client) =>
      client.run().catch((error: unknown) => {
        this.problems.push(`client ${client.number} broke off: ${error instanceof Error ? error.message : error}`);
      }),
    );
    return this;
  }

  /** Every client has had an acknowledgement since the call. */
  async untilAllWrote(withinMs = 30_000): Promise<void> {
    const from = performance.now();
    const deadline = from + withinMs;
    const wrote = (): Set<number> => new Set(this.acks.filter(({ at }) => at > from).map(({ client }) => client));
    while (wrote().size < this.clients.length) {
      if (performance.now() > deadline) {
        this.problems.push(`after ${withinMs} ms only ${wrote().size} of ${this.clients.length} clients could write`);
        return;
      }
      await sleep(20);
    }
  }

  /** The longest time between acknowledgements since `from`: of all clients together, and of the unluckiest one. */
  pauses(from: number, to = performance.now()): { all: number; one: number } {
    const longest = (times: readonly number[]): number => {
      let last = from;
      let worst = 0;
      for (const time of [...times.filter((at) => at >= from && at <= to), to]) {
        worst = Math.max(worst, time - last);
        last = time;
      }
      return Math.round(worst);
    };
    const each = this.clients.map(({ number }) =>
      longest(this.acks.filter(({ client }) => client === number).map(({ at }) => at)),
    );
    return { all: longest(this.acks.map(({ at }) => at)), one: Math.max(...each) };
  }

  /** Ends the writing; the sessions are kept alive, so that their ephemerals can be looked for. */
  async stop(): Promise<void> {
    this.halted = true;
    await Promise.all(this.running);
    this.pulse = setInterval(() => {
      for (const client of this.clients) client.ping();
    }, timeoutMs / 5);
  }

  async leave(): Promise<void> {
    clearInterval(this.pulse);
    await Promise.all(this.clients.map((client) => client.leave()));
  }

  /** What a tree lacks, or has wrong. */
  judge(tree: SeenTree): string[] {
    return this.clients.flatMap((client) => client.judge(tree));
  }
}

class Client {
  readonly number: number;
  private readonly crowd: Crowd;
  private readonly ports: readonly number[];
  private readonly home: string;
  private session: RawSession | null = null;
  private sessionId = 0n;
  private passwd: Buffer | null = null;
  private lastZxid = 0n;
  private place: number;
  private count = 0;
  private readonly there = new Set<string>();
  private readonly gone = new Set<string>();
  private register = { acknowledged: 0, tried: 0 };
  private ephemeral: Stat | null = null;

  constructor(crowd: Crowd, number: number, ports: readonly number[]) {
    this.crowd = crowd;
    this.number = number;
    this.ports = ports;
    this.place = number % ports.length;
    this.home = `${root}/${number}`;
  }

  private problem(text: string): void {
    this.crowd.problems.push(`client ${this.number}: ${text}`);
  }

  private async connection(): Promise<RawSession> {
    for (;;) {
      if (this.session !== null && !this.session.closed) return this.session;
      const port = this.ports[this.place % this.ports.length] as number;
      const session = await RawSession.open({
        port,
        timeoutMs,
        giveUpMs,
        sessionId: this.sessionId,
        passwd: this.passwd ?? Buffer.alloc(16),
        lastZxidSeen: this.lastZxid,
      }).catch(() => null);
      const granted = session?.granted ?? null;
      if (session !== null && granted !== null && granted.sessionId !== 0n) {
        if (this.sessionId !== 0n) this.crowd.moves++;
        if (this.sessionId !== 0n && granted.sessionId !== this.sessionId) this.problem('another session was granted');
        this.sessionId = granted.sessionId;
        this.passwd = granted.passwd;
        this.session = session;
        return session;
      }
      session?.abandon();
      if (granted !== null && this.sessionId !== 0n) {
        this.problem(`session 0x${this.sessionId.toString(16)} expired`);
        this.sessionId = 0n;
        this.passwd = null;
      }
      this.place++;
      await sleep(50);
    }
  }

  /** The decoded answer, an error code, or that there was none. */
  private async ask<V = unknown>(
    name: Parameters<RawSession['call']>[0],
    fields: Parameters<RawSession['callNamed']>[1],
  ): Promise<V | number | typeof unknown> {
    const session = await this.connection();
    const late = setTimeout(() => session.abandon(), giveUpMs);
    try {
      return await session.call<typeof name, V>(name, fields);
    } catch (error) {
      if (error instanceof RawError) return error.code;
      this.place++;
      return unknown;
    } finally {
      clearTimeout(late);
      if (session.lastZxid > this.lastZxid) this.lastZxid = session.lastZxid;
    }
  }

  private acknowledged(): void {
    this.crowd.acks.push({ at: performance.now(), client: this.number });
  }

  private async make(path: string, flags = 0): Promise<void> {
    for (;;) {
      const answer = await this.ask('create', { path, data: null, acl: openAcl, flags });
      if (answer === unknown) continue;
      if (typeof answer !== 'number' || answer === nodeExists) return;
      throw new Error(`create ${path} was answered ${answer}`);
    }
  }

  async prepareRoot(): Promise<void> {
    await this.make(root);
  }

  async prepare(): Promise<void> {
    await this.make(this.home);
    await this.make(`${this.home}/register`);
    await this.make(`${this.home}/alive`, 1);
    for (;;) {
      const answer = await this.ask<{ stat: Stat }>('exists', { path: `${this.home}/alive`, watch: false });
      if (typeof answer === 'number') throw new Error(`exists was answered ${answer}`);
      if (typeof answer === 'symbol') continue;
      this.ephemeral = answer.stat;
      return;
    }
  }

  async run(): Promise<void> {
    while (!this.crowd.stopping) {
      this.count++;
      const turn = this.count % 10;
      if (turn === 3) await this.lock(this.count % lockCount);
      else if (turn === 6) await this.remove();
      else if (turn % 2 === 0) await this.create();
      else await this.set();
      await sleep(this.crowd.paceMs);
    }
  }

  private async create(): Promise<void> {
    const path = `${this.home}/n${this.count}`;
    const answer = await this.ask('create', { path, data: Buffer.from(path), acl: openAcl, flags: 0 });
    if (answer === unknown) return;
    if (typeof answer === 'number') return this.problem(`create ${path} was answered ${answer}`);
    this.there.add(path);
    this.acknowledged();
  }

  private async set(): Promise<void> {
    const value = ++this.register.tried;
    const path = `${this.home}/register`;
    const answer = await this.ask('setData', { path, data: Buffer.from(`${value}`), version: -1 });
    if (answer === unknown) return;
    if (typeof answer === 'number') return this.problem(`setData was answered ${answer}`);
    this.register.acknowledged = value;
    this.acknowledged();
  }

  private async remove(): Promise<void> {
    const [path] = this.there;
    if (path === undefined) return;
    this.there.delete(path);
    const answer = await this.ask('delete', { path, version: -1 });
    if (answer === unknown) return;
    if (typeof answer === 'number') return this.problem(`delete ${path} was answered ${answer}`);
    this.gone.add(path);
    this.acknowledged();
  }

  private async owns(path: string): Promise<boolean> {
    for (;;) {
      const answer = await this.ask('sync', { path });
      if (typeof answer === 'symbol') continue;
      const seen = await this.ask<{ stat: Stat }>('exists', { path, watch: false });
      if (typeof seen === 'symbol') continue;
      return typeof seen !== 'number' && seen.stat.ephemeralOwner === this.sessionId;
    }
  }

  /** A lock is an ephemeral that only one can have made; nobody else may think it is theirs while we hold it. */
  private async lock(which: number): Promise<void> {
    const path = `/clients/lock-${which}`;
    const taken = await this.ask('create', { path, data: Buffer.from(this.home), acl: openAcl, flags: 1 });
    if (taken === nodeExists) return;
    if (taken === unknown && !(await this.owns(path))) return;
    if (typeof taken === 'number') return this.problem(`create ${path} was answered ${taken}`);
    const other = this.crowd.holders[which] ?? null;
    if (other !== null) this.problem(`has lock ${which}, and client ${other} has it too`);
    this.crowd.holders[which] = this.number;
    this.crowd.locksTaken++;
    this.acknowledged();
    await sleep(20);
    this.crowd.holders[which] = null;
    for (;;) {
      const answer = await this.ask('delete', { path, version: -1 });
      if (answer === unknown) {
        if (await this.owns(path)) continue;
        return;
      }
      if (answer === noNode) this.problem(`lock ${which} was gone while it was held`);
      this.acknowledged();
      return;
    }
  }

  judge(tree: SeenTree): string[] {
    const out: string[] = [];
    const say = (text: string): void => void out.push(`client ${this.number}: ${text}`);
    for (const path of this.there) {
      const node = tree.get(path);
      if (node === undefined) say(`${path} was acknowledged and is not there`);
      else if (!node.data.equals(Buffer.from(path))) say(`${path} has other data`);
    }
    for (const path of this.gone) if (tree.has(path)) say(`${path} was deleted and is there`);
    const value = Number(tree.get(`${this.home}/register`)?.data.toString() ?? 'NaN');
    if (!(value >= this.register.acknowledged && value <= this.register.tried))
      say(`the register is ${value}, acknowledged was ${this.register.acknowledged}`);
    const alive = tree.get(`${this.home}/alive`);
    if (alive === undefined) say('its ephemeral is gone');
    else if (alive.stat.ephemeralOwner !== this.sessionId || alive.stat.czxid !== this.ephemeral?.czxid)
      say('its ephemeral is another one');
    return out;
  }

  ping(): void {
    void this.session?.ping();
  }

  async leave(): Promise<void> {
    const session = await this.connection();
    await session.close();
  }
}
