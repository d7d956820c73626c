import { expect, test } from 'vitest';
import { Conversation, type ConversationListener, framed } from '../../src/conversation/conversation.ts';
import { errorName, errorNamed, opName, opsNamed, sessionText } from '../../src/conversation/names.ts';
import { readRequest } from '../../src/conversation/read-request.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** protocolVersion 0, lastZxidSeen 0, timeout 5000, session 0, password of 16 zeros, not read-only */
const GREETING = hex(`0000002d 00000000 0000000000000000 00001388 0000000000000000 00000010 ${'00'.repeat(16)} 00`);
const WELCOME = hex(`00000025 00000000 00001388 0000000000000055 00000010 ${'00'.repeat(16)} 00`);
/** xid 1, exists, /a, watch */
const EXISTS_A = hex('0000000f 00000001 00000003 00000002 2f61 01');
/** xid 2, create, /a, "x", the open ACL, ephemeral */
const CREATE_A = hex(
  '00000032 00000002 00000001 00000002 2f61 00000001 78 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000001',
);
/** xid 1, zxid 5, noNode */
const NO_NODE = hex('00000010 00000001 0000000000000005 ffffff9b');
/** xid 2, zxid 6, ok, /a */
const CREATED = hex('00000016 00000002 0000000000000006 00000000 00000002 2f61');
/** xid -1, zxid 6, ok; nodeCreated, connected, /a */
const EVENT = hex('0000001e ffffffff 0000000000000006 00000000 00000001 00000003 00000002 2f61');

function told(): { readonly lines: string[]; readonly out: Buffer[]; readonly conversation: Conversation } {
  const lines: string[] = [];
  const out: Buffer[] = [];
  const keep = (side: string, frame: Buffer, text: string): void => {
    out.push(frame);
    lines.push(`${side} ${text}`);
  };
  const listener: ConversationListener = {
    onGreeting: (frame, { timeoutMs }) => keep('>', frame, `greeting ${timeoutMs}`),
    onWelcome: (frame, { sessionId }) => keep('<', frame, `welcome ${sessionText(sessionId)}`),
    onRequest: (frame, { request }) =>
      keep('>', frame, `${request.name} ${request.paths} ${JSON.stringify(request.fields)}`),
    onReply: (frame, { err, fields }, exchange) =>
      keep('<', frame, `${exchange?.request.name} ${err === 0 ? JSON.stringify(fields) : errorName(err)}`),
    onEvent: (frame, { name, path }) => keep('<', frame, `${name} ${path}`),
    onPlain: (side, bytes) => keep(side === 'client' ? '>' : '<', bytes, `plain ${bytes.length}`),
  };
  return { lines, out, conversation: new Conversation(listener, () => 0) };
}

const LINES = [
  '> greeting 5000',
  '< welcome 0x55',
  '> exists /a {"watch":true}',
  '> create /a {"bytes":1,"mode":"ephemeral"}',
  '< exists noNode',
  '< nodeCreated /a',
  '< create {"path":"/a"}',
];

test.each([1, 3, 7, 1000])(
  'a conversation in pieces of %i bytes is told in whole frames, answers with their questions',
  (bytes) => {
    const { lines, out, conversation } = told();
    const give = (from: 'fromClient' | 'fromServer', data: Buffer): void => {
      for (let at = 0; at < data.length; at += bytes) conversation[from](data.subarray(at, at + bytes));
    };
    give('fromClient', GREETING);
    give('fromServer', WELCOME);
    give('fromClient', Buffer.concat([EXISTS_A, CREATE_A]));
    give('fromServer', Buffer.concat([NO_NODE, EVENT, CREATED]));
    expect(lines).toEqual(LINES);
    expect(Buffer.concat(out)).toEqual(Buffer.concat([GREETING, WELCOME, EXISTS_A, CREATE_A, NO_NODE, EVENT, CREATED]));
  },
);

test('an answer from between comes behind those to earlier questions', () => {
  const { lines, conversation } = told();
  conversation.fromClient(GREETING);
  conversation.fromServer(WELCOME);
  const exchanges: Parameters<Conversation['answer']>[0][] = [];
  const other = new Conversation(
    {
      onGreeting: () => {},
      onWelcome: () => {},
      onRequest: (_frame, exchange) => exchanges.push(exchange),
      onReply: (_frame, _reply, exchange) => lines.push(`reply to ${exchange?.request.xid}`),
      onEvent: () => {},
      onPlain: (_side, bytes) => lines.push(`own ${bytes.toString('hex')}`),
    },
    () => 0,
  );
  other.fromClient(GREETING);
  other.fromServer(WELCOME);
  other.fromClient(Buffer.concat([EXISTS_A, CREATE_A]));
  lines.length = 0;
  other.answer(exchanges[1] as (typeof exchanges)[0], hex('aabb'));
  expect(lines).toEqual([]);
  other.fromServer(NO_NODE);
  expect(lines).toEqual(['reply to 1', 'own aabb']);
});

test('words, TLS and what is no greeting pass as they are', () => {
  for (const bytes of [Buffer.from('ruok'), hex('1603010200010001fc0303'), hex('0000000400000007')]) {
    const { lines, out, conversation } = told();
    conversation.fromClient(bytes.subarray(0, 2));
    conversation.fromClient(bytes.subarray(2));
    conversation.fromServer(Buffer.from('imok'));
    expect(Buffer.concat(out)).toEqual(Buffer.concat([bytes, Buffer.from('imok')]));
    expect(lines.every((line) => / plain \d+$/.test(line))).toBe(true);
  }
});

test('a client that ends within three bytes is passed on', () => {
  const { out, conversation } = told();
  conversation.fromClient(Buffer.from('abc'));
  expect(out).toEqual([]);
  conversation.endOfClient();
  expect(out).toEqual([Buffer.from('abc')]);
});

test('a request that ends early is called malformed, and nothing of a credential is shown', () => {
  expect(readRequest(EXISTS_A.subarray(4, 14))).toMatchObject({ name: 'malformed', xid: 1, op: 3 });
  const auth = hex('fffffffc 00000064 00000000 00000006 646967657374 00000006 753a70617373');
  expect(readRequest(auth)).toEqual({
    xid: -4,
    op: 100,
    name: 'auth',
    path: undefined,
    paths: [],
    fields: { scheme: 'digest', secretBytes: 6 },
  });
});

test('names stand for codes, and codes for names', () => {
  expect([opName(1), opName(107), opName(55)]).toEqual(['create', 'whoAmI', 'op 55']);
  expect([opsNamed('create'), opsNamed('setData'), opsNamed('toString')]).toEqual([[1, 15, 19, 21], [5], undefined]);
  expect([
    errorName(-101),
    errorName(-7777),
    errorNamed('noNode'),
    errorNamed('ok'),
    errorNamed('constructor'),
  ]).toEqual(['noNode', 'error -7777', -101, undefined, undefined]);
  expect(framed(Buffer.from('a'))).toEqual(hex('00000001 61'));
});
