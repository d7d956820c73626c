import { describe, expect, test } from 'vitest';
import { AUDIT_VALUE_CHARS, auditLine, auditValue } from '../../../src/server/audit/audit-log.ts';
import {
  auth,
  type Client,
  ClientWorld,
  closeSession,
  create,
  type FakeUpstream,
  request,
  setData,
} from '../client-harness.ts';

/** A server with an audit log, and one client of it. */
class Audited {
  readonly lines: string[] = [];
  readonly world = new ClientWorld({}, 1024, {
    audit: { serverUser: 'zk', write: (line, result) => this.lines.push(`${result}: ${line}`) },
  });
  readonly upstream: FakeUpstream = this.world.serve();
  readonly client: Client = this.world.openSession(this.upstream);

  constructor() {
    this.upstream.isEager = true;
  }

  /** The lines since the last call, with `S` for the session. */
  take(): string[] {
    const session = `session=0x${this.client.sessionId.toString(16)}`;
    return this.lines.splice(0).map((line) => line.replace(session, 'session=S'));
  }
}

const WHO = 'session=S\tuser=10.1.1.1\tip=10.1.1.1';

const pathVersion = (xid: number, type: number, path: string, version = -1): Buffer =>
  request(xid, type, (w) => {
    w.writeString(path);
    w.writeInt(version);
  });

const setAcl = (xid: number, path: string, entries: readonly [number, string, string][]): Buffer =>
  request(xid, 7, (w) => {
    w.writeString(path);
    w.writeInt(entries.length);
    for (const [perms, scheme, id] of entries) {
      w.writeInt(perms);
      w.writeString(scheme);
      w.writeString(id);
    }
    w.writeInt(-1);
  });

/** Parts as `create` and the others make them: a frame's length, xid and type are left away. */
const multi = (xid: number, ...parts: readonly Buffer[]): Buffer =>
  request(xid, 14, (w) => {
    for (const part of parts) {
      w.writeInt(part.readInt32BE(8));
      w.writeBool(false);
      w.writeInt(-1);
      w.writeRaw(part.subarray(12));
    }
    w.writeInt(-1);
    w.writeBool(true);
    w.writeInt(-1);
  });

describe('a change of a client', () => {
  test('is one line with session, names, address and node', () => {
    const { client, take } = bound(new Audited());
    client.send(
      create(1, '/a'),
      setData(2, '/a', 'x'),
      setAcl(3, '/a', [[31, 'world', 'anyone']]),
      pathVersion(4, 2, '/a'),
    );
    expect(take()).toEqual([
      `success: ${WHO}\toperation=create\tznode=/a\tznode_type=persistent\tresult=success`,
      `success: ${WHO}\toperation=setData\tznode=/a\tresult=success`,
      `success: ${WHO}\toperation=setAcl\tznode=/a\tacl=world:anyone:cdrwa\tresult=success`,
      `success: ${WHO}\toperation=delete\tznode=/a\tresult=success`,
    ]);
  });

  test('that is refused names the node it was asked for, and a reconfiguration none', () => {
    const { client, take } = bound(new Audited());
    client.send(create(1, '/a/b'), setData(2, '/a', 'x'), pathVersion(3, 2, '/a'));
    client.send(
      request(4, 16, (w) => {
        for (let i = 0; i < 3; i++) w.writeString('');
        w.writeLong(-1n);
      }),
    );
    expect(take()).toEqual([
      `failure: ${WHO}\toperation=create\tznode=/a/b\tznode_type=persistent\tresult=failure`,
      `failure: ${WHO}\toperation=setData\tznode=/a\tresult=failure`,
      `failure: ${WHO}\toperation=delete\tznode=/a\tresult=failure`,
      `failure: ${WHO}\toperation=reconfig\tresult=failure`,
    ]);
  });

  test('has the name that a sequential node got, the names that the client proved by then, and no hash', () => {
    const { client, take } = bound(new Audited());
    client.send(create(1, '/s-', '', 2), auth('digest', 'bob:secret'), create(2, '/e', '', 1));
    client.send(
      setAcl(3, '/e', [
        [1, 'digest', 'bob:aGFzaA=='],
        [30, 'ip', '10.0.0.0/8'],
      ]),
    );
    expect(take()).toEqual([
      `success: ${WHO}\toperation=create\tznode=/s-0000000000\tznode_type=persistent_sequential\tresult=success`,
      'success: session=S\tuser=bob,10.1.1.1\tip=10.1.1.1\toperation=create\tznode=/e\tznode_type=ephemeral\tresult=success',
      'success: session=S\tuser=bob,10.1.1.1\tip=10.1.1.1\toperation=setAcl\tznode=/e\tacl=digest:bob:x:rip:10.0.0.0/8:cdwa\tresult=success',
    ]);
  });

  test('in a multi has a line of its own; a multi that failed has one for all', () => {
    const { client, take } = bound(new Audited());
    client.send(
      multi(1, create(0, '/m'), create(0, '/m/n-', '', 2), pathVersion(0, 13, '/m', 0), setData(0, '/m', 'x')),
    );
    client.send(multi(2, create(0, '/k'), create(0, '/m')));
    client.send(multi(3));
    expect(take()).toEqual([
      `success: ${WHO}\toperation=create\tznode=/m\tznode_type=persistent\tresult=success`,
      `success: ${WHO}\toperation=create\tznode=/m/n-0000000000\tznode_type=persistent_sequential\tresult=success`,
      `success: ${WHO}\toperation=setData\tznode=/m\tresult=success`,
      `failure: ${WHO}\toperation=multiOperation\tresult=failure`,
    ]);
  });

  test('is there when its client has gone by the time it is done', () => {
    const { client, upstream, take } = bound(new Audited());
    upstream.isEager = false;
    client.send(create(1, '/a'));
    client.stream.gone();
    upstream.commit();
    expect(take()).toEqual([`success: ${WHO}\toperation=create\tznode=/a\tznode_type=persistent\tresult=success`]);
  });
});

test('a session that is over has a line for each of its ephemeral nodes, by the user of the server', () => {
  const { client, take } = bound(new Audited());
  client.send(create(1, '/e1', '', 1), create(2, '/e2', '', 1), create(3, '/p'));
  take();
  client.send(closeSession(4));
  const operation = 'ephemeralZNodeDeletionOnSessionCloseOrExpire';
  expect(take()).toEqual([
    `success: session=S\tuser=zk\toperation=${operation}\tznode=/e1\tresult=success`,
    `success: session=S\tuser=zk\toperation=${operation}\tznode=/e2\tresult=success`,
  ]);
});

test('reads, pings, and the beginning of a session have no line', () => {
  const { client, take } = bound(new Audited());
  client.send(
    request(1, 8, (w) => {
      w.writeString('/');
      w.writeBool(false);
    }),
    request(-2, 11),
  );
  expect(take()).toEqual([]);
});

test('no value makes a second field or line, and none is longer than a bound', () => {
  const line = auditLine({
    user: 'eve\tresult=success\r\nsession=0x1\u2028',
    operation: 'create',
    znode: '/ä\u0001',
    result: 'failure',
  });
  expect(line).toBe(
    'user=eve\\tresult=success\\r\\nsession=0x1\\u2028\toperation=create\tznode=/ä\\u0001\tresult=failure',
  );
  const long = auditLine({ operation: 'create', znode: `/${'x'.repeat(1 << 20)}`, result: 'failure' });
  expect(long).toBe(`operation=create\tznode=/${'x'.repeat(AUDIT_VALUE_CHARS - 1)}...\tresult=failure`);
});

function bound(audited: Audited): { client: Client; upstream: FakeUpstream; take: () => string[] } {
  return { client: audited.client, upstream: audited.upstream, take: () => audited.take() };
}

test('a value keeps every character but those that could end a field or a line', () => {
  const isControl = /[\p{Cc}\u2028\u2029]/u;
  for (let code = 0; code <= 0xffff; code++) {
    const value = `a${String.fromCharCode(code)}b`;
    expect(auditValue(value) !== value, code.toString(16)).toBe(isControl.test(value));
  }
});
