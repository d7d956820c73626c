// Records what a real server answers to random requests, one at a time over several sessions, together with the log
// it wrote, into test/golden/answers (see test/golden/README.md). Ours must answer, and log, the same.
//
//   node --import ./scripts/ts.mjs test/interop/golden-answers.ts [requests] [seed] [directory]
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { diffSettings } from './diff/driver.ts';
import { Generator } from './diff/generator.ts';
import { Known } from './diff/known.ts';
import { Rng } from './diff/rng.ts';
import { judge, root, Server } from './harness/server.ts';
import { decodeResponse, type OpName, op } from './raw/records.ts';
import { type Answer, RawSession, type WatchEvent } from './raw/session.ts';

const slots = 4;
const requests = Number(process.argv[2] ?? 2500);
const seed = Number(process.argv[3] ?? 1);
const directory = process.argv[4] ?? join(root, 'test/golden/answers');

/** Apache lets clients do these; ours refuses them on purpose. */
const refusedByUs = ['deleteContainer', 'check'];
const nameOfType = new Map<number, OpName>(Object.entries(op).map(([name, type]) => [type, name as OpName]));

const server = new Server({
  kind: judge,
  clientPort: 22710,
  settings: diffSettings,
  flags: ['-Dznode.container.checkIntervalMs=2000000000'],
});
const sessions: (RawSession | null)[] = new Array<RawSession | null>(slots).fill(null);
const lines: string[] = [];
const known = new Known();
const generator = new Generator(new Rng(seed), known, new Set([...refusedByUs, 'ping']));

function record(line: object): void {
  lines.push(JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

function plain(events: readonly WatchEvent[]): unknown[] {
  return events.map(({ type, path, zxid }) => [type, path, String(zxid)]);
}

/** What every attached session has heard by now: a ping's answer comes behind it. */
async function overheard(): Promise<{ [slot: number]: unknown }> {
  const heard: { [slot: number]: unknown } = {};
  for (const [slot, session] of sessions.entries()) {
    if (session === null) continue;
    const answer = session.closed ? 'closed' : await session.ping();
    if (answer === 'closed') {
      sessions[slot] = null;
      heard[slot] = 'closed';
    } else if (answer.events.length > 0) heard[slot] = plain(answer.events);
  }
  return heard;
}

function learn(name: string, body: Buffer, answer: Answer): void {
  if (answer === 'closed') return;
  generator.lastZxid = answer.zxid;
  if (answer.err !== 0) return;
  const length = body.length >= 4 ? body.readInt32BE() : -1;
  const path = length > 0 && length <= body.length - 4 ? body.toString('utf8', 4, 4 + length) : '';
  if (name === 'delete') known.deleted(path);
  const learned = (value: unknown): void => {
    const { path: made, stat } = (value ?? {}) as { path?: string; stat?: { version: number; aversion: number } };
    if (typeof made === 'string') known.created(made, false);
    else if (stat !== undefined) known.seen(path, stat.version, stat.aversion);
  };
  const value = decodeResponse(name as OpName, answer.body);
  if (Array.isArray(value)) for (const item of value as { value: unknown }[]) learned(item.value);
  else learned(value);
}

await server.start();
try {
  let done = 0;
  while (done < requests) {
    const states = sessions.map((session) => (session === null ? 'none' : 'attached') as 'none' | 'attached');
    const step = generator.next(states);
    if (step.kind === 'open') {
      const session = await RawSession.open({ port: server.clientPort, timeoutMs: 700_000 });
      sessions[step.slot] = session;
      record({ slot: step.slot, sessionId: session.sessionId, timeoutMs: session.granted?.timeoutMs });
      continue;
    }
    if (step.kind !== 'request') continue;
    const session = sessions[step.slot] as RawSession;
    session.sendRaw(step.xid, step.type, step.body);
    const answer = await session.nextReply();
    done++;
    learn(nameOfType.get(step.type) ?? 'ping', step.body, answer);
    const closes = answer === 'closed' || answer.err === -6 || answer.err === -115 || step.name === 'closeSession';
    if (closes && answer !== 'closed') await Promise.race([session.whenClosed(), sleep(3_000)]);
    const shown =
      answer === 'closed' ? 'closed' : { zxid: answer.zxid, err: answer.err, body: answer.body.toString('hex') };
    const before = answer === 'closed' ? [] : plain(answer.events);
    record({
      slot: step.slot,
      type: step.type,
      xid: step.xid,
      body: step.body.toString('hex'),
      answer: shown,
      before,
      after: await overheard(),
    });
  }
} finally {
  for (const session of sessions) session?.abandon();
  await server.stop();
}

mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'answers.jsonl.gz'), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
const log = readdirSync(join(server.dataDir, 'version-2')).filter((name) => name.startsWith('log.'));
if (log.length !== 1) throw new Error(`one log was expected: ${log.join(' ')}`);
writeFileSync(
  join(directory, 'log.1.gz'),
  gzipSync(readFileSync(join(server.dataDir, 'version-2', log[0] as string)), { level: 9 }),
);
await server.remove();
