import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditTool } from '../../src/cli/audit/who.ts';
import { ranTool } from '../../src/cli/files/tool.ts';
import { connect } from '../../src/client/client.ts';
import { startPeer } from '../../src/index.ts';

/** The one who changed a node, asked of the directory and the audit log of a server that ran. */
const dir = mkdtempSync(join(tmpdir(), 'who-'));
const audit = join(dir, 'audit.log');
let sessions: string[] = [];

beforeAll(async () => {
  const peer = startPeer({
    dataDir: join(dir, 'data'),
    clientPort: 0,
    clientPortAddress: '127.0.0.1',
    preAllocSize: 64,
    'audit.enable': true,
    'audit.file': audit,
  });
  await Promise.all([peer.ready, peer.listening]);
  const address = `127.0.0.1:${peer.clientPort}`;
  const alice = await connect(address);
  await alice.addAuth('digest', 'alice:secret');
  await alice.create('/a', 'x');
  await alice.setData('/a', 'y');
  const bob = await connect(address);
  await bob.addAuth('digest', 'bob:secret');
  await bob.multi([
    { op: 'check', path: '/a', version: 1 },
    { op: 'setData', path: '/a', data: 'z' },
    { op: 'create', path: '/b', data: '' },
  ]);
  await expect(
    bob.multi([
      { op: 'delete', path: '/a' },
      { op: 'create', path: '/b' },
    ]),
  ).rejects.toThrow();
  await bob.create('/lock', '', { mode: 'ephemeral' });
  sessions = [alice, bob].map(({ sessionId }) => `0x${sessionId.toString(16)}`);
  await bob.close();
  await alice.delete('/a');
  await alice.close();
  await peer.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function who(...args: readonly string[]): { code: number; out: string[]; err: string } {
  const ended = { out: '', err: '' };
  const code = ranTool(auditTool, args, {
    out: (text) => {
      ended.out += text;
    },
    err: (text) => {
      ended.err += text;
    },
    readLine: () => undefined,
  });
  const out = ended.out.split('\n').map((line) => line.replace(/^\S+Z zxid 0x\w+ /, ''));
  return { code, out: out.slice(0, -1), err: ended.err.replace(/\d{4}-\S+Z/g, 'TIME') };
}

const data = ['--data-log-dir', join(dir, 'data')];

describe('who', () => {
  test('says each change of the node with names, address and session', () => {
    const [alice, bob] = sessions;
    expect(who('who', '/a', ...data, '--audit', audit)).toEqual({
      code: 0,
      out: [
        `created by alice,127.0.0.1 from 127.0.0.1, session ${alice}`,
        `data set by alice,127.0.0.1 from 127.0.0.1, session ${alice}`,
        `data set by bob,127.0.0.1 from 127.0.0.1, session ${bob}`,
        `deleted by alice,127.0.0.1 from 127.0.0.1, session ${alice}`,
      ],
      err: '4 changes of /a since TIME; what was before is in no log here\n',
    });
  });

  test('knows the session that an ephemeral node went with', () => {
    expect(who('who', '/lock', ...data, '--audit', audit).out).toEqual([
      `created by bob,127.0.0.1 from 127.0.0.1, session ${sessions[1]}`,
      `deleted with its session, by bob,127.0.0.1 from 127.0.0.1, session ${sessions[1]}`,
    ]);
  });

  test('has the session alone without an audit log', () => {
    expect(who('who', '/b', ...data)).toMatchObject({
      code: 0,
      out: [`created by session ${sessions[1]}, of which no audit log here has a line`],
    });
  });

  test('reads lines of Apache ZooKeeper, and of a log with other lines', () => {
    const line = `session=${sessions[1]}\tuser=carol\tip=10.0.0.9\toperation=create\tznode=/b\tznode_type=persistent\tresult=success`;
    const now = new Date();
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 23);
    const logback = join(dir, 'logback.log');
    writeFileSync(
      logback,
      `noise\n${local.replace('T', ' ').replace('.', ',')} INFO audit.Slf4jAuditLogger: ${line}\n`,
    );
    const json = join(dir, 'server.log');
    writeFileSync(json, `{"level":"info"\n${JSON.stringify({ level: 'info', time: now.toISOString(), msg: line })}\n`);
    const said = `created by carol from 10.0.0.9, session ${sessions[1]}`;
    expect(who('who', '/b', ...data, '--audit', logback).out).toEqual([said]);
    expect(who('who', '/b', ...data, '--audit', json).out).toEqual([said]);
  });

  test('of Apache’s lines takes the first field of a name, and sends no control characters to a terminal', () => {
    const forged = join(dir, 'forged.log');
    const path = '/b\tuser=mallory\tip=10.0.0.1';
    const line = `session=${sessions[1]}\tuser=ca\x1b[2Jrol\tip=10.0.0.9\toperation=create\tznode=${path}\tresult=failure`;
    writeFileSync(forged, `${new Date().toISOString()} ERROR audit: ${line}\n`);
    expect(who('who', '/b', ...data, '--audit', forged).out).toEqual([
      `created by ca\\u001b[2Jrol from 10.0.0.9, session ${sessions[1]}`,
    ]);
  });

  test('leaves out what is older, and says since when it has looked', () => {
    const { code, out, err } = who('who', '/a', ...data, '--since', '2100-01-01T00:00:00Z');
    expect({ code, out, err }).toEqual({ code: 0, out: [], err: '0 changes of /a since TIME\n' });
    expect(who('who', '/a', ...data, '--since', '1h').out).toHaveLength(4);
  });

  test('in an empty directory says that there is nothing', () => {
    const empty = join(dir, 'empty');
    mkdirSync(join(empty, 'version-2'), { recursive: true });
    expect(who('who', '/a', '--data-log-dir', empty).err).toBe(`${join(empty, 'version-2')} holds no transaction\n`);
  });

  test.each([
    [[], 2, /^say who\n/],
    [['when', '/a', ...data], 2, /^there is no "when" here: say who\n/],
    [['who', ...data], 2, /^name the node\n/],
    [['who', 'a', ...data], 2, /^a is no path: it begins with \/\n/],
    [['who', '/a', '/b', ...data], 2, /^there is no use for "\/b"\n/],
    [['who', '/a'], 2, /^--data-log-dir is needed\n/],
    [['who', '/a', '--data-log-dir', '/nowhere'], 1, /^\/nowhere has no version-2: it is no directory of a server\n$/],
    [['who', '/a', ...data, '--since', 'yesterday'], 2, /^--since yesterday is no time: /],
    [['who', '/a', ...data, '--colour'], 2, /Unknown option '--colour'/],
    [['who', '/a', ...data, '--audit', '/nowhere/audit.log'], 1, /^\/nowhere\/audit\.log cannot be read: /],
  ])('of %j ends with %i and a sentence', (args, code, sentence) => {
    const ended = who(...args);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(sentence);
    expect(ended.out).toEqual([]);
  });

  test('--help is the usage', () => {
    expect(who('--help')).toMatchObject({ code: 0, err: '' });
    expect(who('--help').out[0]).toBe(
      'Usage: menagerie audit who PATH --data-log-dir DIR [--audit FILE]... [--since TIME]',
    );
  });
});
