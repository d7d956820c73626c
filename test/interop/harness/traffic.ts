// One of everything that makes a transaction, under a prefix of its own, through one server.
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawError, RawSession } from '../raw/session.ts';

async function refused(attempt: Promise<unknown>, code: number): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof RawError && error.code === code) return;
    throw error;
  }
  throw new Error(`should have been answered ${code}`);
}

/**
 * Leaves behind a subtree of every kind of node but ephemerals; what it made temporarily is gone again.
 * Without `create2InMulti` it spares 3.8.0, which drops the rest of a multi at a create2 that a newer leader logged as such.
 */
export async function everyKindOfWrite(port: number, prefix: string, create2InMulti = true): Promise<void> {
  const session = await RawSession.open({ port, timeoutMs: 10_000 });
  const create = (path: string, flags: number, data: Buffer | null = Buffer.from(path)): Promise<unknown> =>
    session.call('create', { path, data, acl: openAcl, flags });
  await create(prefix, 0);
  await create(`${prefix}/null`, 0, null);
  await create(`${prefix}/seq-`, 2);
  await create(`${prefix}/eph-`, 3);
  await session.call('create2', { path: `${prefix}/two`, data: Buffer.alloc(3000, 7), acl: openAcl, flags: 0 });
  await session.call('createContainer', { path: `${prefix}/box`, data: null, acl: openAcl, flags: 4 });
  await session.call('createTTL', { path: `${prefix}/ttl`, data: null, acl: openAcl, flags: 5, ttl: 86_400_000n });
  await session.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('bob:secret') });
  const owned = [{ perms: 31, id: { scheme: 'auth', id: '' } }];
  await session.call('setACL', { path: `${prefix}/two`, acl: owned, version: 0 });
  await session.call('setData', { path: `${prefix}/two`, data: Buffer.from('two'), version: 0 });
  await create(`${prefix}/gone`, 0);
  await session.call('delete', { path: `${prefix}/gone`, version: 0 });
  await refused(create(prefix, 0), -110);
  await refused(session.call('delete', { path: prefix, version: -1 }), -111);
  const part = (path: string): Buffer =>
    encodeRequest('create', { path, data: Buffer.from(path), acl: openAcl, flags: 0 });
  await session.multi([
    { type: op.create, body: part(`${prefix}/m`) },
    { type: op.setData, body: encodeRequest('setData', { path: prefix, data: Buffer.from('multi'), version: 0 }) },
    { type: op.check, body: encodeRequest('check', { path: prefix, version: 1 }) },
    { type: create2InMulti ? op.create2 : op.create, body: part(`${prefix}/m/n`) },
    { type: op.delete, body: encodeRequest('delete', { path: `${prefix}/null`, version: -1 }) },
  ]);
  await session.multi([
    { type: op.create, body: part(`${prefix}/never`) },
    { type: op.check, body: encodeRequest('check', { path: prefix, version: 99 }) },
  ]);
  await session.call('sync', { path: prefix });
  await session.close();
}
