/** How the rows of stalls.ts are measured and printed. */
export const COUNT = Number(process.argv[2] ?? 100_000);
const ONLY = (process.argv[3] ?? '').split(',');

/** Whether any row with a part of its name like this was asked for. */
export function isWanted(...names: string[]): boolean {
  return names.some((name) => ONLY.some((part) => name.includes(part)));
}

function printed(name: string, measure: () => number): void {
  if (!isWanted(name)) return;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) least = Math.min(least, measure());
  console.log(`| ${name} | ${least.toFixed(1)} |`);
}

/** Milliseconds of a run: of the clock, or of the processor where another program had it meanwhile. */
function timeOf(run: () => void): number {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  run();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return Math.min(wallMs, (user + system) / 1000);
}

/** One turn: the least of three, each on a state of its own. */
export function row(name: string, prepare: () => () => void): void {
  printed(name, () => {
    const run = prepare();
    return timeOf(run);
  });
}

/** The longest of the turns that something takes; a step says whether there is another. The least of three. */
export function longestOf(name: string, prepare: () => () => boolean): void {
  printed(name, () => {
    const step = prepare();
    let longest = 0;
    for (let isMore = true; isMore; ) {
      const ms = timeOf(() => {
        isMore = step();
      });
      longest = Math.max(longest, ms);
    }
    return longest;
  });
}

export function printHead(): void {
  console.log(`| what, ${COUNT.toLocaleString('en')} of each | ms |\n|---|---|`);
}
