// A server of Apache's takes what its leader sends for its own clients in the order in which it forwarded their
// requests, syncs among the writes; out of that order, none of its clients has an answer to a write any more.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from '../harness/ensemble.ts';
import { debian, judge, type Server } from '../harness/server.ts';
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';
import { makeLead } from './steer.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

const pairs = 150;

/** Errors, and answers that did not come, to writes and syncs sent without waiting for one another. */
async function pipeline(server: Server, path: string): Promise<string[]> {
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

it("syncs among the writes of Apache's followers and observer are answered in their order by a leader of ours, and back", async () => {
  ensemble = await new Ensemble({ basePort: 26_300, kinds: [judge, debian, 'ours', judge], observers: [4] }).start();
  await makeLead(ensemble, ensemble.at(2));
  const apaches = [0, 1, 3].map((index) => (ensemble as Ensemble).at(index));
  const problems = await Promise.all(
    apaches.flatMap((server) => [1, 2, 3].map((i) => pipeline(server, `/order-${server.options.id}-${i}`))),
  );
  expect(problems.flat()).toEqual([]);

  await makeLead(ensemble, ensemble.at(1));
  const ours = ensemble.at(2);
  expect((await Promise.all([4, 5, 6].map((i) => pipeline(ours, `/order-3-${i}`)))).flat()).toEqual([]);
});
