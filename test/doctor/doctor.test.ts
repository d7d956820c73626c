import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { checkLimits } from '../../src/doctor/check-disk.ts';
import { examine } from '../../src/doctor/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { type Ensemble, startEnsemble, startPeer } from '../../src/index.ts';
import { writeRecord } from '../../src/txnlog/log/log-format.ts';

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
    ['with a port for TLS and no key store', ['dataDir=DIR', 'secureClientPort=2281'], /ssl\.keyStore\.location/],
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
    const client = await connect(ensemble.connectString);
    await client.create('/a', 'x');
    await client.close();
    const file = configOf(1);
    await ensemble.peers[1]?.close();
    await ensemble.peers[2]?.close();
    const findings = await examine(file, '/');
    const lost = findings.find(({ about, verdict }) => about === 'quorum' && verdict === 'bad');
    expect(lost?.text).toMatch(/^[01] of 3 voters serve, which is no quorum/);
    expect(lost?.mend).toMatch(/^Two ways back\. 1: .* 2: /);
    const about = findings.filter((each) => each.about === 'quorum').map(({ text }) => text);
    expect(about[1]).toMatch(/^what is here: \d+ nodes at zxid 0x[0-9a-f]+, and it loads$/);
    const ways = findings.filter(({ steps }) => steps !== undefined);
    expect(ways.map(({ text }) => text.slice(0, 5))).toEqual(['way 1', 'way 2']);
    expect(ways[0]?.steps?.[0]).toMatch(/^bring 1 of the missing voters up/);
    expect(ways[1]?.steps?.join('\n')).toMatch(/cp -a (\S+) \1\.kept\n.* a single server line in zoo\.cfg: server\.1,/);
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

describe('a machine', () => {
  const MEMBERS = (own: string, other: string) => [
    `server.1=${own}`,
    `server.2=${other}`,
    'dataDir=DIR',
    'clientPort=0',
  ];
  async function member(lines: readonly string[]): Promise<Finding[]> {
    const dir = freshDir();
    writeFileSync(join(dir, 'myid'), '1\n');
    return examine(setUp(lines, dir), '/');
  }

  for (const [name, ahead, said] of [
    [
      'ahead',
      90_000,
      /^clocks: the clock of server 2 is 8[89]\.\d s or more ahead of this machine's$|is 90\.0 s or more/,
    ],
    ['behind', -90_000, /^clocks: the clock of server 2 is 8\d\.\d s or more behind this machine's$/],
  ] as const) {
    it(`whose clock is ${name}`, async () => {
      const http = createHttpServer((_, response) => {
        response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
        response.end();
      });
      servers.push(http);
      await new Promise<void>((done) => http.listen(0, '127.0.0.2', done));
      const { port } = http.address() as { port: number };
      const lines = [...MEMBERS('127.0.0.1:1:2', '127.0.0.2:1:2'), `admin.serverPort=${port}`];
      const bad = badIn(await member(lines)).filter((line) => line.startsWith('clocks'));
      expect(bad).toEqual([expect.stringMatching(said)]);
    });
  }

  it('with the same time, and one that does not say', async () => {
    const http = createHttpServer((_, response) => response.end());
    servers.push(http);
    await new Promise<void>((done) => http.listen(0, '127.0.0.2', done));
    const { port } = http.address() as { port: number };
    const members = MEMBERS('127.0.0.1:1:2', '127.0.0.2:1:2');
    const findings = await member([...members, 'server.3=127.0.0.3:1:2', `admin.serverPort=${port}`]);
    const clocks = findings.filter(({ about }) => about === 'clocks').map(({ verdict, text }) => `${verdict}: ${text}`);
    expect(clocks).toEqual([
      'good: server 2 and this machine have the same time',
      `unknown: the admin port ${port} of server 3 does not answer: no clock was compared (admin.serverAddress)`,
    ]);
  });

  it('whose client port another program has', async () => {
    const port = await answering({});
    const file = setUp(['dataDir=DIR', `clientPort=${port}`, 'clientPortAddress=127.0.0.1']);
    expect(badIn(await examine(file, '/'))).toContain(
      `ports: clientPort: 127.0.0.1:${port} is taken by another program`,
    );
  });

  it('that has not the address of its server line', async () => {
    const bad = badIn(await member(MEMBERS('192.0.2.1:2888:3888', '127.0.0.2:1:2')));
    expect(bad).toContain('ports: election port of server.1: 192.0.2.1 is no address of this machine');
  });

  it('whose own name is a loopback address, when the others are elsewhere', async () => {
    const bad = badIn(await member(MEMBERS('localhost:1:2', '192.0.2.2:2888:3888')));
    expect(bad).toContain(
      'ports: server.1: localhost is a loopback address here, and other servers are on other machines',
    );
  });

  it('whose zoo.cfg has other server lines than the servers that run, and an address that is of another one', async () => {
    const port = await answering({
      conf: 'serverId=3\nserver.1=127.0.0.1:1:2:participant\nserver.2=127.0.0.9:1:2:participant\n',
    });
    const bad = badIn(
      await member(
        MEMBERS('127.0.0.1:1:2', `127.0.0.2:1:2;127.0.0.1:${port}`).map((line) =>
          line.replace('127.0.0.2:1:2', '127.0.0.1:3:4'),
        ),
      ),
    );
    expect(bad).toContain('members: server 2 has other server lines than this zoo.cfg');
    expect(bad).toContain(`members: 127.0.0.1:${port}, the client port of server 2, answers as server 3`);
  });

  it('that lets files not grow, or opens too few', () => {
    const limits = join(freshDir(), 'limits');
    const told = (size: string, files: string) =>
      `Limit                     Soft Limit           Hard Limit           Units\nMax file size             ${size}            unlimited            bytes\nMax open files            ${files}              4096                 files\n`;
    writeFileSync(limits, told('1048576', '256'));
    expect(badIn(checkLimits(limits))).toEqual([
      'limits: this user may have 256 files open',
      'limits: files of this user may have 1048576 bytes at most',
    ]);
    writeFileSync(limits, told('unlimited', '65536'));
    expect(badIn(checkLimits(limits))).toEqual([]);
  });

  it('whose leaders had different clocks, as the log has it', async () => {
    const dir = await withHistory(5);
    const log = fileIn(dir, 'log.');
    const now = Date.now();
    retime(log, (zxid) => (zxid === 4 ? now - 60_000 : zxid === 7 ? now + 600_000 : now));
    const findings = await examine(setUp([`dataDir=${dir}`]), '/');
    expect(notesIn(findings).filter((line) => line.startsWith('clocks'))).toEqual([
      'clocks: at zxid 0x4 the time goes back by 60.0 s: a clock was set back',
    ]);
    expect(badIn(findings)).toEqual([
      expect.stringMatching(
        /^clocks: zxid 0x7, the newest here, was made (600\.0|59\d\.\d) s in the future: the clock of the leader/,
      ),
    ]);
  });
});

/** Writes a log anew with other times. */
function retime(path: string, timeOf: (zxid: number) => number): void {
  const whole = readFileSync(path);
  for (let at = 16; whole.readInt32BE(at + 8) > 0; ) {
    const payload = Buffer.from(whole.subarray(at + 12, at + 12 + whole.readInt32BE(at + 8)));
    payload.writeBigInt64BE(BigInt(timeOf(payload.readUInt32BE(16))), 20);
    at = writeRecord(whole, at, payload);
  }
  writeFileSync(path, whole);
}

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
