import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { examine } from '../../src/doctor/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { type Ensemble, startEnsemble, startPeer } from '../../src/index.ts';

/** Broken set-ups, each named right: what is said of it, and nothing else is bad. */
const dirs: string[] = [];
const servers: Server[] = [];
let ensemble: Ensemble | undefined;

afterEach(async () => {
  await ensemble?.close();
  ensemble = undefined;
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'doctor-'));
  dirs.push(dir);
  return dir;
}

/** A zoo.cfg in a directory of its own; `DIR` in a line stands for that directory. */
function setUp(lines: readonly string[], dir = freshDir()): string {
  const file = join(dir, 'zoo.cfg');
  const all = ['tickTime=2000', 'initLimit=10', 'syncLimit=5', 'clientPort=21', ...lines];
  writeFileSync(file, `${all.join('\n')}\n`.replaceAll('DIR', dir));
  return file;
}

/** A directory with a history: `count` nodes in the log, and a snapshot at its start. */
async function withHistory(count = 3): Promise<string> {
  const dir = freshDir();
  const peer = startPeer({ dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1' });
  await peer.ready;
  await peer.listening;
  const client = await connect(`127.0.0.1:${peer.clientPort}`);
  for (let i = 0; i < count; i++) await client.create(`/n${i}`, 'x'.repeat(100));
  await client.close();
  await peer.close();
  return dir;
}

function fileIn(dir: string, begins: string): string {
  const name = readdirSync(join(dir, 'version-2')).find((each) => each.startsWith(begins));
  return join(dir, 'version-2', name as string);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(path, bytes);
}

const badIn = (findings: readonly Finding[]): string[] =>
  findings.filter(({ verdict }) => verdict === 'bad').map(({ about, text }) => `${about}: ${text}`);
const notesIn = (findings: readonly Finding[]): string[] =>
  findings.filter(({ verdict }) => verdict === 'note').map(({ about, text }) => `${about}: ${text}`);

describe('a configuration', () => {
  const MEMBERS = ['server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4', 'server.3=127.0.0.1:5:6'];
  const cases: readonly (readonly [name: string, lines: readonly string[], said: RegExp])[] = [
    ['without a dataDir', [], /dataDir/],
    ['with a dataDir of no value', ['dataDir='], /dataDir/],
    ['with a word where a number belongs', ['dataDir=DIR', 'snapCount=many'], /snapCount/],
    ['with a port that is none', ['dataDir=DIR', 'clientPort=70000'], /clientPort/],
    ['without a myid', ['dataDir=DIR', ...MEMBERS], /myid/],
    ['with a server line that is cut off', ['dataDir=DIR', 'server.1=127.0.0.1:1', 'server.2=b:1:2'], /server\.1/],
    ['with one id twice', ['dataDir=DIR', ...MEMBERS, 'server.2=127.0.0.1:7:8'], /server\.2/],
    ['with TLS asked for', ['dataDir=DIR', 'secureClientPort=2281'], /secureClientPort/],
    ['with SASL asked for', ['dataDir=DIR', 'sessionRequireClientSASLAuth=true'], /sessionRequireClientSASLAuth/],
    ['with a dataDir that is a file', ['dataDir=DIR/zoo.cfg'], /dataDir/],
    ['with ~ for the home directory', ['dataDir=~/data'], /dataDir/],
    ['with a tick of no time', ['dataDir=DIR', 'tickTime=0'], /tickTime/],
  ];
  for (const [name, lines, said] of cases) {
    it(name, async () => {
      const bad = badIn(await examine(setUp(lines), '/'));
      expect(bad.filter((line) => line.startsWith('config: ') && said.test(line))).not.toEqual([]);
    });
  }

  it('that is a directory, and one that is not there', async () => {
    expect(badIn(await examine(freshDir(), '/'))[0]).toMatch(/^config: .*director/i);
    expect(badIn(await examine('/no/such/zoo.cfg', '/'))[0]).toMatch(/^config: .*\/no\/such\/zoo\.cfg/);
  });

  it('with a key that nobody knows is worth a note', async () => {
    const notes = notesIn(await examine(setUp(['dataDir=DIR', 'datadirr=/x']), '/'));
    expect(notes.filter((line) => line.includes('datadirr'))).toHaveLength(1);
  });
});

describe('files', () => {
  it('that are as they should be', async () => {
    const findings = await examine(setUp([`dataDir=${await withHistory()}`]), '/');
    expect(badIn(findings)).toEqual([]);
    expect(findings.map(({ text }) => text).join('\n')).toMatch(/1 log file with 5 transactions, up to zxid 0x5/);
  });

  it('a snapshot with a flipped bit', async () => {
    const dir = await withHistory();
    const snapshot = fileIn(dir, 'snapshot.');
    flip(snapshot, 40);
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      expect.stringMatching(/^files: .*snapshot\.0 cannot be loaded: /),
    ]);
  });

  it('a snapshot that was cut', async () => {
    const dir = await withHistory();
    const snapshot = fileIn(dir, 'snapshot.');
    writeFileSync(snapshot, readFileSync(snapshot).subarray(0, 60));
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      expect.stringMatching(/^files: .*snapshot\.0 cannot be loaded: it was not written to its end/),
    ]);
  });

  it('the last log with a torn end is a note that names file, offset and zxid', async () => {
    const dir = await withHistory();
    const log = fileIn(dir, 'log.');
    flip(log, lastRecordOf(log) + 30);
    const findings = await examine(setUp([`dataDir=${dir}`]), '/');
    expect(badIn(findings)).toEqual([]);
    expect(notesIn(findings).join('\n')).toMatch(/log\.1 breaks off at offset \d+, behind zxid 0x4: /);
  });

  it('a log before the last one with damage', async () => {
    const dir = await withHistory();
    const first = fileIn(dir, 'log.');
    writeFileSync(join(dir, 'version-2', 'log.6'), readFileSync(first).subarray(0, 16));
    flip(first, lastRecordOf(first) + 30);
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      expect.stringMatching(/^files: .*log\.1 breaks off at offset \d+, behind zxid 0x4: /),
    ]);
  });

  it('a log of something else', async () => {
    const dir = await withHistory();
    writeFileSync(join(dir, 'version-2', 'log.6'), 'not a log at all, but long enough for a header');
    const findings = await examine(setUp([`dataDir=${dir}`]), '/');
    expect([...badIn(findings), ...notesIn(findings)].join('\n')).toMatch(
      /log\.6 (breaks off at offset 0|cannot be read)/,
    );
  });

  it('transactions that are missing between snapshot and log', async () => {
    const dir = await withHistory();
    const log = fileIn(dir, 'log.');
    const late = join(dir, 'version-2', 'log.4');
    writeFileSync(late, readFileSync(log));
    rmSync(log);
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/')).join('\n')).toMatch(
      /the log begins at 0x4, and the newest whole snapshot ends at 0x0/,
    );
  });

  it('epochs that cannot be', async () => {
    const dir = await withHistory();
    writeFileSync(join(dir, 'version-2', 'currentEpoch'), '5\n');
    writeFileSync(join(dir, 'version-2', 'acceptedEpoch'), '4\n');
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      'files: acceptedEpoch is 4 and currentEpoch 5: the first is never smaller',
    ]);
    writeFileSync(join(dir, 'version-2', 'acceptedEpoch'), 'five\n');
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      expect.stringMatching(/acceptedEpoch holds "five\\n", which is no epoch$/),
    ]);
    // A server refuses it, so the doctor may not pass over it.
    writeFileSync(join(dir, 'version-2', 'acceptedEpoch'), ' 5\n');
    expect(badIn(await examine(setUp([`dataDir=${dir}`]), '/'))).toEqual([
      expect.stringMatching(/acceptedEpoch holds " 5\\n", which is no epoch$/),
    ]);
  });

  it('a directory that is empty is worth a note', async () => {
    expect(notesIn(await examine(setUp(['dataDir=DIR']), '/')).join('\n')).toMatch(/holds no history/);
  });
});

describe('an ensemble', () => {
  function configOf(id: number): string {
    const peer = (ensemble as Ensemble).peers[id - 1];
    const { config } = peer as NonNullable<typeof peer>;
    const lines = (config.quorumVerifier?.text() ?? '').split('\n').filter((line) => line.startsWith('server.'));
    const ports = (ensemble as Ensemble).peers.map((each) => each.clientPort);
    const members = lines.map((line, i) => `${line.split(';')[0]};127.0.0.1:${ports[i]}`);
    return setUp([
      `dataDir=${config.dataDir}`,
      `clientPort=${ports[id - 1]}`,
      'clientPortAddress=127.0.0.1',
      ...members,
    ]);
  }

  it('that is whole can spare one, and one that lost a member cannot', async () => {
    ensemble = await startEnsemble(3);
    const whole = await examine(configOf(1), '/');
    expect(badIn(whole)).toEqual([]);
    expect(whole.map(({ text }) => text)).toContain('this server can be stopped: the others are a quorum without it');
    // A follower: without its leader the rest would look for another one first.
    const victim = ensemble.peers.findIndex((peer) => peer.mode === 'follower') + 1;
    const file = configOf((victim % 3) + 1);
    await ensemble.peers[victim - 1]?.close();
    const without = badIn(await examine(file, '/'));
    expect(without).toContain('quorum: if this server stops now, the rest is no quorum');
    expect(without).toContain(`members: server ${victim} is out of reach: election port: ECONNREFUSED`);
  });

  it('without a quorum: what is left, and the two ways back', async () => {
    ensemble = await startEnsemble(3);
    const file = configOf(1);
    await ensemble.peers[1]?.close();
    await ensemble.peers[2]?.close();
    const findings = await examine(file, '/');
    const lost = findings.find(({ about, verdict }) => about === 'quorum' && verdict === 'bad');
    expect(lost?.text).toMatch(/^[01] of 3 voters serve, which is no quorum/);
    expect(lost?.mend).toMatch(/^Two ways back\. 1: .* 2: /);
  });

  it('whose members have other server lines, or other trees', async () => {
    ensemble = await startEnsemble(3);
    const conf = (members: string): string => `clientPort=1\nmembership: \n${members}\nversion=0`;
    const text = (ensemble.peers[0]?.config.quorumVerifier?.text() ?? '').split('\n');
    const liar = await answering({
      srvr: 'Zookeeper version: 3.9.4-x, built on 2025-01-01 00:00 UTC\nMode: follower\n',
      conf: conf(`${text[0]}\nserver.9=127.0.0.1:1:2:participant`),
      hash: '80: 12345\n',
    });
    const other = await answering({ hash: '80: 54321\n', srvr: 'Mode: follower\n' });
    const peer = ensemble.peers[0];
    const lines = text.filter((line) => line.startsWith('server.')).map((line) => line.split(';')[0]);
    const ports = [peer?.clientPort, liar, other];
    const file = setUp([
      `dataDir=${peer?.config.dataDir}`,
      `clientPort=${peer?.clientPort}`,
      'clientPortAddress=127.0.0.1',
      ...lines.map((line, i) => `${line};127.0.0.1:${ports[i]}`),
    ]);
    const findings = await examine(file, '/');
    expect(badIn(findings)).toContain('members: servers 1 and 2 have different server lines');
    expect(badIn(findings)).toContain('members: servers 2 and 3 have different trees at zxid 0x80');
    expect(notesIn(findings).join('\n')).toMatch(/versions differ: 3\.9\.5-menagerie-0\.1\.0, 3\.9\.4-x/);
  });
});

/** A server that answers words from a table, and its port. */
function answering(words: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((done) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.end(words[chunk.toString('latin1')] ?? ''));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port));
  });
}

/** Offset of the last record: the file ends in zeros behind it. */
function lastRecordOf(path: string): number {
  const bytes = readFileSync(path);
  let at = 16;
  let last = at;
  while (at + 12 < bytes.length && bytes.readInt32BE(at + 8) > 0) {
    last = at;
    at += 12 + bytes.readInt32BE(at + 8) + 1;
  }
  return last;
}

it('a directory that may not be written to', async () => {
  const dir = freshDir();
  mkdirSync(join(dir, 'data'));
  const file = setUp([`dataDir=${join(dir, 'data')}`]);
  chmodSync(join(dir, 'data'), 0o500);
  const isRoot = process.getuid?.() === 0;
  const bad = badIn(await examine(file, '/'));
  chmodSync(join(dir, 'data'), 0o700);
  // Root may write everywhere.
  expect(bad.filter((line) => line.startsWith('disk: ')).length).toBe(isRoot ? 0 : 1);
});
