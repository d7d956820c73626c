import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../src/client/client.ts';
import { Contender } from './clients/contender.ts';
import { roster } from './clients/roster.ts';
import { Cluster } from './cluster.ts';
import { apache, ours } from './contestants.ts';
import { median } from './table.ts';

const USAGE = `Usage: node --import ./scripts/ts.mjs bench/clients.ts [options]

The same work for this project's client and those of others, on one server, a client at a time and in turns.

  --server NAME   menagerie (unless given) or apache
  --only TEXT     scenarios whose name contains it; may be repeated
  --rounds N      measurements of each, 3 unless given
  --quick         one short round: shows that it works, not how fast
  --json FILE     all figures of all rounds
`;

const NODES = 1000;
const DATA_BYTES = 100;
const UNDER_WAY = 64;
const MS = { warm: 2000, again: 300, run: 1500 };
const QUICK_MS = { warm: 300, again: 300, run: 300 };

interface Figures {
  /** Operations a second. */
  readonly rate: number;
  /** CPU microseconds of the client's process for each. */
  readonly cpu: number;
  /** Microseconds, where one is under way. */
  readonly p50?: number;
  readonly p99?: number;
}

interface Scenario {
  readonly name: string;
  /** `ms`: how long; a scenario that has an end of its own goes on until then. */
  run(contender: Contender, ms: number): Promise<Figures>;
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'menagerie' },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Changes every node, in one request. */
let fire: () => Promise<void>;

const SCENARIOS: readonly Scenario[] = [
  { name: 'reads, one at a time', run: (contender, ms) => oneAtATime(contender, 'read', ms) },
  { name: 'writes, one at a time', run: (contender, ms) => oneAtATime(contender, 'write', ms) },
  { name: `reads, ${UNDER_WAY} under way`, run: (contender, ms) => pipelined(contender, 'read', ms) },
  { name: `writes, ${UNDER_WAY} under way`, run: (contender, ms) => pipelined(contender, 'write', ms) },
  { name: `${NODES} watches set and fired`, run: watches },
];

await main();

async function main(): Promise<void> {
  if (values.help) return say(USAGE);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds ${values.rounds} is no number of rounds`);
  const chosen = SCENARIOS.filter(
    ({ name }) => values.only.length === 0 || values.only.some((text) => name.includes(text)),
  );
  if (chosen.length === 0) return say(`${SCENARIOS.map(({ name }) => name).join('\n')}\n`);
  const contestant = values.server === 'menagerie' ? ours : values.server === 'apache' ? apache() : undefined;
  if (contestant === undefined)
    throw new RangeError(`--server ${values.server}: menagerie, or apache where it is installed`);
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: resolve(import.meta.dirname, '..'), stdio: 'inherit' });
  // The disk would be all that the writes show.
  const server = await Cluster.start(contestant, 1, ['forceSync=no']);
  const contenders: Contender[] = [];
  try {
    const { entries, missing } = roster([server.hosts, String(NODES), String(DATA_BYTES)]);
    for (const line of missing) say(`${line}\n`);
    await using writer = await connect(server.hosts);
    const data = Buffer.alloc(DATA_BYTES, 'x');
    await writer.create('/bench', undefined);
    const paths = Array.from({ length: NODES }, (_, i) => `/bench/${i}`);
    await Promise.all(paths.map((path) => writer.create(path, data)));
    const changes = paths.map((path) => ({ op: 'setData', path, data }) as const);
    fire = async () => void (await writer.multi(changes));
    for (const { name, program, args } of entries) contenders.push(await Contender.start(name, program, args));
    const rows = await measure(chosen, contenders, rounds);
    say(`Server: ${contestant.name}. Node ${process.versions.node}, ${rounds} rounds.\n\n${table(rows)}`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 1)}\n`);
  } finally {
    for (const contender of contenders) await contender.stop();
    await server.stop();
  }
}

interface Row {
  readonly scenario: string;
  readonly client: string;
  readonly rounds: Figures[];
}

async function measure(
  scenarios: readonly Scenario[],
  contenders: readonly Contender[],
  rounds: number,
): Promise<Row[]> {
  const ms = values.quick ? QUICK_MS : MS;
  const rows: Row[] = [];
  for (const scenario of scenarios) {
    const turns = contenders.map((contender) => ({
      contender,
      row: { scenario: scenario.name, client: contender.name, rounds: [] } as Row,
    }));
    // The server is as warm for the first as for the last.
    for (const contender of contenders) await scenario.run(contender, ms.warm);
    for (let round = 0; round < rounds; round++) {
      const first = round % turns.length;
      for (const { contender, row } of [...turns.slice(first), ...turns.slice(0, first)]) {
        await scenario.run(contender, ms.again);
        row.rounds.push(await scenario.run(contender, ms.run));
      }
    }
    rows.push(...turns.map(({ row }) => row));
  }
  return rows;
}

async function oneAtATime(contender: Contender, operation: 'read' | 'write', ms: number): Promise<Figures> {
  const { p50, p99, ...run } = await contender.run(operation, 1, ms);
  return { ...perOperation(run), p50, p99 };
}

async function pipelined(contender: Contender, operation: 'read' | 'write', ms: number): Promise<Figures> {
  return perOperation(await contender.run(operation, UNDER_WAY, ms));
}

/** One operation is a watch, set and fired. */
async function watches(contender: Contender, ms: number): Promise<Figures> {
  let seconds = 0;
  let cpuSeconds = 0;
  let operations = 0;
  for (const began = performance.now(); performance.now() - began < ms; operations += NODES) {
    const watched = await contender.watch(UNDER_WAY, fire);
    seconds += watched.setSeconds + watched.firedSeconds;
    cpuSeconds += watched.cpuSeconds;
  }
  return perOperation({ operations, seconds, cpuSeconds });
}

function perOperation(run: { operations: number; seconds: number; cpuSeconds: number }): Figures {
  return { rate: run.operations / run.seconds, cpu: (run.cpuSeconds / run.operations) * 1e6 };
}

function table(rows: readonly Row[]): string {
  const clients = [...new Set(rows.map(({ client }) => client))];
  const lines = [`| | ${clients.join(' | ')} |`, `|---|${'---|'.repeat(clients.length)}`];
  for (const scenario of new Set(rows.map((row) => row.scenario))) {
    const cells = clients.map((client) => {
      const of = rows.find((row) => row.scenario === scenario && row.client === client)?.rounds ?? [];
      const [rate, cpu] = [median(of.map((round) => round.rate)), median(of.map((round) => round.cpu))];
      const latency = of[0]?.p50 === undefined ? '' : `${micros(of, 'p50')} / ${micros(of, 'p99')}; `;
      return `${Math.round(rate).toLocaleString('en')}; ${latency}${cpu.toFixed(1)}`;
    });
    lines.push(`| ${scenario} | ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n\nCells: operations a second; p50 / p99 in us; CPU us of the client for each. Medians.\n`;
}

function micros(rounds: readonly Figures[], key: 'p50' | 'p99'): string {
  return median(rounds.map((round) => round[key] ?? Number.NaN)).toFixed(0);
}

function say(text: string): void {
  process.stdout.write(text);
}
