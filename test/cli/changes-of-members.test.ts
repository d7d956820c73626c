import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseOptions } from '../../src/cli/zk/options.ts';
import { Output } from '../../src/cli/zk/output.ts';
import { Shell } from '../../src/cli/zk/shell.ts';
import { wordsOf } from '../../src/cli/zk/words.ts';
import type { Ensemble } from '../../src/embed/ensemble.ts';
import type { RunningPeer } from '../../src/embed/running-peer.ts';
import { startEnsemble } from '../../src/index.ts';

/** zkServer.sh transfer, and reconfig --dry-run, against three servers in this process. */
const root = resolve(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'members-'));
let ensemble: Ensemble;

beforeAll(async () => {
  ensemble = await startEnsemble(3, {
    properties: {
      'admin.enableServer': true,
      'admin.serverPort': 0,
      reconfigEnabled: true,
      'DigestAuthenticationProvider.superDigest': 'super:lK75jTNcA+U9vtVEw5vB51mj/w4=',
    },
  });
  for (const peer of ensemble.peers) await peer.adminListening;
});
afterAll(async () => {
  await ensemble.close();
  rmSync(dir, { recursive: true, force: true });
});

const numberOf = (peer: RunningPeer): number => ensemble.peers.indexOf(peer) + 1;
const leader = (): RunningPeer => ensemble.leader as RunningPeer;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function transfer(config: string, to?: number, authorization = 'digest super:secret'): Promise<Ended> {
  const file = join(dir, 'zoo.cfg');
  writeFileSync(file, config);
  const script = join(root, 'src/cli/transfer.ts');
  const args = ['--import', join(root, 'scripts/ts.mjs'), script, file, ...(to === undefined ? [] : [String(to)])];
  return new Promise((done) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...(authorization === '' ? {} : { ZK_ADMIN_AUTHORIZATION: authorization }) },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => (said.stdout += text));
    child.stderr.on('data', (text) => (said.stderr += text));
    child.on('close', (code) => done({ code, ...said }));
  });
}

async function shell(...lines: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const parsed = parseOptions(['-server', ensemble.connectString]);
  const output = new Output({ out: (text) => (said.out += text), err: (text) => (said.err += text) }, false);
  const opened = new Shell(parsed, { output, confirm: () => Promise.resolve(true) });
  await opened.waitForConnection();
  let code = 0;
  for (const line of lines) {
    said.out = '';
    said.err = '';
    code = await opened.execute(wordsOf(line), line, new AbortController().signal);
  }
  await opened.end();
  return { code, ...said };
}

describe('transfer', () => {
  test('hands over, and says so', async () => {
    const before = leader();
    const to = numberOf(ensemble.peers.find((peer) => peer !== before) as RunningPeer);
    expect(await transfer(`admin.serverPort=${before.adminPort}\n`, to)).toEqual({
      code: 0,
      stdout: 'The leadership is handed over.\n',
      stderr: '',
    });
    await expect.poll(() => ensemble.leader && numberOf(ensemble.leader), { timeout: 10_000 }).toBe(to);
  });

  test('refuses with 2 where the leadership stays, and with 1 where nobody was asked', async () => {
    const follower = ensemble.peers.find((peer) => peer !== ensemble.leader) as RunningPeer;
    expect(await transfer(`admin.serverPort=${follower.adminPort}\n`)).toMatchObject({
      code: 2,
      stderr: `The leadership stays where it is: this server does not lead; server ${numberOf(leader())} does\n`,
    });
    const here = `admin.serverAddress=127.0.0.1\nadmin.serverPort=${leader().adminPort}\n`;
    expect(await transfer(here, 9)).toMatchObject({
      code: 2,
      stderr: 'The leadership stays where it is: server 9 is no voter that follows\n',
    });
    const unknown = await transfer(here, undefined, '');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('ZK_ADMIN_AUTHORIZATION="digest super:<password>"');
    expect((await transfer('admin.enableServer=false\n')).stderr).toContain(
      'admin.enableServer=false; a server without',
    );
    const free = createServer();
    const port = await new Promise<number>((done) => {
      free.listen(0, '127.0.0.1', () => done((free.address() as { port: number }).port));
    });
    await new Promise((done) => free.close(done));
    expect(await transfer(`admin.serverPort=${port}\n`)).toMatchObject({
      code: 1,
      stderr: `the admin server at 127.0.0.1:${port} does not answer: connect ECONNREFUSED 127.0.0.1:${port}\n`,
    });
  });
});

describe('reconfig --dry-run', () => {
  test('says what it would do to the quorum', async () => {
    const leaving = numberOf(leader());
    const { code, out, err } = await shell('addauth digest super:secret', `reconfig --dry-run -remove ${leaving}`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n').slice(0, 3)).toEqual([
      `server ${leaving} leaves`,
      'voters before: 1,2,3; 1 may fail',
      `voters after: ${[1, 2, 3].filter((sid) => sid !== leaving).join(',')}; 0 may fail`,
    ]);
    expect(out).toContain('it would survive fewer failures than now\n');
    expect(out).toContain('it would be carried out\n');
    expect((await shell('config')).out).toContain(`server.${leaving}=`);
  });

  test('and why it would be refused', async () => {
    const joins = 'server.4=127.0.0.1:1:2;3,server.5=127.0.0.1:4:5;6,server.6=127.0.0.1:7:8;9';
    expect(await shell(`reconfig --dry-run -add ${joins} -remove 2,3`)).toMatchObject({
      code: 1,
      err: 'it would be refused: no quorum of the new members follows the leader\n',
    });
    expect((await shell('reconfig --dry-run -remove 1,2,3')).err).toContain('it would be refused: ');
    expect((await shell('reconfig --dry-run -v 7 -remove 3')).err).toMatch(/the members have version \w+, not 7/);
    expect((await shell('reconfig --dry-run -remove 3')).err).toContain('nobody of this session may write');
  });

  test('as the leader knows it: reconfig_dry_run of the admin server', async () => {
    const ask = async (peer: RunningPeer, query: string): Promise<Record<string, unknown>> => {
      const answer = await fetch(`http://127.0.0.1:${peer.adminPort}/commands/reconfig_dry_run?${query}`);
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    const joining = encodeURIComponent('server.4=127.0.0.1:1:2;3');
    expect(await ask(leader(), `joining=${joining}`)).toMatchObject({
      status: 200,
      would_be_carried_out: true,
      changes: ['server 4 joins as participant'],
      voters_before: [1, 2, 3],
      voters_after: [1, 2, 3, 4],
      not_synchronised: [4],
      may_fail_now: 1,
      may_fail_at_first: 0,
      may_fail_then: 1,
      leader_hands_over: false,
    });
    expect(await ask(leader(), 'leaving=1,2,3')).toMatchObject({ would_be_carried_out: false, refusal_code: -8 });
    expect(await ask(leader(), 'version=7&leaving=3')).toMatchObject({
      would_be_carried_out: false,
      refusal_code: -103,
    });
    expect(await ask(leader(), 'version=x')).toMatchObject({ status: 400 });
    expect(await ask(leader(), 'members=x&leaving=3')).toMatchObject({ status: 400 });
    const follower = ensemble.peers.find((peer) => peer !== ensemble.leader) as RunningPeer;
    expect(await ask(follower, 'leaving=3')).toMatchObject({ status: 409 });
  });
});
