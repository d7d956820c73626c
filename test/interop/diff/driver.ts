// Puts two servers through the same random requests, one at a time, and compares everything they say.
import { isDeepStrictEqual } from 'node:util';
import { type Kind, Server } from '../harness/server.ts';
import { op } from '../raw/records.ts';
import { Generator, type SlotState } from './generator.ts';
import { Known } from './known.ts';
import { Rng } from './rng.ts';
import { type Outcome, Side } from './side.ts';
import { describe, type Step } from './steps.ts';

export interface DiffOptions {
  readonly a: Kind;
  readonly b: Kind;
  readonly seed: number;
  readonly requests: number;
  /** Two client ports from here. */
  readonly basePort: number;
  /** Operations left out, by name. */
  readonly skip?: readonly string[];
  readonly slots?: number;
  readonly onProgress?: (done: number) => void;
}

export interface Difference {
  readonly at: number;
  readonly step: string;
  readonly a: string;
  readonly b: string;
  readonly before: readonly string[];
}

export interface DiffResult {
  readonly done: number;
  readonly difference: Difference | null;
  /** "operation error-code" -> how often, as A answered. */
  readonly table: ReadonlyMap<string, number>;
}

/** Where ours answers otherwise on purpose, with the reason; these are not drawn when ours is one of the two. */
export const onPurpose: { readonly [name: string]: string } = {
  'refused re-attach': 'a wrong password does not cost the rightful holder of the session its connection',
  'setWatches null': 'a null list or path is refused before what stands in front of it is looked at',
  deleteContainer: "op 20 is the leader's own; from a client it would delete without any permission",
};

/** What both servers are told: odd features on, nothing that happens by itself while we look. */
export const diffSettings = {
  tickTime: 2000,
  minSessionTimeout: 600_000,
  maxSessionTimeout: 1_200_000,
  extendedTypesEnabled: 'true',
  enforceQuota: 'true',
  'DigestAuthenticationProvider.superDigest': 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=',
};
const diffFlags = ['-Dznode.container.checkIntervalMs=2000000000'];

export function text(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field), 1);
}

export async function runDiff(options: DiffOptions): Promise<DiffResult> {
  const { a, b, basePort, slots = 4 } = options;
  const build = (kind: Kind, clientPort: number): Server =>
    new Server({ kind, clientPort, settings: diffSettings, flags: diffFlags });
  const servers = [build(a, basePort), build(b, basePort + 1)] as const;
  const sides = [new Side(servers[0], slots), new Side(servers[1], slots)] as const;
  try {
    await Promise.all(servers.map((server) => server.start()));
    return await new Run(options, sides).run();
  } catch (error) {
    throw new Error(
      `the run broke off; the servers' last words:\n${servers.map((server) => server.lastWords()).join('\n\n')}`,
      { cause: error },
    );
  } finally {
    await Promise.all(sides.map((side) => side.leave()));
    await Promise.all(servers.map((server) => server.remove()));
  }
}

class Run {
  private readonly options: DiffOptions;
  private readonly sides: readonly [Side, Side];
  private readonly known = new Known();
  private readonly generator: Generator;
  private readonly table = new Map<string, number>();
  private readonly history: string[] = [];

  constructor(options: DiffOptions, sides: readonly [Side, Side]) {
    this.options = options;
    this.sides = sides;
    const ours = options.a === 'ours' || options.b === 'ours';
    const skip = new Set([...(options.skip ?? []), ...(ours ? Object.keys(onPurpose) : [])]);
    this.generator = new Generator(new Rng(options.seed), this.known, skip);
  }

  async run(): Promise<DiffResult> {
    const [a, b] = this.sides;
    for (let at = 0; at < this.options.requests; at++) {
      const states: SlotState[] = a.slots.map((_, index) => a.slotState(index));
      const step = this.generator.next(states);
      const [left, right] = await Promise.all([a.execute(step), b.execute(step)]);
      if (!isDeepStrictEqual(left, right))
        return { done: at, difference: this.difference(at, step, left, right), table: this.table };
      this.learn(step, left);
      this.history.push(`${describe(step)}\n    -> ${text(left.answer).replaceAll(/\n */g, ' ')}`);
      if (this.history.length > 12) this.history.shift();
      this.options.onProgress?.(at + 1);
    }
    return { done: this.options.requests, difference: null, table: this.table };
  }

  private difference(at: number, step: Step, a: Outcome, b: Outcome): Difference {
    return { at, step: describe(step), a: text(a), b: text(b), before: [...this.history] };
  }

  private learn(step: Step, outcome: Outcome): void {
    const [a, b] = this.sides;
    this.generator.lastZxid = a.lastZxid;
    if (step.kind !== 'request') {
      if (
        step.kind === 'reattach' &&
        typeof outcome.answer === 'object' &&
        outcome.answer !== null &&
        'refused' in outcome.answer &&
        step.how === 'right'
      ) {
        a.forget(step.slot);
        b.forget(step.slot);
      }
      return;
    }
    const answer = outcome.answer as { err?: number; value?: unknown } | string;
    const code = typeof answer === 'string' ? answer : String(answer.err);
    const cell = `${step.name} ${code}`;
    this.table.set(cell, (this.table.get(cell) ?? 0) + 1);
    if (typeof answer === 'string' || answer.err !== 0) return;
    if (step.type === op.closeSession) {
      a.forget(step.slot);
      b.forget(step.slot);
      for (const [path, node] of [...this.known.nodes]) if (node.ephemeral) this.known.deleted(path);
      return;
    }
    this.learnValue(step.name, pathOf(step.body), answer.value);
  }

  private learnValue(name: string, path: string, value: unknown): void {
    const found = (value ?? {}) as {
      path?: string | null;
      stat?: { version: number; aversion: number; ephemeralOwner: unknown };
    };
    if (Array.isArray(value)) {
      for (const item of value as { type: number; err: number; value: unknown }[]) {
        if (item.type === 15 || item.type === 1) this.learnValue('create', '', item.value);
        const cell = `${name} item ${item.type === -1 ? item.err : 0}`;
        this.table.set(cell, (this.table.get(cell) ?? 0) + 1);
      }
    } else if (name.startsWith('create') && typeof found.path === 'string') {
      this.known.created(found.path, found.stat !== undefined && found.stat.ephemeralOwner !== 0n);
    } else if (name === 'delete' || name === 'deleteContainer') this.known.deleted(path);
    else if (found.stat !== undefined) this.known.seen(path, found.stat.version, found.stat.aversion);
  }
}

/** Nearly every request begins with a path. */
function pathOf(body: Buffer): string {
  if (body.length < 4) return '';
  const length = body.readInt32BE();
  return length < 0 || length > body.length - 4 ? '' : body.toString('utf8', 4, 4 + length);
}
