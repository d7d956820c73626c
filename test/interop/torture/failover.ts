// npm run interop:failover -- [--kinds ours,apache-3.9.5] [--ticks 500,2000] [--kills 10] [--port 22760]
// How long an ensemble of three does without a leader: from the kill of the leader to the next acknowledged write,
// tried all the time at both survivors. Median, worst, and all of them: they may come in two heaps, and then no median
// of ten says much. A mix is written ours+apache-3.9.5+ours.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Ensemble } from '../harness/ensemble.ts';
import type { Kind, Server } from '../harness/server.ts';
import { openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';

const { values } = parseArgs({
  options: {
    kinds: { type: 'string', default: 'ours,apache-3.9.5' },
    ticks: { type: 'string', default: '500,2000' },
    kills: { type: 'string', default: '10' },
    port: { type: 'string', default: '22760' },
  },
});

let written = 0;

/** One session after the other until a write is acknowledged. */
async function writeThrough(server: Server, stop: () => boolean): Promise<void> {
  while (!stop()) {
    const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 }).catch(() => null);
    if (session !== null && session.granted !== null && session.sessionId !== 0n) {
      const path = `/failover-${written++}`;
      const answer = await session.callNamed('create', { path, data: null, acl: openAcl, flags: 0 });
      session.abandon();
      if (answer !== 'closed' && answer.err === 0) return;
    } else session?.abandon();
    await sleep(10);
  }
}

async function measure(kinds: readonly Kind[], tickTime: number, kills: number): Promise<number[]> {
  const ensemble = await new Ensemble({ basePort: Number(values.port), kinds, tickTime }).start();
  const times: number[] = [];
  try {
    for (let i = 0; i < kills; i++) {
      const leader = await ensemble.leader();
      const survivors = ensemble.servers.filter((server) => server !== leader);
      await Promise.all(survivors.map((server) => writeThrough(server, () => false)));
      await sleep(300 + (i * tickTime) / kills);
      const start = performance.now();
      leader.signal('SIGKILL');
      let done = false;
      await Promise.race(survivors.map((server) => writeThrough(server, () => done)));
      done = true;
      times.push(performance.now() - start);
      await leader.untilExit();
      await leader.start();
      await Promise.all(ensemble.servers.map((server) => server.untilServing()));
    }
  } finally {
    await ensemble.remove();
  }
  return times.sort((a, b) => a - b);
}

for (const tickTime of values.ticks.split(',').map(Number)) {
  for (const name of values.kinds.split(',')) {
    const kinds = name.split('+') as Kind[];
    const members = kinds.length === 1 ? [...kinds, ...kinds, ...kinds] : kinds;
    const times = (await measure(members, tickTime, Number(values.kills))).map(Math.round);
    const median = times[Math.floor(times.length / 2)];
    console.log(`tickTime ${tickTime} ${name}: median ${median} ms, worst ${times.at(-1)} ms of ${times.join(' ')}`);
  }
}
process.exit(0);
