// Whole trees compared node by node, quickly enough for hundreds of thousands: every node's data, Stat, ACL and children
// as bytes, asked for many at a time on the server's own client port. And the digests the servers keep of them.
import { fourLetterWord, type Server } from '../harness/server.ts';
import { Bytes } from '../raw/jute.ts';
import { type Acl, decodeResponse, encodeRequest, op, type Stat } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';

export interface Seen {
  readonly data: Buffer;
  readonly stat: Stat;
  /** Data, Stat and ACL as they came. */
  readonly bytes: string;
}

export type SeenTree = ReadonlyMap<string, Seen>;

const window = 300;
const noNode = -101;

/** The Stat's mtime is 44 bytes before its end; each server writes the configuration node at its own start. */
function withoutMtime(answer: Buffer): Buffer {
  const copy = Buffer.from(answer);
  copy.fill(0, copy.length - 44, copy.length - 36);
  return copy;
}

/** What a client with every right sees after a sync; the servers need `superDigest` of the harness. */
export async function readWhole(port: number): Promise<SeenTree> {
  const session = await RawSession.open({ port, timeoutMs: 30_000 });
  await session.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('super:admin') });
  await session.call('sync', { path: '/' });
  const seen = new Map<string, Seen>();
  const pending = ['/'];
  const answer = async (): Promise<{ err: number; body: Buffer }> => {
    const reply = await session.nextReply();
    if (reply === 'closed') throw new Error(`the server on ${port} closed while its tree was read`);
    return reply;
  };
  while (pending.length > 0) {
    const batch = pending.splice(-window);
    session.socket.cork();
    for (const path of batch) {
      session.sendRaw(session.takeXid(), op.getData, encodeRequest('getData', { path, watch: false }));
      session.sendRaw(session.takeXid(), op.getACL, encodeRequest('getACL', { path }));
    }
    session.socket.uncork();
    const parents: string[] = [];
    for (const path of batch) {
      const [data, acl] = [await answer(), await answer()];
      if (data.err === noNode || acl.err === noNode) continue;
      if (data.err !== 0 || acl.err !== 0) throw new Error(`${path} on ${port}: ${data.err} ${acl.err}`);
      const config = path === '/zookeeper/config';
      const shown = config ? [withoutMtime(data.body), withoutMtime(acl.body)] : [data.body, acl.body];
      const decoded = decodeResponse('getData', data.body) as { data: Buffer | null; stat: Stat };
      seen.set(path, {
        data: decoded.data ?? Buffer.alloc(0),
        stat: decoded.stat,
        bytes: Buffer.concat(shown).toString('latin1'),
      });
      if (decoded.stat.numChildren > 0) parents.push(path);
    }
    for (const path of parents) {
      const { children } = await session.call<'getChildren', { children: string[] }>('getChildren', {
        path,
        watch: false,
      });
      for (const name of children) pending.push(path === '/' ? `/${name}` : `${path}/${name}`);
    }
  }
  await session.close();
  return seen;
}

function show(seen: Seen | undefined): string {
  if (seen === undefined) return 'absent';
  const bytes = new Bytes(Buffer.from(seen.bytes, 'latin1'));
  const data = bytes.read('buffer');
  bytes.take(68);
  const acls = decodeResponse('getACL', bytes.take(bytes.left)) as { acl: Acl[] };
  return JSON.stringify(
    { data: data?.toString('latin1').slice(0, 60) ?? null, stat: seen.stat, acl: acls.acl },
    (_, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v),
  );
}

/** A line for each path at which two trees differ, by data, Stat, ACL or presence. */
export function differences(a: SeenTree, b: SeenTree): string[] {
  const out: string[] = [];
  for (const [path, node] of a)
    if (b.get(path)?.bytes !== node.bytes) out.push(`${path}: ${show(node)} / ${show(b.get(path))}`);
  for (const [path, node] of b) if (!a.has(path)) out.push(`${path}: absent / ${show(node)}`);
  return out;
}

export interface DigestReport {
  /** Of how many zxids two servers or more had a digest to compare. */
  readonly compared: number;
  readonly problems: readonly string[];
}

/** Every digest that two servers keep of the same zxid must be the same one. Releases before 3.6 have none. */
export async function compareDigests(servers: readonly Server[]): Promise<DigestReport> {
  const problems: string[] = [];
  const byZxid = new Map<string, Map<number, string>>();
  for (const { kind, clientPort: port } of servers) {
    // Apache's replay over a snapshot that was changed while it was sent, and count that; their logs tell when.
    const countsItsOwn = kind !== 'ours';
    const text = await fourLetterWord(port, 'hash', 5_000).catch(() => '');
    for (const [, zxid = '', digest = ''] of text.matchAll(/^(?:0x)?([0-9a-f]+): ?(\S+)$/gm))
      byZxid.set(zxid, (byZxid.get(zxid) ?? new Map<number, string>()).set(port, digest));
    const mntr = await fourLetterWord(port, 'mntr', 5_000).catch(() => '');
    const mismatches = /^zk_digest_mismatches_count\s+(\d+)/m.exec(mntr)?.[1] ?? '0';
    if (mismatches !== '0' && !countsItsOwn)
      problems.push(`server on ${port}: digest_mismatches_count is ${mismatches}`);
  }
  let compared = 0;
  for (const [at, digests] of byZxid) {
    if (digests.size < 2) continue;
    compared++;
    if (new Set(digests.values()).size > 1)
      problems.push(
        `digests at 0x${at} differ: ${[...digests].map(([port, digest]) => `${port} ${digest}`).join(', ')}`,
      );
  }
  return { compared, problems };
}
