// What a hostile client sends, to Apache's server and to ours: the same bytes, and what comes of them on either side. Both go on
// serving others. Where ours answers otherwise, docs/COMPATIBILITY.md has the row.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { judge, type Kind, Server } from './harness/server.ts';
import { encodeMulti, encodeRequest, op, openAcl } from './raw/records.ts';
import { type Answer, RawSession } from './raw/session.ts';

const kinds = [judge, 'ours'] as const;
const servers = new Map<Kind, Server>();
beforeAll(async () => {
  for (const [i, kind] of kinds.entries()) {
    const server = new Server({ kind, clientPort: 23_030 + i, settings: { maxClientCnxns: 10 } });
    servers.set(kind, server);
    await server.start();
  }
}, 60_000);
afterAll(() => Promise.all([...servers.values()].map((server) => server.remove())));

const said = (answer: Answer): string => (answer === 'closed' ? answer : `${answer.err}, ${answer.body.length} bytes`);

async function allAnswers(one: RawSession): Promise<string[]> {
  const answers: string[] = [];
  for (let answer = await one.nextReply(); answer !== 'closed'; answer = await one.nextReply())
    answers.push(`${answer.xid}:${answer.err}`);
  return answers;
}

const asked = <N extends Parameters<typeof encodeRequest>[0]>(
  one: RawSession,
  name: N,
  fields: Parameters<typeof encodeRequest<N>>[1],
): void => one.sendRaw(one.takeXid(), op[name], encodeRequest(name, fields));

interface Input {
  readonly name: string;
  readonly play: (one: RawSession) => Promise<string>;
  readonly apache: string;
  readonly ours: string;
}

const countedFrom1 = Array.from({ length: 201 }, (_, i) => `${i + 1}:0`).join();
const inputs: readonly Input[] = [
  {
    name: 'two hundred syncs and the end of their session, at once',
    play: async (one) => {
      for (let i = 0; i < 200; i++) asked(one, 'sync', { path: '/' });
      one.sendRaw(one.takeXid(), op.closeSession, Buffer.alloc(0));
      return (await allAnswers(one)).join();
    },
    apache: countedFrom1,
    ours: countedFrom1,
  },
  {
    name: 'a multiRead of 17 MB in 400 bytes',
    play: async (one) => {
      await one.call('create', { path: '/big', data: Buffer.alloc(1_000_000, 7), acl: openAcl, flags: 0 });
      const body = encodeRequest('getData', { path: '/big', watch: false });
      return said(await one.callRaw(op.multiRead, encodeMulti(Array.from({ length: 17 }, () => ({ type: 4, body })))));
    },
    apache: '0, 17001386 bytes',
    ours: '-5, 0 bytes',
  },
  {
    name: 'three hundred ids',
    play: async (one) => {
      let taken = 0;
      for (; taken < 300; taken++) {
        const answer = await one.callNamed('auth', { type: 0, scheme: 'digest', auth: Buffer.from(`u${taken}:p`) });
        if (answer === 'closed' || answer.err !== 0) break;
      }
      return `${taken}, then ${said(await one.callRaw(op.whoAmI, Buffer.alloc(0)))}`;
    },
    apache: '300, then 0, 5313 bytes',
    ours: '127, then closed',
  },
  {
    name: 'an access list of 2,000',
    play: async (one) => {
      const acl = Array.from({ length: 2000 }, (_, i) => ({
        perms: 31,
        id: { scheme: 'ip', id: `10.0.${i >> 8}.${i & 255}` },
      }));
      const created = said(await one.callNamed('create', { path: '/list', data: null, acl, flags: 0 }));
      return `${created}; ${said(await one.callNamed('exists', { path: '/list', watch: false }))}`;
    },
    apache: '0, 9 bytes; -102, 0 bytes',
    ours: '-114, 0 bytes; -101, 0 bytes',
  },
  {
    // 100 ids in each of 600 lists: three times jute.maxbuffer.
    name: 'lists of all proved ids in one multi',
    play: async (one) => {
      for (let i = 0; i < 100; i++)
        await one.callNamed('auth', { type: 0, scheme: 'digest', auth: Buffer.from(`u${i}:p`) });
      const acl = [{ perms: 31, id: { scheme: 'auth', id: '' } }];
      const creates = Array.from({ length: 600 }, (_, i) => ({
        type: op.create,
        body: encodeRequest('create', { path: `/auth${i}`, data: null, acl, flags: 0 }),
      }));
      const answer = await one.callRaw(op.multi, encodeMulti(creates));
      return `${said(answer)}; ${said(await one.callNamed('exists', { path: '/auth0', watch: false }))}`;
    },
    apache: '0, 12499 bytes; 0, 68 bytes',
    ours: '-5, 0 bytes; -101, 0 bytes',
  },
  {
    name: 'thirty clients that keep what was closed',
    play: async (one) => {
      const { remotePort: port = 0 } = one.socket;
      const kept: Socket[] = [];
      for (let i = 0; i < 30; i++) {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        kept.push(socket);
        socket.on('error', () => {});
        socket.resume();
        socket.write('srvr');
        await once(socket, 'end', { signal: AbortSignal.timeout(10_000) });
      }
      const other = await RawSession.open({ port });
      const answer = said(await other.callNamed('exists', { path: '/', watch: false }));
      await other.close();
      for (const socket of kept) socket.destroy();
      return answer;
    },
    apache: '0, 68 bytes',
    ours: '0, 68 bytes',
  },
  {
    name: 'a chain of a thousand nodes',
    play: async (one) => {
      for (let i = 1; i <= 1000; i++)
        asked(one, 'create', { path: '/d'.repeat(i), data: null, acl: openAcl, flags: 0 });
      for (let i = 0; i < 1000; i++) await one.nextReply();
      return said(await one.callNamed('getChildren', { path: '/d'.repeat(1000), watch: false }));
    },
    apache: '0, 4 bytes',
    ours: '0, 4 bytes',
  },
  {
    name: 'ten thousand sizes of the whole tree in one burst',
    play: async (one) => {
      const answers = Array.from({ length: 10_000 }, () => asked(one, 'getAllChildrenNumber', { path: '/' }));
      let last: Answer = 'closed';
      for (const _ of answers) last = await one.nextReply();
      return said(last);
    },
    apache: '0, 4 bytes',
    ours: '0, 4 bytes',
  },
  {
    name: 'a frame of -1 bytes',
    play: async (one) => {
      one.write(Buffer.from('ffffffff', 'hex'));
      return (await allAnswers(one)).join();
    },
    apache: '',
    ours: '',
  },
  {
    name: 'a frame of 2 GB',
    play: async (one) => {
      one.write(Buffer.from('7fffffff00', 'hex'));
      return (await allAnswers(one)).join();
    },
    apache: '',
    ours: '',
  },
  {
    name: 'a list of 2^31 - 1 watches',
    play: async (one) => said(await one.callRaw(op.setWatches, Buffer.from('00000000000000007fffffff', 'hex'), -8)),
    apache: '-5, 0 bytes',
    ours: '-5, 0 bytes',
  },
  {
    name: 'a path of -2 bytes',
    play: async (one) => said(await one.callRaw(op.exists, Buffer.from('fffffffe00', 'hex'))),
    apache: '-5, 0 bytes',
    ours: '-5, 0 bytes',
  },
];

it.each(inputs.flatMap((input) => kinds.map((kind) => ({ ...input, kind }))))(
  '$name, to $kind',
  async ({ kind, play, apache, ours }) => {
    const server = servers.get(kind) as Server;
    const one = await RawSession.open({ port: server.clientPort });
    expect(await play(one)).toBe(kind === 'ours' ? ours : apache);
    one.socket.destroy();
    expect(server.running).toBe(true);
    const other = await RawSession.open({ port: server.clientPort });
    await other.call('exists', { path: '/', watch: false });
    await other.close();
  },
  60_000,
);
