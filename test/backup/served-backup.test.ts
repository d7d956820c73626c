import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AdminFeed } from '../../src/backup/admin-feed.ts';
import { restoreBackup, verifyBackup } from '../../src/backup/backup.ts';
import { recordsIn } from '../../src/backup/feed.ts';
import { createFromFeed } from '../../src/backup/served-backup.ts';
import type { RunningPeer } from '../../src/index.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { disk, Histories, write } from './histories.ts';

/** Backups over the admin port of servers that run. */
const histories = new Histories();
const servers: Server[] = [];
const authorization = 'digest anybody:anything';

afterEach(async () => {
  await histories.close();
  for (const server of servers.splice(0)) server.close();
});

const urlOf = (peer: RunningPeer) => `http://127.0.0.1:${peer.adminPort}`;

async function ask(
  peer: RunningPeer,
  query: string,
  headers: Record<string, string> = { Authorization: authorization },
) {
  const response = await fetch(`${urlOf(peer)}/commands/txn_log${query}`, { headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('a backup over the admin port', () => {
  it('can be proved, and restored to any transaction behind its snapshot', async () => {
    const peer = await histories.start(histories.freshDir());
    const models = await write(peer, 10);
    const feed = new AdminFeed({ url: urlOf(peer), authorization });
    const reads = feed.read.bind(feed);
    // Writes behind the snapshot come from the log.
    feed.read = async (from) => {
      if (models.size === 10) await write(peer, 20, models);
      return reads(from);
    };
    const to = join(histories.freshDir(), 'b');
    const manifest = await createFromFeed(disk, feed, to);
    const last = [...models.keys()].at(-1) as number;
    expect(readdirSync(to).sort()).toEqual([
      `log.${manifest.logs[0]?.firstZxid}`,
      'manifest.json',
      manifest.snapshot.name,
    ]);
    expect(Number.parseInt(manifest.lastZxid, 16)).toBeGreaterThanOrEqual(last);
    expect(verifyBackup(disk, to).digest).toBe(manifest.digest);
    for (const zxid of [...models.keys()].slice(10)) {
      const dataDir = join(histories.freshDir(), 'd');
      await restoreBackup(disk, to, { dataDir, dataLogDir: dataDir }, { limits: { upToZxid: zxid as Zxid } });
      expect(await histories.treeOf(dataDir)).toEqual(models.get(zxid));
    }
  });

  it('says what is wrong: no right, no server, no admin port, another server, a snapshot too soon', async () => {
    const peer = await histories.start(histories.freshDir(), { 'admin.rateLimiterIntervalInMS': 300_000 });
    await write(peer, 2);
    const dir = histories.freshDir();
    const failure = (url: string, auth: string | undefined = authorization) =>
      createFromFeed(disk, new AdminFeed({ url, authorization: auth }), join(dir, 'b')).then(
        () => 'made',
        (error: Error) => error.message,
      );
    expect(await failure(urlOf(peer), '')).toMatch(/ answered txn_log\?from=0x0 with 401 \(.*\): --authorization /);
    expect(await failure('http://127.0.0.1:9')).toMatch(/^http:\/\/127\.0\.0\.1:9 did not answer: /);
    expect(await failure(`${urlOf(peer)}/health`)).toMatch(/with 404 \(.*\): is it the admin port/);
    const apache = createServer((_, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end('{"command" : "txn_log", "error" : "Unknown command: txn_log"}');
    });
    servers.push(apache);
    await new Promise<void>((done) => apache.listen(0, '127.0.0.1', done));
    expect(await failure(`http://127.0.0.1:${(apache.address() as AddressInfo).port}`)).toMatch(
      /does not give its log/,
    );
    expect(readdirSync(dir)).toEqual([]);
    expect(await failure(urlOf(peer))).toBe('made');
    expect(() => new AdminFeed({ url: 'localhost', authorization })).toThrow(/^localhost is no address: write http/);
    const again = createFromFeed(disk, new AdminFeed({ url: urlOf(peer), authorization }), join(dir, 'c'));
    await expect(again).rejects.toThrow(/snapshot with 429 \(one snapshot in 300000 ms/);
    expect(readdirSync(dir)).toEqual(['b']);
  });
});

describe('the admin command txn_log', () => {
  it('is for those who may do everything, and wants a zxid', async () => {
    const peer = await histories.start(histories.freshDir());
    expect((await ask(peer, '?from=0x1', {})).status).toBe(401);
    for (const query of ['', '?from=', '?from=0xg', '?from=-1', '?from=fffffffffffffffff']) {
      const { status, bytes } = await ask(peer, query);
      expect([status, bytes.toString()]).toEqual([400, expect.stringMatching(/from is a zxid in hex digits/)]);
    }
    const closed = await histories.start(histories.freshDir(), { 'admin.snapshot.enabled': false });
    expect((await ask(closed, '?from=0x1')).status).toBe(503);
  });

  it('gives a log file of what is applied from there on, and nothing where there is nothing', async () => {
    const peer = await histories.start(histories.freshDir());
    expect((await ask(peer, '?from=0x0')).bytes.toString('hex')).toBe('5a4b4c47000000020000000000000000');
    await write(peer, 10);
    const { headers, bytes } = await ask(peer, '?from=0x4');
    expect([headers.get('applied_zxid'), headers.get('is_end')]).toEqual(['0xc', 'true']);
    expect(recordsIn(bytes).map(({ zxid }) => zxid)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(recordsIn((await ask(peer, '?from=c')).bytes).map(({ zxid }) => zxid)).toEqual([12]);
    expect(recordsIn((await ask(peer, '?from=0xd')).bytes)).toEqual([]);
  });

  it('gives no more than four MiB at a time', async () => {
    const peer = await histories.start(histories.freshDir());
    await write(peer, 24, new Map(), 500_000);
    const first = await ask(peer, '?from=0x1');
    expect(first.headers.get('is_end')).toBe('false');
    expect(first.bytes.length).toBeGreaterThan(4 << 20);
    expect(first.bytes.length).toBeLessThan(6 << 20);
    const zxids: number[] = [];
    for (let from = 1, isEnd = false; !isEnd; ) {
      const { headers, bytes } = await ask(peer, `?from=0x${from.toString(16)}`);
      const records = recordsIn(bytes);
      zxids.push(...records.map(({ zxid }) => zxid));
      from = (zxids.at(-1) as number) + 1;
      isEnd = headers.get('is_end') === 'true';
    }
    expect(zxids).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
  });

  it('says when the log begins later', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir, { snapCount: 10, 'autopurge.snapRetainCount': 3 });
    await write(peer, 60);
    await peer.close();
    const logs = readdirSync(join(dataDir, 'version-2')).filter((name) => name.startsWith('log.')).length;
    expect(logs).toBeGreaterThan(5);
    const again = await histories.start(dataDir, { 'autopurge.purgeInterval': 1 });
    const { status, bytes } = await ask(again, '?from=0x2');
    expect([status, bytes.toString()]).toEqual([
      410,
      expect.stringMatching(/the log begins behind zxid 0x2: take a snap/),
    ]);
  });
});
