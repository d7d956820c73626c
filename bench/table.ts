import type { Figures } from './scenarios.ts';

/** The figures of one scenario and contestant, over the rounds: medians, and the ratio round by round. */
export interface Row {
  readonly scenario: string;
  readonly contestant: string;
  readonly rounds: readonly Figures[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function medianOf(rounds: readonly Figures[], key: keyof Figures): number | undefined {
  const values = rounds.map((round) => round[key]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** Ours divided by the other's, pair by pair; for durations turned round, so that more is always better. */
export function ratios(ours: readonly Figures[], others: readonly Figures[]): number[] {
  return ours.flatMap((round, i) => {
    const other = others[i];
    if (other === undefined) return [];
    if (round.rate !== undefined && other.rate !== undefined) return [round.rate / other.rate];
    return round.ms !== undefined && other.ms !== undefined ? [other.ms / round.ms] : [];
  });
}

const COLUMNS = [
  'scenario',
  'server',
  'rate or time',
  'p50',
  'p99',
  'p99.9',
  'CPU us/op',
  'RSS MB',
  'stall ms',
  'ratio',
];

export function markdownTable(rows: readonly Row[], oursName: string, rivalName: string | undefined): string {
  const lines = [`| ${COLUMNS.join(' | ')} |`, `|${'---|'.repeat(COLUMNS.length)}`];
  for (const { scenario, contestant, rounds } of rows) {
    const rival = rows.find((row) => row.scenario === scenario && row.contestant === rivalName);
    const pairs = contestant === oursName && rival !== undefined ? ratios(rounds, rival.rounds) : [];
    const cells = [
      scenario,
      contestant,
      headline(rounds),
      micros(medianOf(rounds, 'p50')),
      micros(medianOf(rounds, 'p99')),
      micros(medianOf(rounds, 'p999')),
      cpu(rounds),
      whole(medianOf(rounds, 'rssMb')),
      whole(medianOf(rounds, 'stallMs')),
      pairs.length === 0
        ? ''
        : `${median(pairs).toFixed(2)} (${Math.min(...pairs).toFixed(2)} to ${Math.max(...pairs).toFixed(2)})`,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

function headline(rounds: readonly Figures[]): string {
  const rate = medianOf(rounds, 'rate');
  if (rate !== undefined) return `${Math.round(rate).toLocaleString('en')}/s`;
  return `${Math.round(medianOf(rounds, 'ms') ?? Number.NaN).toLocaleString('en')} ms`;
}

function cpu(rounds: readonly Figures[]): string {
  const server = medianOf(rounds, 'cpu');
  const own = medianOf(rounds, 'ownCpu');
  if (server === undefined) return '';
  return own === undefined ? server.toFixed(1) : `${server.toFixed(1)} (load ${own.toFixed(1)})`;
}

function micros(value: number | undefined): string {
  if (value === undefined) return '';
  return value < 10_000 ? `${Math.round(value)} us` : `${(value / 1000).toFixed(1)} ms`;
}

function whole(value: number | undefined): string {
  return value === undefined ? '' : String(Math.round(value));
}
