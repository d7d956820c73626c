import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { startPeer } from '../../src/index.ts';

/** Who could get in: what the doctor finds open, and the pages that it names. */
const root = resolve(import.meta.dirname, '../..');
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const AUTH = 'org.apache.zookeeper.server.auth';
const JAAS = `Server { ${AUTH}.DigestLoginModule required user_bob="b"; };`;

function setUp(lines: readonly string[]): { dir: string; file: string } {
  const dir = mkdtempSync(join(tmpdir(), 'doctor-security-'));
  dirs.push(dir);
  const file = join(dir, 'zoo.cfg');
  writeFileSync(file, `${['dataDir=DIR/data', ...lines].join('\n')}\n`.replaceAll('DIR', dir));
  chmodSync(file, 0o640);
  return { dir, file };
}

async function found(file: string, jvmFlags = ''): Promise<string[]> {
  const findings = await examine(file, '/', { security: true, jvmFlags });
  return findings
    .filter(({ about }) => about === 'security')
    .map(({ verdict, text }) => `${verdict} ${text.replaceAll(/\/tmp\/doctor-security-\w+/g, 'DIR')}`);
}

/** A history with three nodes of the operator's, two of which are open to anybody. */
async function withNodes(dir: string): Promise<void> {
  const peer = startPeer({
    dataDir: join(dir, 'data'),
    clientPort: 0,
    clientPortAddress: '127.0.0.1',
    preAllocSize: 64,
  });
  await Promise.all([peer.ready, peer.listening]);
  const client = await connect(`127.0.0.1:${peer.clientPort}`);
  await client.create('/open');
  await client.create('/read', '', { acl: [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }] });
  await client.create('/mixed', '', {
    acl: [
      { perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } },
      { perms: 16, id: { scheme: 'world', id: 'anyone' } },
    ],
  });
  await client.close();
  await peer.close();
}

describe('the doctor', () => {
  it('names each open door of a server as it comes out of the box, and where it stands how to shut it', async () => {
    const { file } = setUp(['clientPort=2181']);
    expect(await found(file)).toEqual([
      'bad clients connect without TLS',
      'bad clients need not log in',
      'bad the admin port answers anybody',
      'note there are no nodes here yet',
      'good files with secrets and data are not for others to read',
    ]);
  });

  it('counts the nodes that anybody may change, in the newest snapshot and the log behind it', async () => {
    const { dir, file } = setUp(['clientPort=2181']);
    await withNodes(dir);
    const of = await found(file);
    // The root, /zookeeper and /zookeeper/quota are open in Apache ZooKeeper too.
    expect(of[3]).toBe(
      'bad 5 of 8 nodes may be changed by anybody who connects (world:anyone), /open, /mixed among them',
    );
  });

  it('names files with secrets or data that others can read', async () => {
    const { dir, file } = setUp([
      'clientPort=2181',
      'ssl.trustStore.password=x',
      'audit.enable=true',
      'audit.file=DIR/audit.log',
    ]);
    await withNodes(dir);
    writeFileSync(join(dir, 'jaas.conf'), JAAS);
    chmodSync(join(dir, 'jaas.conf'), 0o644);
    writeFileSync(join(dir, 'audit.log'), '');
    chmodSync(join(dir, 'audit.log'), 0o646);
    chmodSync(file, 0o602);
    chmodSync(join(dir, 'data/version-2'), 0o755);
    const log = readdirSync(join(dir, 'data/version-2')).sort()[0] as string;
    chmodSync(join(dir, 'data/version-2', log), 0o644);
    const of = await found(file, `-Djava.security.auth.login.config=${dir}/jaas.conf`);
    expect(of.filter((line) => line.includes('others'))).toEqual([
      'bad DIR/zoo.cfg (0602) holds a password, and can be changed by others',
      'bad DIR/jaas.conf (0644) holds passwords, and can be read by others',
      `bad DIR/data/version-2/${log} (0644) holds nodes and their data, and can be read by others`,
      'bad DIR/audit.log (0646) holds who changed what, and can be read and changed by others',
    ]);
  });

  it('finds nothing in a server that is shut', async () => {
    const { dir, file } = setUp([
      'admin.enableServer=false',
      'secureClientPort=2281',
      'ssl.keyStore.location=DIR/key.pem',
      `authProvider.1=${AUTH}.SASLAuthenticationProvider`,
      'java.security.auth.login.config=DIR/jaas.conf',
      'enforce.auth.enabled=true',
      'enforce.auth.schemes=sasl',
    ]);
    writeFileSync(join(dir, 'jaas.conf'), JAAS);
    chmodSync(join(dir, 'jaas.conf'), 0o600);
    expect((await found(file)).filter((line) => line.startsWith('bad'))).toEqual([]);
  });

  it('names pages that are there', async () => {
    const { file } = setUp(['clientPort=2181', 'server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4', 'skipACL=yes']);
    const headings = [...readFileSync(join(root, 'docs/OPERATIONS.md'), 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) =>
      (match[1] as string)
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    const mends = (await examine(file, '/', { security: true })).flatMap(({ about, mend }) =>
      about === 'security' && mend !== undefined ? [mend] : [],
    );
    const pages = mends.map((mend) => /docs\/OPERATIONS\.md#([\w-]+)$/.exec(mend)?.[1]);
    expect(pages.filter((page) => page === undefined || !headings.includes(page))).toEqual([]);
  });
});
