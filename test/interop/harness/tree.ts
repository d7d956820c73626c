// Every node of a server as a client sees it: data, Stat and ACL, ephemerals included.
import type { Acl, Stat } from '../raw/records.ts';
import { RawError, RawSession } from '../raw/session.ts';

/** Give this to a server whose whole tree is to be read; the password is "admin". */
export const superDigest = { 'DigestAuthenticationProvider.superDigest': 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' };

export interface SeenNode {
  readonly data: string | null;
  readonly stat: Stat;
  readonly acl: readonly Acl[];
}

const noNode = -101;
/** Nodes asked for at a time. */
const window = 100;

export async function readTree(port: number): Promise<Map<string, SeenNode>> {
  const session = await RawSession.open({ port, timeoutMs: 30_000 });
  await session.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('super:admin') });
  await session.call('sync', { path: '/' });
  const seen = new Map<string, SeenNode>();
  const read = async (path: string): Promise<string[]> => {
    try {
      const [{ data, stat }, { acl }, { children }] = await Promise.all([
        session.call<'getData', { data: Buffer | null; stat: Stat }>('getData', { path, watch: false }),
        session.call<'getACL', { acl: Acl[] }>('getACL', { path }),
        session.call<'getChildren', { children: string[] }>('getChildren', { path, watch: false }),
      ]);
      // Each server writes the configuration into its own tree when it starts, at a time of its own.
      if (path === '/zookeeper/config') stat.mtime = 0n;
      seen.set(path, { data: data === null ? null : data.toString('latin1'), stat, acl });
      return children.map((child) => (path === '/' ? `/${child}` : `${path}/${child}`));
    } catch (error) {
      if (!(error instanceof RawError) || error.code !== noNode) throw error;
      return [];
    }
  };
  const pending = ['/'];
  while (pending.length > 0) pending.push(...(await Promise.all(pending.splice(-window).map(read))).flat());
  await session.close();
  return seen;
}

/** What differs between two trees, a line each; empty when they agree. */
export function treeDifferences(a: ReadonlyMap<string, SeenNode>, b: ReadonlyMap<string, SeenNode>): string[] {
  const text = (node: SeenNode | undefined): string =>
    JSON.stringify(node, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value)) ?? 'absent';
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  return paths
    .filter((path) => text(a.get(path)) !== text(b.get(path)))
    .map((path) => `${path}: ${text(a.get(path))} / ${text(b.get(path))}`);
}
