// Requests that do not wait for one another.
import type { Server } from '../harness/server.ts';
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';

/** Errors, and answers that did not come, to writes and syncs sent without waiting for one another. */
export async function syncsAmongWrites(server: Server, path: string, pairs: number): Promise<string[]> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 });
  await session.call('create', { path, data: null, acl: openAcl, flags: 0 });
  const late = setTimeout(() => session.abandon(), 20_000);
  for (let i = 0; i < pairs; i++) {
    session.sendRaw(session.takeXid(), op.sync, encodeRequest('sync', { path }));
    session.sendRaw(session.takeXid(), op.setData, encodeRequest('setData', { path, data: null, version: i }));
  }
  const problems: string[] = [];
  for (let i = 0; i < 2 * pairs; i++) {
    const answer = await session.nextReply();
    if (answer === 'closed') {
      problems.push(`${server.kind} ${path}: only ${i} answers`);
      break;
    }
    if (answer.err !== 0) problems.push(`${server.kind} ${path}: ${answer.err}`);
  }
  clearTimeout(late);
  if (problems.length === 0) await session.close();
  return problems;
}
