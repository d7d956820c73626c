// A large tree: many nodes, many ACLs, and sessions with ephemerals.
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';

const perMulti = 250;

/** Nodes with data under /large, the first `acls` of them each with an ACL of its own. */
export async function grow(port: number, nodes: number, acls: number): Promise<void> {
  const session = await RawSession.open({ port, timeoutMs: 60_000 });
  const make = (path: string, data: Buffer | null, acl: typeof openAcl): { type: number; body: Buffer } => ({
    type: op.create,
    body: encodeRequest('create', { path, data, acl, flags: 0 }),
  });
  await session.call('create', { path: '/large', data: null, acl: openAcl, flags: 0 });
  let parts: { type: number; body: Buffer }[] = [];
  for (let i = 0; i < nodes; i++) {
    if (i % 1000 === 0) parts.push(make(`/large/b${i / 1000}`, null, openAcl));
    // The first of them each have an ACL of their own, the others share those.
    const acl = [
      { perms: 31, id: { scheme: 'world', id: 'anyone' } },
      { perms: 1 + (i % 30), id: { scheme: 'digest', id: `user-${i % acls}:hash` } },
    ];
    parts.push(make(`/large/b${Math.floor(i / 1000)}/n${i}`, Buffer.from(`data of ${i}`), acl));
    if (parts.length < perMulti && i < nodes - 1) continue;
    await session.multi(parts);
    parts = [];
  }
  await session.close();
}

/** Sessions that nobody is connected to any more, each with an ephemeral under /held. */
export async function crowdOfSessions(ports: readonly number[], count: number, timeoutMs: number): Promise<void> {
  const first = await RawSession.open({ port: ports[0] as number });
  await first.call('create', { path: '/held', data: null, acl: openAcl, flags: 0 });
  await first.close();
  const one = async (i: number): Promise<void> => {
    const session = await RawSession.open({ port: ports[i % ports.length] as number, timeoutMs });
    await session.call('create', { path: `/held/e${i}`, data: null, acl: openAcl, flags: 1 });
    session.abandon();
  };
  for (let i = 0; i < count; i += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, (_, j) => one(i + j)));
}
