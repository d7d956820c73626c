// Puts two servers through the same random requests, one at a time, and compares everything they say.
import { isDeepStrictEqual } from 'node:util';
import { Ensemble } from '../harness/ensemble.ts';
import { type Kind, Server } from '../harness/server.ts';
import { op } from '../raw/records.ts';
import { Generator, type SlotState } from './generator.ts';
import { Known } from './known.ts';
import { Rng } from './rng.ts';
import { type Outcome, Side } from './side.ts';
import { describe, type Step } from './steps.ts';

export interface DiffOptions {
  /** One kind is a standalone server, several are the members of an ensemble. */
  readonly a: readonly Kind[];
  readonly b: readonly Kind[];
  readonly seed: number;
  readonly requests: number;
  /** A hundred ports from here for each side. */
  readonly basePort: number;
  /** Operations left out, by name. */
  readonly skip?: readonly string[];
  readonly slots?: number;
  /** More settings for both, over the usual ones. */
  readonly settings?: { readonly [key: string]: string };
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
  'watch on null': 'a null path is the same as an empty one; no client sends it',
  'setWatches null': 'a null list or path is refused before what stands in front of it is looked at',
  deleteContainer: "op 20 is the leader's own; from a client it would delete without any permission",
};

/** What an ensemble of Apache does not survive: it logs these under a zxid it has used, and waits for ever. */
export const fatalToApache: { readonly [name: string]: string } = {
  broken: 'a write whose record cannot be read',
  'null acl': 'a multi with a create without an ACL vector',
};

/** What both servers are told: odd features on, nothing that happens by itself while we look. */
export const diffSettings = {
  minSessionTimeout: 600_000,
  maxSessionTimeout: 1_200_000,
  extendedTypesEnabled: 'true',
  enforceQuota: 'true',
  'DigestAuthenticationProvider.superDigest': 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=',
};
export const diffFlags = ['-Dznode.container.checkIntervalMs=2000000000'];

export function text(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field), 1);
}

/** Both sides in the same epoch, or their zxids could not be compared. */
async function startBoth(options: DiffOptions): Promise<[readonly Server[], readonly Server[]]> {
  for (let attempt = 0; ; attempt++) {
    const sides = [options.a, options.b].map((kinds, i) =>
      buildSide(kinds, options.basePort + 100 * i, options.settings),
    ) as [readonly Server[], readonly Server[]];
    const all = sides.flat();
    for (const server of all) server.launch();
    try {
      await Promise.all(all.map((server) => server.untilServing()));
      const epochs = await Promise.all(sides.map(epochOf));
      if (epochs[0] === epochs[1] || attempt === 4) return sides;
    } catch (error) {
      await Promise.all(all.map((server) => server.remove()));
      throw error;
    }
    await Promise.all(all.map((server) => server.remove()));
  }
}

/** The highest zxid any member names just after the start is the leader's first of its epoch; 0 for a standalone server. */
async function epochOf(servers: readonly Server[]): Promise<string> {
  const zxids = await Promise.all(
    servers.map(async (server) => /^Zxid: (.*)$/m.exec(await server.word('srvr'))?.[1] ?? ''),
  );
  return zxids.sort((x, y) => x.length - y.length || (x < y ? -1 : 1)).at(-1) ?? '';
}

function buildSide(kinds: readonly Kind[], port: number, more: DiffOptions['settings']): readonly Server[] {
  const common = { settings: { ...diffSettings, ...more }, flags: diffFlags };
  const [only] = kinds;
  if (kinds.length === 1 && only !== undefined) return [new Server({ kind: only, clientPort: port, ...common })];
  return new Ensemble({ basePort: port, kinds, tickTime: 500, ...common }).servers;
}

export async function runDiff(options: DiffOptions): Promise<DiffResult> {
  const [a, b] = await startBoth(options);
  const slots = options.slots ?? 4;
  const sides = [new Side(a, slots), new Side(b, slots)] as const;
  try {
    return await new Run(options, sides).run();
  } catch (error) {
    const words = [...a, ...b].map((server) => server.lastWords()).join('\n\n');
    throw new Error(`the run broke off; the servers' last words:\n${words}`, { cause: error });
  } finally {
    await Promise.all(sides.map((side) => side.leave()));
    await Promise.all([...a, ...b].map((server) => server.remove()));
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
    const ours = [...options.a, ...options.b].includes('ours');
    const ensemble = options.a.length > 1 || options.b.length > 1;
    const skip = new Set([
      ...(options.skip ?? []),
      ...(ours ? Object.keys(onPurpose) : []),
      ...(ensemble ? Object.keys(fatalToApache) : []),
    ]);
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
    this.known.learn(step.name, step.body, answer.value);
    if (!Array.isArray(answer.value)) return;
    for (const item of answer.value as { type: number; err: number }[]) {
      const part = `${step.name} item ${item.type === -1 ? item.err : 0}`;
      this.table.set(part, (this.table.get(part) ?? 0) + 1);
    }
  }
}
