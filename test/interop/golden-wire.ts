// Records what real Apache servers and clients say to each other into test/golden/wire (see test/golden/README.md):
// elections and quorum streams of an ensemble through first start, DIFF, SNAP, TRUNC and a reconfiguration, and the
// client frames of the Java, C and Python clients.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, runJava, runZkCommand } from './harness/programs.ts';
import { type Connection, messages, Recorder } from './harness/recorder.ts';
import { judge, root, Server } from './harness/server.ts';
import { Bytes } from './raw/jute.ts';
import { type Packet, RawLearner, type Step } from './raw/learner.ts';
import { decodeVote, packetLength, packetName, quorumPacket, snapshotLength, txnHeader } from './raw/quorum.ts';
import {
  connectRequest,
  connectResponse,
  encodeRequest,
  op,
  openAcl,
  replyHeader,
  requestHeader,
  watcherEvent,
} from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const wire = join(root, 'test/golden/wire');
const basePort = 22020;

function save(name: string, about: object, entries: unknown[]): void {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? String(field) : field));
  const lines = [text(about), ...entries.map(text)];
  writeFileSync(join(wire, `${name}.jsonl`), `${lines.join('\n')}\n`);
}

const hex = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString('hex'));

function electionMessages(connection: Connection): unknown[] {
  let greeted = false;
  return messages(
    connection,
    (bytes, fromDialler) => {
      if (bytes.length < 4) return 0;
      if (fromDialler && !greeted) {
        if (bytes.length < 20 || bytes.length < 20 + bytes.readInt32BE(16)) return 0;
        return 20 + bytes.readInt32BE(16);
      }
      const length = 4 + bytes.readInt32BE();
      return bytes.length < length ? 0 : length;
    },
    (bytes, fromDialler) => {
      const from = fromDialler ? 'dialler' : 'listener';
      if (fromDialler && !greeted) {
        greeted = true;
        const reader = new Bytes(bytes);
        const fields = {
          protocolVersion: reader.read('long'),
          sid: reader.read('long'),
          address: reader.read('string'),
        };
        return { from, message: 'initial message', ...fields, hex: hex(bytes) };
      }
      return { from, message: 'vote', ...decodeVote(bytes.subarray(4)), hex: hex(bytes) };
    },
  );
}

function quorumMessages(connection: Connection): unknown[] {
  let snapshotNext = false;
  return messages(
    connection,
    (bytes, fromDialler) => (!fromDialler && snapshotNext ? snapshotLength(bytes) : packetLength(bytes)),
    (bytes, fromDialler) => {
      const from = fromDialler ? 'learner' : 'leader';
      if (!fromDialler && snapshotNext) {
        snapshotNext = false;
        return { from, name: 'snapshot stream', hex: hex(bytes) };
      }
      const packet = new Bytes(bytes).read(quorumPacket);
      snapshotNext ||= packet.type === 15;
      return showPacket(from, packet, bytes);
    },
  );
}

function meaning(name: string, fromLearner: boolean, data: Buffer | null): object {
  if (data === null || data.length === 0) return {};
  const reader = new Bytes(data);
  const session = { record: { sessionId: 'long', timeout: 'int' } } as const;
  if (name === 'FOLLOWERINFO' || name === 'OBSERVERINFO') {
    return {
      learnerInfo: reader.read({ record: { serverid: 'long', protocolVersion: 'int', configVersion: 'long' } }),
    };
  }
  if (name === 'LEADERINFO') return { protocolVersion: reader.read('int') };
  if (name === 'ACKEPOCH') return { currentEpoch: reader.read('int') };
  if (name === 'NEWLEADER') return { config: data.toString() };
  if (name === 'PROPOSAL' || name === 'INFORM') return { header: reader.read(txnHeader) };
  if (name === 'COMMITANDACTIVATE') return { designatedLeader: reader.read('long') };
  if (name === 'INFORMANDACTIVATE') return { designatedLeader: reader.read('long'), header: reader.read(txnHeader) };
  if (name === 'REQUEST') return { request: reader.read({ record: { sessionId: 'long', cxid: 'int', type: 'int' } }) };
  if (name === 'REVALIDATE') {
    return fromLearner
      ? { session: reader.read(session) }
      : { sessionId: reader.read('long'), valid: reader.read('bool') };
  }
  if (name === 'PING') {
    const sessions: unknown[] = [];
    while (reader.left > 0) sessions.push(reader.read(session));
    return { sessions };
  }
  return {};
}

function clientMessages(connection: Connection): unknown[] {
  let askedHandshake = false;
  let answeredHandshake = false;
  return messages(
    connection,
    (bytes) => (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE() ? 0 : 4 + bytes.readInt32BE()),
    (bytes, fromDialler) => {
      const reader = new Bytes(bytes.subarray(4));
      if (fromDialler) {
        if (!askedHandshake) {
          askedHandshake = true;
          const { passwd, ...fields } = reader.read(connectRequest);
          return {
            from: 'client',
            message: 'connect',
            ...fields,
            passwd: hex(passwd),
            rest: hex(reader.take(reader.left)),
            hex: hex(bytes),
          };
        }
        return { from: 'client', ...reader.read(requestHeader), body: hex(reader.take(reader.left)), hex: hex(bytes) };
      }
      if (!answeredHandshake) {
        answeredHandshake = true;
        const { passwd, ...fields } = reader.read(connectResponse);
        return {
          from: 'server',
          message: 'connect',
          ...fields,
          passwd: hex(passwd),
          rest: hex(reader.take(reader.left)),
          hex: hex(bytes),
        };
      }
      const header = reader.read(replyHeader);
      const event = header.xid === -1 ? { event: reader.read(watcherEvent) } : {};
      return { from: 'server', ...header, ...event, body: hex(reader.take(reader.left)), hex: hex(bytes) };
    },
  );
}

/** An ensemble of 3.9.5 whose members reach each other only through the recorder. */
class RecordedEnsemble {
  readonly recorder = new Recorder();
  readonly servers: Server[] = [];

  readonly base: number;
  readonly count: number;
  readonly settings: { [key: string]: string };
  readonly flags: string[];

  constructor(base: number, count: number, settings: { [key: string]: string }, flags: string[] = []) {
    this.base = base;
    this.count = count;
    this.settings = settings;
    this.flags = flags;
  }

  port(kind: 'client' | 'quorum' | 'election', to: number, from = to): number {
    const own = this.base + { client: 0, quorum: 10, election: 20 }[kind] + to;
    return from === to ? own : own + 30 * from;
  }

  async build(roleOf: (id: number) => string): Promise<void> {
    const ids = Array.from({ length: this.count }, (_, i) => i + 1);
    for (const id of ids) {
      const members = ids.map((to) => {
        const client = `127.0.0.1:${this.port('client', to)}`;
        return `server.${to}=127.0.0.1:${this.port('quorum', to, id)}:${this.port('election', to, id)}:${roleOf(to)};${client}`;
      });
      for (const to of ids.filter((other) => other !== id)) {
        await this.recorder.relay(this.port('quorum', to, id), this.port('quorum', to), `quorum ${id}>${to}`);
        await this.recorder.relay(this.port('election', to, id), this.port('election', to), `election ${id}>${to}`);
      }
      const settings = { tickTime: '500', initLimit: '20', syncLimit: '10', ...this.settings };
      this.servers.push(
        new Server({ kind: judge, id, clientPort: this.port('client', id), members, settings, flags: this.flags }),
      );
    }
  }

  server(id: number): Server {
    const server = this.servers[id - 1];
    if (server === undefined) throw new RangeError(`no server ${id}`);
    return server;
  }

  save(prefix: string): void {
    const counts = new Map<string, number>();
    for (const connection of this.recorder.connections) {
      const [kind, who] = connection.label.split(' ') as ['quorum' | 'election', string];
      const entries = kind === 'quorum' ? quorumMessages(connection) : electionMessages(connection);
      const [from, to] = who.split('>');
      const name = `${prefix}-${connection.phase}-${kind}-${from}-to-${to}`;
      // A lower id dials, introduces itself and hangs up, again and again; once is enough.
      if (entries.length <= 1 && counts.has(name)) continue;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const about = { kind, dialler: Number(from), listener: Number(to), phase: connection.phase };
      save(count === 1 ? name : `${name}-${count}`, about, entries);
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()));
    this.recorder.close();
  }
}

async function write(port: number, path: string, data = 'x'): Promise<void> {
  const session = await RawSession.open({ port, timeoutMs: 10_000 });
  await session.call('create', { path, data: Buffer.from(data), acl: openAcl, flags: 0 });
  await session.close();
}

/** A session carried from one server to another, so that the second asks the leader about it. */
async function moveSession(from: number, to: number): Promise<void> {
  const first = await RawSession.open({ port: from, timeoutMs: 10_000 });
  await first.call('create', { path: '/moved', data: Buffer.from('e'), acl: openAcl, flags: 1 });
  await first.call('sync', { path: '/moved' });
  const { sessionId } = first;
  const passwd = first.granted?.passwd ?? null;
  first.abandon();
  const second = await RawSession.open({ port: to, timeoutMs: 8_000, sessionId, passwd });
  await second.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('bob:secret') });
  await second.call('setData', { path: '/moved', data: Buffer.from('f'), version: 0 });
  await second.close();
  const unknown = await RawSession.open({ port: to, sessionId: 0x100000000000042n, passwd: Buffer.alloc(16) });
  unknown.abandon();
}

async function ensembleStreams(): Promise<void> {
  const ensemble = new RecordedEnsemble(basePort, 4, { extendedTypesEnabled: 'true', snapCount: '1000000' });
  const { recorder } = ensemble;
  await ensemble.build((id) => (id === 4 ? 'observer' : 'participant'));
  const client = (id: number): number => ensemble.port('client', id);

  recorder.phase = 'first';
  for (const server of ensemble.servers) server.launch();
  await Promise.all(ensemble.servers.map((server) => server.untilServing()));
  if ((await ensemble.server(3).mode()) !== 'leader') throw new Error('server 3 was expected to lead');
  await runJava('interop.GoldenTraffic', [`127.0.0.1:${client(1)}`, 'modern', 'ttl']);
  await moveSession(client(1), client(2));
  await moveSession(client(4), client(1));
  await sleep(1_000);

  recorder.phase = 'diff';
  await ensemble.server(1).stop();
  await write(client(2), '/diff', 'while 1 was away');
  await ensemble.server(1).start();

  recorder.phase = 'snap';
  await ensemble.server(2).stop();
  await ensemble.server(4).stop();
  ensemble.server(2).wipe();
  ensemble.server(4).wipe();
  await ensemble.server(2).start();
  await ensemble.server(4).start();

  // Only 3 logs a last write; the others elect without it, so 3 must cut it off. (After a write of the new epoch 3
  // would get a whole snapshot instead: a truncation never crosses an epoch.)
  recorder.phase = 'trunc';
  const lonely = await RawSession.open({ port: client(3), timeoutMs: 10_000 });
  recorder.muted = true;
  lonely.sendRaw(1, op.create, encodeRequest('create', { path: '/lost', data: null, acl: openAcl, flags: 0 }));
  await sleep(300);
  await ensemble.server(3).kill();
  recorder.muted = false;
  await sleep(500);
  await Promise.all([1, 2].map((id) => ensemble.server(id).untilServing()));
  await ensemble.server(3).start();
  await write(client(1), '/kept');
  await sleep(1_000);
  await ensemble.remove();
  ensemble.save('ensemble');
}

/** Members 2 and 3 are real; 1 (a voter) and 4 (an observer) are the judge's, which acknowledge and remember. */
async function reconfiguration(): Promise<void> {
  const base = basePort + 200;
  const members = [1, 2, 3, 4].map(
    (id) =>
      `server.${id}=127.0.0.1:${base + 10 + id}:${base + 20 + id}:${id === 4 ? 'observer' : 'participant'};127.0.0.1:${base + id}`,
  );
  const servers = [2, 3].map(
    (id) =>
      new Server({
        kind: judge,
        id,
        clientPort: base + id,
        members,
        settings: { tickTime: 500, initLimit: 20, syncLimit: 10, reconfigEnabled: 'true' },
        flags: ['-Dzookeeper.skipACL=yes'],
      }),
  );
  for (const server of servers) server.launch();
  await Promise.all(servers.map((server) => server.untilServing()));
  const voter = await RawLearner.dial(base + 13, 1, false);
  const observer = await RawLearner.dial(base + 13, 4, true);
  await Promise.all([voter.until('UPTODATE'), observer.until('UPTODATE')]);
  for (const change of [
    ['-add', `server.5=127.0.0.1:${base + 15}:${base + 25}:observer;127.0.0.1:${base + 5}`],
    ['-remove', '1'],
  ]) {
    const changed = runZkCommand(`127.0.0.1:${base + 3}`, ['reconfig', ...change]);
    const { code, stderr } = await changed;
    if (code !== 0) throw new Error(stderr);
  }
  await sleep(1_000);
  voter.close();
  observer.close();
  await Promise.all(servers.map((server) => server.remove()));
  for (const [name, learner] of [
    ['voter', voter],
    ['observer', observer],
  ] as const) {
    const about = {
      kind: 'quorum',
      dialler: name,
      listener: 3,
      phase: 'reconfig',
      note: 'the learner here is a test program; the leader is real',
    };
    save(`reconfig-quorum-${name}-to-3`, about, learner.steps.map(showStep));
  }
}

function showStep({ fromLeader, bytes, packet }: Step): object {
  const from = fromLeader ? 'leader' : 'learner';
  return packet === 'snapshot' ? { from, name: 'snapshot stream', hex: hex(bytes) } : showPacket(from, packet, bytes);
}

function showPacket(from: 'leader' | 'learner', packet: Packet, bytes: Buffer): object {
  const name = packetName[packet.type] ?? `type ${packet.type}`;
  const shown = { from, name, type: packet.type, zxid: packet.zxid, data: hex(packet.data), authinfo: packet.authinfo };
  return { ...shown, ...meaning(name, from === 'learner', packet.data), hex: hex(bytes) };
}

async function clients(): Promise<void> {
  const server = new Server({ kind: judge, clientPort: basePort + 400, settings: { extendedTypesEnabled: 'true' } });
  await server.start();
  const recorder = new Recorder();
  const port = basePort + 401;
  await recorder.relay(port, server.clientPort, 'client');
  recorder.phase = 'java';
  await runJava('interop.GoldenTraffic', [`127.0.0.1:${port}`, 'modern', 'ttl']);
  await runZkCommand(`127.0.0.1:${port}`, ['whoami']);
  recorder.phase = 'c';
  await run('/usr/lib/zookeeper/bin/cli_mt', [`127.0.0.1:${port}`], {
    input: 'create /c\nget /c\nset /c data\nls /\nls2 /\nexists /none\nsync /\ndelete /c\nquit\n',
  });
  recorder.phase = 'kazoo';
  const script = `
from kazoo.client import KazooClient
zk = KazooClient(hosts='127.0.0.1:${port}', auth_data=[('digest', 'bob:secret')])
zk.start()
zk.create('/kazoo', b'k')
zk.create('/kazoo/e', b'', ephemeral=True, sequence=True)
zk.exists('/kazoo', watch=lambda event: None)
zk.get('/kazoo')
zk.get_children('/kazoo', include_data=True)
zk.set('/kazoo', b'kk', version=0)
zk.get_acls('/kazoo')
zk.sync('/kazoo')
t = zk.transaction()
t.check('/kazoo', 1)
t.create('/kazoo/t', b't')
t.set_data('/kazoo/t', b'tt')
t.delete('/kazoo/t')
t.commit()
zk.delete('/kazoo', recursive=True)
zk.stop()
`;
  await run('/usr/bin/python3', ['-c', script]);
  await server.remove();
  recorder.close();
  const counts = new Map<string, number>();
  for (const connection of recorder.connections) {
    const count = (counts.get(connection.phase) ?? 0) + 1;
    counts.set(connection.phase, count);
    save(
      `client-${connection.phase}-${count}`,
      { kind: 'client', client: connection.phase },
      clientMessages(connection),
    );
  }
}

rmSync(wire, { recursive: true, force: true });
mkdirSync(wire, { recursive: true });
await clients();
await ensembleStreams();
await reconfiguration();
