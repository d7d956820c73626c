// Many requests at once, checked afterwards against Apache as the model. The log of the server under test says in which
// order the writes happened; every reply header says after which write its read was. Done again in that order, one at
// a time, on a fresh Apache server, every request must get the same answer and every session hear the same events.
// (Zxids are compared without their epoch: the model is a standalone server.) Apache itself is not held to this: its readers look at the
// state and at its zxid one after the other, and a pending setACL does not yet count for the write behind it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Ensemble } from '../harness/ensemble.ts';
import { runJava } from '../harness/programs.ts';
import { judge, type Kind, Server } from '../harness/server.ts';
import { decodeResponse, op } from '../raw/records.ts';
import { RawSession, type Reply, type WatchEvent } from '../raw/session.ts';
import { diffFlags, diffSettings, onPurpose } from './driver.ts';
import { Generator } from './generator.ts';
import { Known } from './known.ts';
import { Namer, nameOfType } from './namer.ts';
import { Rng } from './rng.ts';
import { describe, type Step } from './steps.ts';

export interface ConcurrentOptions {
  readonly kinds: readonly Kind[];
  readonly seed: number;
  readonly requests: number;
  readonly basePort: number;
  readonly sessions?: number;
  /** Requests each session has under way. */
  readonly window?: number;
}

export interface ConcurrentResult {
  readonly checked: number;
  readonly writes: number;
  readonly events: number;
  readonly problems: readonly string[];
}

type Request = Step & { kind: 'request' };

interface Done {
  readonly slot: number;
  readonly step: Request;
  readonly reply: Reply;
}

/** These end connections, or are refused before they are ordered. */
const outOfOrder = ['auth', 'sasl', 'closeSession', 'unknown', 'check', 'ping', 'broken', 'null acl'];

const counter = (zxid: bigint): bigint => (zxid < 0n ? zxid : zxid & 0xffffffffn);

async function openSessions(ports: readonly number[], count: number): Promise<RawSession[]> {
  const sessions: RawSession[] = [];
  for (let i = 0; i < count; i++) {
    const session = await RawSession.open({ port: ports[i % ports.length] as number, timeoutMs: 700_000 });
    if (session.granted === null) throw new Error('no session was granted');
    if (i % 2 === 0) await session.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('bob:secret') });
    sessions.push(session);
  }
  // Each of them starts on a server that has all sessions, as the model has them: a follower may lag behind the last.
  for (const session of sessions) await session.call('sync', { path: '/' });
  return sessions;
}

/** Keeps a window of requests under way in every session at once. */
async function storm(
  sessions: readonly RawSession[],
  generator: Generator,
  known: Known,
  options: ConcurrentOptions,
): Promise<Done[]> {
  const { requests, window = 8 } = options;
  const done: Done[] = [];
  let drawn = 0;
  await Promise.all(
    sessions.map(async (session, slot) => {
      const underWay: Request[] = [];
      for (;;) {
        while (underWay.length < window && drawn < requests) {
          drawn++;
          const step = generator.request(slot);
          underWay.push(step);
          session.sendRaw(step.xid, step.type, step.body);
        }
        const step = underWay.shift();
        if (step === undefined) return;
        const reply = await session.nextReply();
        if (reply === 'closed') throw new Error(`the connection was closed at ${describe(step)}`);
        if (reply.xid !== step.xid) throw new Error(`xid ${reply.xid} answered, ${step.xid} was next`);
        if (reply.err === 0)
          known.learn(step.name, step.body, decodeResponse(nameOfType.get(step.type) ?? 'ping', reply.body));
        if (reply.zxid > generator.lastZxid) generator.lastZxid = reply.zxid;
        done.push({ slot, step, reply });
      }
    }),
  );
  return done;
}

/** session and cxid -> the counter of its transaction, as the log has them. */
async function readOrder(server: Server): Promise<Map<string, bigint>> {
  const order = new Map<string, bigint>();
  const version2 = join(server.dataDir, 'version-2');
  for (const name of readdirSync(version2).filter((file) => file.startsWith('log.'))) {
    const { stdout } = await runJava('interop.DumpLog', [join(version2, name)]);
    for (const line of stdout.trim().split('\n').slice(1)) {
      const { header } = JSON.parse(line) as { header: { clientId: string; cxid: number; zxid: string } };
      order.set(`${header.clientId} ${header.cxid}`, counter(BigInt(header.zxid)));
    }
  }
  return order;
}

export async function runConcurrent(options: ConcurrentOptions): Promise<ConcurrentResult> {
  const { kinds, seed, basePort, sessions: count = 6 } = options;
  // Quotas are checked against what is applied, whatever is still under way; that depends on the moment.
  const common = { settings: { ...diffSettings, enforceQuota: 'false' }, flags: diffFlags };
  const servers =
    kinds.length === 1
      ? [new Server({ kind: kinds[0] as Kind, clientPort: basePort, ...common })]
      : new Ensemble({ basePort, kinds, tickTime: 500, ...common }).servers;
  const model = new Server({ kind: judge, clientPort: basePort + 100, ...common });
  const known = new Known();
  const generator = new Generator(new Rng(seed), known, new Set([...outOfOrder, ...Object.keys(onPurpose)]));
  try {
    for (const server of [...servers, model]) server.launch();
    await Promise.all([...servers, model].map((server) => server.untilServing()));
    const tested = await openSessions(
      servers.map((server) => server.clientPort),
      count,
    );
    const done = await storm(tested, generator, known, options);
    const eventsOf = await settle(tested, done);
    tested.forEach((session) => {
      session.abandon();
    });
    for (const server of servers) await server.stop();
    const order = await readOrder(servers[0] as Server);
    const ids = tested.map((session) => session.sessionId);
    return await replay(model, done, eventsOf, order, ids, kinds.length > 1);
  } finally {
    await Promise.all([...servers, model].map((server) => server.remove()));
  }
}

/** Every session hears the rest of its events; then all of them, in order, per session. */
async function settle(sessions: readonly RawSession[], done: readonly Done[]): Promise<WatchEvent[][]> {
  const events = sessions.map((_, slot) =>
    done.filter((each) => each.slot === slot).flatMap((each) => each.reply.events),
  );
  for (const [slot, session] of sessions.entries()) {
    await session.call('sync', { path: '/' });
    events[slot]?.push(...session.events.splice(0));
  }
  return events;
}

interface Placed extends Done {
  /** After which transaction it is done again. */
  readonly at: bigint;
  readonly writes: boolean;
}

async function replay(
  model: Server,
  done: readonly Done[],
  eventsOf: readonly WatchEvent[][],
  order: ReadonlyMap<string, bigint>,
  ids: readonly bigint[],
  ensemble: boolean,
): Promise<ConcurrentResult> {
  const problems: string[] = [];
  const placed = done.map((each): Placed => {
    const own = order.get(`${ids[each.slot]} ${each.step.xid}`);
    if (own !== undefined && own !== counter(each.reply.zxid))
      problems.push(`${describe(each.step)}: transaction ${own}, answered at ${counter(each.reply.zxid)}`);
    return { ...each, at: own ?? counter(each.reply.zxid), writes: own !== undefined };
  });
  // A write opens its zxid; reads of the same state follow, each session's in its own order.
  placed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : Number(b.writes) - Number(a.writes)));
  const sessions = await openSessions([model.clientPort], ids.length);
  const testedNamer = new Namer();
  const modelNamer = new Namer();
  for (const id of ids) testedNamer.session(id);
  for (const session of sessions) modelNamer.session(session.sessionId);
  const modelEvents: WatchEvent[][] = sessions.map(() => []);
  for (const { slot, step, reply } of placed) {
    const answer = await (sessions[slot] as RawSession).callRaw(step.type, forModel(step, ensemble), step.xid);
    if (answer === 'closed') {
      problems.push(`the model closes at ${describe(step)}`);
      break;
    }
    modelEvents[slot]?.push(...answer.events);
    const name = nameOfType.get(step.type) ?? 'ping';
    const [expected, got] = [stripped(modelNamer.reply(name, answer)), stripped(testedNamer.reply(name, reply))];
    // A standalone server has no configuration to show.
    if (!isDeepStrictEqual(got, expected) && !step.body.includes('/zookeeper/config')) {
      problems.push(`${describe(step)}\n  model ${show(expected)}\n  tested ${show(got)}`);
      if (problems.length > 5) break;
    }
  }
  if (problems.length === 0) {
    for (const [slot, session] of sessions.entries()) {
      const answer = await session.ping();
      if (answer !== 'closed') modelEvents[slot]?.push(...answer.events);
      const [expected, got] = [stripped(modelEvents[slot]), stripped(eventsOf[slot])];
      if (!isDeepStrictEqual(got, expected))
        problems.push(`events of session ${slot}\n  model ${show(expected)}\n  tested ${show(got)}`);
    }
  }
  for (const session of sessions) session.abandon();
  return {
    checked: placed.length,
    writes: placed.filter((each) => each.writes).length,
    events: modelEvents.flat().length,
    problems,
  };
}

/** setWatches names a zxid of the ensemble, or one before its epoch; the model has counters only. */
function forModel({ type, body }: Request, ensemble: boolean): Buffer {
  if (!ensemble || (type !== op.setWatches && type !== op.setWatches2)) return body;
  const epoch = body.readInt32BE();
  const copy = Buffer.from(body);
  if (epoch <= 1) copy.writeInt32BE(0);
  if (epoch === 0) copy.writeInt32BE(0, 4);
  return copy;
}

/** Plain values with every zxid reduced to its counter. */
function stripped(value: unknown): unknown {
  if (typeof value === 'bigint') return counter(value);
  if (typeof value === 'string')
    return value.replaceAll(/time of (\d+)/g, (_, zxid) => `time of ${counter(BigInt(zxid))}`);
  if (Array.isArray(value)) return value.map(stripped);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, stripped(part)]));
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)).slice(0, 600);
}
