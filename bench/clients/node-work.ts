import { createInterface } from 'node:readline';
import { type Driver, openDriver } from './drivers.ts';

/**
 * The work of a client of Node, as a process of its own. Arguments: client, hosts, nodes, bytes of each. It speaks the
 * protocol that `contender.ts` describes. Every reply is checked: a wrong one ends the process with its reason.
 */
const [name = '', hosts = '', nodes = '', bytes = ''] = process.argv.slice(2);
const paths = Array.from({ length: Number(nodes) }, (_, i) => `/bench/${i}`);
const data = Buffer.alloc(Number(bytes), 'x');
const CLOCK_EVERY = 16;

const driver = await openDriver(name, hosts);
say('ready');
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const [order = '', operation = '', underWay = '', ms = ''] = line.split(' ');
  if (order === 'run') say(await run(operation, Number(underWay), Number(ms)));
  else if (order === 'watch') await watch(driver, Number(operation));
  else throw new RangeError(`no order ${line}`);
}
driver.close(() => process.exit(0));

/** Operations, seconds, CPU seconds, and p50 and p99 in microseconds; latencies of requests one at a time alone. */
function run(operation: string, underWay: number, ms: number): Promise<string> {
  const versions = new Map<string, number>();
  const took: number[] = [];
  const cpuBefore = cpuSeconds();
  const began = performance.now();
  let isOver = false;
  let asked = 0;
  let answered = 0;
  return new Promise((resolve) => {
    const onAnswered = (askedAt: number): void => {
      answered++;
      if (underWay === 1) took.push(performance.now() - askedAt);
      if (!isOver && answered % CLOCK_EVERY === 0) isOver = performance.now() - began >= ms;
      if (!isOver) ask();
      else if (answered === asked) {
        const seconds = (performance.now() - began) / 1000;
        const figures = [answered, seconds, cpuSeconds() - cpuBefore, quantileUs(took, 0.5), quantileUs(took, 0.99)];
        resolve(figures.join(' '));
      }
    };
    const ask = (): void => {
      const path = paths[asked++ % paths.length] as string;
      const askedAt = underWay === 1 ? performance.now() : 0;
      if (operation === 'read') {
        driver.read(path, (error, found) => {
          checkData(path, error, found);
          onAnswered(askedAt);
        });
        return;
      }
      driver.write(path, data, (error, version) => {
        checkVersion(versions, path, error, version);
        onAnswered(askedAt);
      });
    };
    for (let i = 0; i < underWay; i++) ask();
  });
}

/** Says how many seconds it took to set a watch on each node, and when all have fired how much CPU it was altogether. */
function watch(client: Driver, underWay: number): Promise<void> {
  const cpuBefore = cpuSeconds();
  const began = performance.now();
  const waiting = new Set<string>();
  let asked = 0;
  let answered = 0;
  return new Promise((resolve) => {
    const onChanged = (path: string): void => {
      if (!waiting.delete(path)) fail(`a watch fired at ${path}, where there is none`);
      if (waiting.size > 0 || answered < paths.length) return;
      say(`fired ${cpuSeconds() - cpuBefore}`);
      resolve();
    };
    const ask = (): void => {
      const path = paths[asked++] as string;
      client.watch(path, onChanged, (error, found) => {
        checkData(path, error, found);
        waiting.add(path);
        if (++answered === paths.length) say(`set ${(performance.now() - began) / 1000}`);
        else if (asked < paths.length) ask();
      });
    };
    for (let i = 0; i < underWay; i++) ask();
  });
}

function checkData(path: string, error: unknown, found: Buffer | undefined): void {
  if (error) fail(`${path} was not read: ${error}`);
  if (found === undefined || !data.equals(found)) fail(`${path} was read as ${found}`);
}

/** Nobody else writes meanwhile. */
function checkVersion(versions: Map<string, number>, path: string, error: unknown, version: number | undefined): void {
  if (error) fail(`${path} was not written: ${error}`);
  if (version === undefined) fail(`${path} was written without a version`);
  const before = versions.get(path);
  if (before !== undefined && version !== before + 1) fail(`${path} went from version ${before} to ${version}`);
  versions.set(path, version);
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function quantileUs(tookMs: readonly number[], share: number): number {
  const sorted = Float64Array.from(tookMs).sort();
  return (sorted[Math.floor(share * sorted.length)] ?? 0) * 1000;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}
