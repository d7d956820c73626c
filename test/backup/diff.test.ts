import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBackup } from '../../src/backup/backup.ts';
import { connect } from '../../src/client/client.ts';
import { disk, Histories } from './histories.ts';

/** The command `diff`, and every verb with what is not what it should be. */
const histories = new Histories();
const root = resolve(import.meta.dirname, '../..');

afterEach(() => histories.close());

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', join(root, 'scripts/ts.mjs'), join(root, 'src/cli/backup.ts'), ...args],
    { encoding: 'utf8', env: { ...process.env, ZK_ADMIN_AUTHORIZATION: 'digest a:b' } },
  );
  return { status, stdout, stderr };
}

/** As `run`, beside a server in this process that has to answer. */
async function runBeside(...args: string[]) {
  const { spawn } = await import('node:child_process');
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'scripts/ts.mjs'), join(root, 'src/cli/backup.ts'), ...args],
    { env: { ...process.env, ZK_ADMIN_AUTHORIZATION: 'digest a:b' } },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise((done) => child.on('close', done));
  return { status, stdout, stderr };
}

describe('diff', () => {
  it('names what was added, removed and changed, by path and by subtree; and says so by its exit code', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir);
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    for (const path of ['/app', '/app/a', '/app/b', '/app/b/c', '/gone', '/gone/x', '/same'])
      await client.create(path, 'x');
    const dir = histories.freshDir();
    const before = join(dir, 'before');
    await createBackup(disk, { dataDir, dataLogDir: dataDir }, before);
    await client.setData('/app/a', 'y');
    await client.setData('/app/b', 'x');
    await client.create('/app/b/d', '');
    await client.create('/new', '');
    await client.setAcl('/same', [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]);
    await client.delete('/app/b/c');
    await client.create('/app/b/c', 'x');
    await client.delete('/gone/x');
    await client.delete('/gone');
    await client.close();
    const url = `http://127.0.0.1:${peer.adminPort}`;
    const differences =
      '~ /app/a  (data, stat)\n~ /app/b  (stat)\n~ /app/b/c  (made anew)\n+ /app/b/d\n- /gone\n- /gone/x\n+ /new\n~ /same  (acl, stat)\n';
    const sums = '+1 -0 ~3  /app\n+0 -2 ~0  /gone\n+1 -0 ~0  /new\n+0 -0 ~1  /same\n+2 -2 ~4  in all\n';
    const found = await runBeside('diff', before, url);
    expect(found).toEqual({
      status: 1,
      stdout: expect.stringMatching(/^--- .*before: \d+ nodes at zxid 0x8\n\+\+\+ /),
      stderr: '',
    });
    expect(found.stdout.split('\n').slice(2).join('\n')).toBe(`${differences}\n${sums}`);
    const deep = run('diff', before, dataDir, '--depth', '2');
    expect(deep.stdout.split('\n').slice(2).join('\n')).toBe(
      '+0 -0 ~1  /app/a\n+1 -0 ~2  /app/b\n+0 -1 ~0  /gone\n+0 -1 ~0  /gone/x\n+1 -0 ~0  /new\n+0 -0 ~1  /same\n+2 -2 ~4  in all\n',
    );
    const json = JSON.parse(run('diff', before, dataDir, '--json').stdout);
    expect(json).toMatchObject({
      equal: false,
      left: { name: before, zxid: '0x8' },
      total: { added: 2, removed: 2, changed: 4 },
      subtrees: { '/gone': { added: 0, removed: 2, changed: 0 } },
    });
    expect(json.differences).toHaveLength(8);
    const after = join(dir, 'after');
    await createBackup(disk, { dataDir, dataLogDir: dataDir }, after);
    const equal = await runBeside('diff', after, url);
    expect([equal.status, equal.stdout.split('\n').slice(2)]).toEqual([0, ['equal', '']]);
    expect(readdirSync(dir).sort()).toEqual(['after', 'before']);
  });
});

describe('what is not what it should be', () => {
  it('gets a sentence, an exit code, and changes nothing', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir);
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.create('/a', 'x');
    await client.close();
    const dir = histories.freshDir();
    const good = join(dir, 'good');
    await createBackup(disk, { dataDir, dataLogDir: dataDir }, good);
    const half = join(dir, 'half');
    mkdirSync(half);
    writeFileSync(join(half, 'manifest.json'), readFileSync(join(good, 'manifest.json')));
    const letter = join(dir, 'letter');
    writeFileSync(letter, 'not a backup');
    const foreign = join(dir, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'manifest.json'), '{"format": 2}\n');
    const inside = join(dataDir, 'version-2', 'b');
    const cases: readonly (readonly [args: string[], status: number, said: RegExp])[] = [
      [['verify', half], 1, /snapshot\.0 cannot be read: ENOENT/],
      [['verify', letter], 1, /letter is no backup: ENOTDIR/],
      [['verify', foreign], 1, /manifest\.json is damaged/],
      [['verify', dir], 1, /is no backup: ENOENT/],
      [['list', '/no/such'], 1, /^\/no\/such is no backup: ENOENT/],
      [['verify'], 2, /^name the backup\n/],
      [['verify', good, 'more'], 2, /^there is no use for "more"\n/],
      [['verify', good, '--json'], 2, /^--json has no use with verify\n/],
      [['delete', good], 2, /^there is no "delete" here/],
      [['create', '--data-dir', dataDir, '--to', good], 1, /good is not empty: name a new directory/],
      [['create', '--data-dir', dataDir, '--to', inside], 1, /is in use by a running server: nothing is written there/],
      [['create', '--data-dir', dataDir, '--to', letter], 1, /letter cannot be used: EEXIST/],
      [['create', '--data-dir', letter, '--to', join(dir, 'n')], 1, /holds no history|not a directory/],
      [['create', '--data-dir', dataDir, '--to', join(dir, 'n'), '--every', '1h'], 2, /^--every has no use here/],
      [
        ['create', '--data-dir', dataDir, '--to', join(dir, 'n'), '--follow', '--every', 'soon'],
        2,
        /is no time: write/,
      ],
      [['create', '--data-dir', dataDir, '--to', join(dir, 'n'), '--follow', '--keep', '0'], 2, /is no number from 1/],
      [['create', '--from', 'ftp://x', '--to', join(dir, 'n')], 1, /^ftp:\/\/x is no address/],
      [['create', '--from', 'http://a', '--data-dir', 'b', '--to', join(dir, 'n')], 2, /and not both/],
      [['restore', good, '--data-dir', dataDir], 1, /is in use by a running server/],
      [['restore', good, '--data-dir', join(dir, 'n'), '--to-zxid', 'zz'], 1, /"zz" is no zxid/],
      [['restore', half, '--data-dir', join(dir, 'n')], 1, /cannot be read/],
      [['diff', good], 2, /^name a second one/],
      [['diff', good, letter], 2, /letter is no backup/],
      [['diff', good, good, '--depth', '-1'], 2, /depth/],
    ];
    const before = [readdirSync(dir, { recursive: true }), readdirSync(join(dataDir, 'version-2'))];
    const found = await Promise.all(cases.map(([args]) => runBeside(...args)));
    cases.forEach(([args, status, said], i) => {
      expect(found[i], args.join(' ')).toMatchObject({ status, stdout: '', stderr: expect.stringMatching(said) });
      expect(found[i]?.stderr).not.toMatch(/\n {4}at /);
    });
    expect([readdirSync(dir, { recursive: true }), readdirSync(join(dataDir, 'version-2'))]).toEqual(before);
  });
});
