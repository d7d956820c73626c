// The throttles beside Apache's, with the same lines in both files: who is let in, what is refused, and how it is counted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, type Kind, Server } from './harness/server.ts';
import { encodeRequest, op } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const BASE = 28_400;

/** Tokens that do not come back while the test runs: three sessions, or what they weigh. */
const SETTINGS = {
  connection_throttle_tokens: 3,
  connection_throttle_fill_time: 1_000_000,
  connection_throttle_weight_enabled: 'true',
  largeRequestThreshold: 1000,
  largeRequestMaxBytes: 2000,
  request_throttle_max_requests: 1,
  throttled_op_wait_time: 1,
};

const WRITES = 400;

function numberOf(mntr: string, name: string): number {
  return Number(new RegExp(`^zk_${name}\t(.*)$`, 'm').exec(mntr)?.[1]);
}

describe.each<[string, Kind, number]>([
  ['apache', judge, BASE],
  ['ours', 'ours', BASE + 1],
])('the throttles of %s', (_name, kind, clientPort) => {
  const server = new Server({ kind, clientPort, settings: SETTINGS });
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  it('of many writes at once some wait too long: those are answered -127 in their turn, and not carried out', async () => {
    const session = await RawSession.open({ port: clientPort });
    const body = encodeRequest('setData', { path: '/', data: Buffer.from('x'), version: -1 });
    for (let i = 0; i < WRITES; i++) session.sendRaw(session.takeXid(), op.setData, body);
    const answers: { readonly xid: number; readonly err: number }[] = [];
    for (let i = 0; i < WRITES; i++) {
      const answer = await session.nextReply();
      if (answer === 'closed') throw new Error('closed');
      answers.push(answer);
    }
    expect(answers.map(({ xid }) => xid)).toEqual(Array.from({ length: WRITES }, (_, i) => i + 1));
    expect([...new Set(answers.map(({ err }) => err))].sort((a, b) => b - a)).toEqual([0, -127]);
    const done = answers.filter(({ err }) => err === 0).length;
    const { stat } = await session.call<'exists', { stat: { version: number } }>('exists', { path: '/', watch: false });
    expect(stat.version).toBe(done);
    const mntr = await server.word('mntr');
    expect(numberOf(mntr, 'throttled_ops')).toBe(WRITES - done);
    expect(numberOf(mntr, 'request_throttle_wait_count')).toBeGreaterThan(0);
    await session.close();
  });

  it('a request that is longer than all large ones may be together closes its connection', async () => {
    const session = await RawSession.open({ port: clientPort });
    const answer = await session.callNamed('setData', { path: '/', data: Buffer.alloc(3000), version: -1 });
    expect(answer).toBe('closed');
    expect(numberOf(await server.word('mntr'), 'large_requests_rejected')).toBe(1);
    // It comes back with its session: two tokens of the three that are left.
    const { granted } = session;
    const again = await RawSession.open({
      port: clientPort,
      sessionId: session.sessionId,
      passwd: granted?.passwd ?? null,
    });
    expect(again.granted?.sessionId).toBe(session.sessionId);
    const small = await again.callNamed('setData', { path: '/', data: Buffer.alloc(900), version: -1 });
    expect(small === 'closed' ? small : small.err).toBe(0);
    const answered = await again.callNamed('setData', { path: '/', data: Buffer.alloc(1500), version: -1 });
    expect(answered === 'closed' ? answered : answered.err).toBe(0);
  });

  it('without enough tokens a client is closed without an answer', async () => {
    const late = await RawSession.open({ port: clientPort });
    expect([late.granted, late.closed]).toEqual([null, true]);
    const mntr = await server.word('mntr');
    const told = ['connection_rejected', 'connection_request_count', 'cnt_connection_token_deficit'];
    expect(told.map((name) => numberOf(mntr, name))).toEqual([1, 3, 3]);
    expect(numberOf(mntr, 'max_connection_token_deficit')).toBe(8);
    expect(/^zk_connection_drop_probability\t(.*)$/m.exec(mntr)?.[1]).toBe('0.0');
  });
});
