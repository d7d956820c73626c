import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZooKeeperClient } from '../../src/client/client.ts';
import { isZooKeeperError } from '../../src/client/errors.ts';
import { ErrorCode } from '../../src/jute/codes.ts';
import { ControlServer } from '../../src/testing/control/control-server.ts';
import { FAULT_KINDS } from '../../src/testing/control/fault-kinds.ts';
import { ROUTES } from '../../src/testing/control/routes.ts';
import { ensembleForTests } from '../../src/testing/testing.ts';

const zk = ensembleForTests({ before: beforeAll, after: afterAll }, { size: 3 });
let control: ControlServer;
let url: string;
let client: ZooKeeperClient;
let isShutDown = false;

beforeAll(async () => {
  control = new ControlServer(zk(), () => {
    isShutDown = true;
  });
  url = await control.listen(0);
  client = await zk().client({ retry: false });
});

afterAll(() => control.close());

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
}

function codeOf(promise: Promise<unknown>): Promise<number> {
  return promise.then(
    () => 0,
    (error: unknown) => (isZooKeeperError(error) ? error.code : Number.NaN),
  );
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: {
    readonly schemas: {
      readonly FaultBody: {
        readonly oneOf: readonly {
          readonly title: string;
          readonly required: readonly string[];
          readonly properties: Readonly<Record<string, unknown>>;
        }[];
      };
    };
  };
}

describe('docs/testkit-openapi.json', () => {
  const file = join(resolve(import.meta.dirname, '../..'), 'docs/testkit-openapi.json');
  const openApi = JSON.parse(readFileSync(file, 'utf8')) as OpenApi;

  test('has every route, and no other', () => {
    const described = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = [...ROUTES.map(({ method, path }) => `${method} ${path}`), 'GET /command/{action}'];
    expect(described.sort()).toEqual(routes.sort());
  });

  test('has every fault with what it needs and takes', () => {
    const described = openApi.components.schemas.FaultBody.oneOf.map(({ title, required, properties }) => ({
      kind: title,
      needs: required.filter((key) => key !== 'kind').sort(),
      keys: Object.keys(properties)
        .filter((key) => key !== 'kind')
        .sort(),
    }));
    const kinds = Object.entries(FAULT_KINDS).map(([kind, { needs, takes }]) => ({
      kind,
      needs: [...needs].sort(),
      keys: [...needs, ...takes].sort(),
    }));
    expect(described).toEqual(kinds);
  });
});

test('the ensemble and its connections are told of', async () => {
  const { status, body } = await ask('GET', '/ensemble');
  expect(status).toBe(200);
  expect(body).toMatchObject({ connectString: zk().connectString, leader: zk().leader });
  const session = `0x${client.sessionId.toString(16)}`;
  expect((await ask('GET', '/connections')).body).toMatchObject([{ connection: 1, session }]);
});

test('a fault is switched on, strikes, is waited for and undone', async () => {
  const { status, body } = await ask('POST', '/faults', { kind: 'dropReply', op: 'create', path: '/lost' });
  expect(status).toBe(201);
  const { id } = body as { id: number };
  expect(body).toEqual({ id, what: 'drop reply: create /lost', hits: 0 });
  const waiting = ask('GET', `/faults/${id}?waitMs=20000`);
  expect(await codeOf(client.create('/lost'))).toBe(ErrorCode.connectionLoss);
  expect((await waiting).body).toMatchObject({ hits: 1 });
  await client.connected();
  expect(await client.exists('/lost')).toBeDefined();
  expect((await ask('DELETE', `/faults/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/faults/${id}`)).status).toBe(404);
});

test('every kind of fault can be switched on and off', async () => {
  const bodies: Readonly<Record<string, unknown>> = {
    error: 'noAuth',
    ms: 1,
    server: 3,
    side: [3],
    from: 2,
    to: 3,
    path: '/nowhere',
    session: '0x1',
  };
  for (const [kind, { needs, takes }] of Object.entries(FAULT_KINDS)) {
    const keys = [...needs, ...takes.filter((key) => key === 'path' || key === 'session')];
    const { status, body } = await ask('POST', '/faults', {
      kind,
      ...Object.fromEntries(keys.map((key) => [key, bodies[key]])),
    });
    expect({ kind, status, body }).toMatchObject({ status: 201 });
    await ask('DELETE', '/faults');
  }
  expect((await ask('GET', '/faults')).body).toEqual([]);
});

test('what is wrong with a request is said', async () => {
  const faults = (body: unknown): Promise<unknown> => ask('POST', '/faults', body).then((answer) => answer.body);
  expect(await faults({ kind: 'explode' })).toEqual({
    error: expect.stringMatching(/^kind "explode": there are refuse,/),
  });
  expect(await faults({ kind: 'refuse' })).toEqual({ error: 'fault refuse needs error' });
  expect(await faults({ kind: 'pause', server: 'x' })).toEqual({ error: 'fault pause: server is "x"' });
  expect(await faults({ kind: 'pause', server: 1, ms: 5 })).toEqual({ error: 'fault pause takes no ms, but server' });
  expect(await faults({ kind: 'pause', server: 9 })).toEqual({ error: 'there is no server 9' });
  expect((await ask('GET', '/nothing')).status).toBe(404);
  expect((await ask('DELETE', '/ensemble')).status).toBe(405);
  expect((await ask('POST', '/servers/9/kill')).status).toBe(404);
  expect((await ask('POST', '/sessions/0x99/expire')).body).toEqual({ error: 'there is no session 0x99' });
  expect((await ask('POST', '/clock/advance', { ms: -1 })).status).toBe(400);
  const plain = await fetch(`${url}/faults`, { method: 'POST', body: '{}' });
  expect({ status: plain.status, body: await plain.json() }).toEqual({
    status: 400,
    body: { error: 'the body has to be application/json' },
  });
});

test('servers are killed, started and elected, and time passes', async () => {
  expect((await ask('POST', '/servers/3/kill')).status).toBe(204);
  expect((await ask('POST', '/ready')).status).toBe(200);
  expect(zk().servers[2]?.state).toBe('down');
  expect((await ask('POST', '/servers/3/restart')).status).toBe(204);
  expect((await ask('POST', '/servers/3/elect')).status).toBe(204);
  expect(zk().leader).toBe(3);
  const startedMs = zk().clock.nowMs();
  expect((await ask('POST', '/clock/advance', { ms: 5000 })).status).toBe(204);
  expect(zk().clock.nowMs() - startedMs).toBeGreaterThanOrEqual(5000);
});

describe("the commands of Apache's controller", () => {
  test('are answered with the command, and with 400 where they are none', async () => {
    expect(await ask('GET', '/command/PING')).toEqual({ status: 200, body: 'command/PING\n' });
    expect(await ask('GET', '/command/ping')).toEqual({ status: 200, body: 'command/ping\n' });
    expect(await ask('GET', '/command/DANCE')).toEqual({ status: 400, body: 'command/DANCE\n' });
    expect(await ask('GET', '/command/ADDDELAY/x')).toEqual({ status: 400, body: 'command/ADDDELAY/x\n' });
    expect(await ask('GET', '/command/SHUTDOWN')).toEqual({ status: 200, body: 'command/SHUTDOWN\n' });
    expect(isShutDown).toBe(true);
  });

  test('fail requests, as many as are asked for or all, until they are reset', async () => {
    await client.connected();
    await ask('GET', '/command/FAILREQUESTS/1');
    expect(await codeOf(client.exists('/'))).toBe(ErrorCode.apiError);
    expect(await codeOf(client.exists('/'))).toBe(0);
    await ask('GET', '/command/FAILREQUESTS');
    expect(await codeOf(client.exists('/'))).toBe(ErrorCode.apiError);
    expect(await codeOf(client.exists('/'))).toBe(ErrorCode.apiError);
    await ask('GET', '/command/RESET');
    expect(await codeOf(client.exists('/'))).toBe(0);
  });

  test('expire sessions, close connections and elect another', async () => {
    const other = await zk().client({ retry: false });
    const { sessionId } = other;
    expect((await ask('GET', `/command/CLOSECONNECTION/${sessionId}`)).status).toBe(200);
    await other.connected();
    expect(other.sessionId).toBe(sessionId);
    expect((await ask('GET', `/command/EXPIRESESSION/${sessionId}`)).status).toBe(200);
    expect(await codeOf(other.exists('/'))).toBe(ErrorCode.sessionExpired);
    const before = zk().leader;
    expect((await ask('GET', '/command/ELECTNEWLEADER')).status).toBe(200);
    expect(zk().leader).not.toBe(before);
  });
});
