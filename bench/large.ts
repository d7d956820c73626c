import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './cluster.ts';
import { ours } from './contestants.ts';
import { type LoadKeys, runGenerator } from './generator.ts';

/**
 * A large tree, from its loading to its restart, on one server of ours: time, rate, resident memory and the longest time
 * the event loop was held up, step by step. `npm run build` first; then
 *
 *   node --import ./scripts/ts.mjs bench/large.ts [nodes [nodes...]]
 *
 * prints a table for each number of nodes, of 100 bytes. A third of them is deleted and created again, twice. Snapshots
 * are taken all along, one for every 50,000 to 100,000 writes, or for as many as a twentieth to a tenth of the nodes, for each is
 * as large as all of them; and while the reads of the last step go on.
 */
const LEAST_SNAP_COUNT = 100_000;
const READ_SECONDS = 5;
const SETTLE_MS = 3000;

async function run(nodes: number): Promise<void> {
  const cluster = await Cluster.start(ours, 1, [`snapCount=${Math.max(LEAST_SNAP_COUNT, nodes / 10)}`]);
  console.log(`\n| ${nodes.toLocaleString('en')} nodes of 100 bytes | s | k/s | RSS, MB | longest stall, ms |`);
  console.log('|---|---|---|---|---|');
  const row = async (name: string, more: string): Promise<void> => {
    const stall = (await cluster.stallMs()) ?? 0;
    console.log(`| ${name} | ${more} | ${cluster.rssMb().toFixed(0)} | ${stall.toFixed(0)} |`);
    cluster.forgetStalls();
  };
  const load = async (name: string, operation: string, keys: LoadKeys = {}): Promise<void> => {
    cluster.forgetStalls();
    const shared = { hosts: cluster.hosts, clients: 8, outstanding: 128, nodes };
    const { operations, seconds } = await runGenerator(operation, { ...shared, ...keys });
    await row(name, `${seconds.toFixed(1)} | ${(operations / seconds / 1000).toFixed(1)}`);
  };
  const rest = async (name: string): Promise<void> => {
    await sleep(SETTLE_MS);
    await row(name, `${(SETTLE_MS / 1000).toFixed(1)} |`);
  };
  const read = (name: string): Promise<void> => load(name, 'get-loaded', { seconds: READ_SECONDS });
  try {
    await row('started', '|');
    await load('loaded', 'load');
    await rest('at rest');
    await read('read here and there');
    for (const time of ['a third', 'a third again']) {
      await load(`${time}: deleted`, 'take-third');
      await load(`${time}: created`, 'put-third');
    }
    await rest('at rest');
    await read('read here and there');
    const ms = await cluster.restartMs();
    await row('restarted', `${(ms / 1000).toFixed(1)} |`);
    await read('read here and there');
  } finally {
    await cluster.stop();
  }
}

for (const nodes of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 1_000_000]) await run(nodes);
