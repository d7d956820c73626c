import { describe, expect, it } from 'vitest';
import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { ALICE, createBody, multiBody, SmallServer, setDataBody } from '../small-server.ts';

/** /a with two bytes of data, and a quota on it; usage is counted when the stats node is made. */
function limited(limits: string, options: { enforceQuota: boolean } = { enforceQuota: true }): SmallServer {
  const server = new SmallServer({ prep: options }).open(ALICE);
  const create = (path: string, data = '') =>
    expect(server.err(ALICE, OpCode.create, createBody(path, { data: Buffer.from(data) }))).toBe(0);
  create('/a', '12');
  create('/zookeeper/quota/a');
  create('/zookeeper/quota/a/zookeeper_limits', limits);
  create('/zookeeper/quota/a/zookeeper_stats', 'count=0,bytes=0');
  return server;
}

function create(server: SmallServer, path: string, bytes = 0): number {
  return server.err(ALICE, OpCode.create, createBody(path, { data: Buffer.alloc(bytes) }));
}

function set(server: SmallServer, path: string, bytes: number): number {
  return server.err(ALICE, OpCode.setData, setDataBody(path, 'x'.repeat(bytes)));
}

describe('a quota', () => {
  it('refuses a node too many, and takes it when another has gone', () => {
    const server = limited('count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2');
    expect(create(server, '/a/b')).toBe(ErrorCode.ok);
    expect(create(server, '/a/c')).toBe(ErrorCode.quotaExceeded);
    expect(server.err(ALICE, OpCode.delete, Buffer.concat([createPath('/a/b'), Buffer.from('ffffffff', 'hex')]))).toBe(
      0,
    );
    expect(create(server, '/a/c')).toBe(ErrorCode.ok);
  });

  it('refuses a byte too many, in a create or a setData', () => {
    const server = limited('count=-1,bytes=-1=;byteHardLimit=5;countHardLimit=-1');
    expect(create(server, '/a/b', 4)).toBe(ErrorCode.quotaExceeded);
    expect(create(server, '/a/b', 3)).toBe(ErrorCode.ok);
    expect(set(server, '/a', 3)).toBe(ErrorCode.quotaExceeded);
    expect(set(server, '/a', 2)).toBe(ErrorCode.ok);
    expect(set(server, '/a', 1)).toBe(ErrorCode.ok);
    expect(set(server, '/a/b', 4)).toBe(ErrorCode.ok);
  });

  it('comes before the version', () => {
    const server = limited('count=-1,bytes=-1=;byteHardLimit=2');
    expect(server.err(ALICE, OpCode.setData, setDataBody('/a', 'xxx', 9))).toBe(ErrorCode.quotaExceeded);
    expect(server.err(ALICE, OpCode.setData, setDataBody('/a', 'xx', 9))).toBe(ErrorCode.badVersion);
  });

  it('with soft limits refuses nothing', () => {
    const server = limited('count=1,bytes=1');
    expect(create(server, '/a/b', 9)).toBe(ErrorCode.ok);
    expect(set(server, '/a', 99)).toBe(ErrorCode.ok);
  });

  it('with a hard limit does not look at the soft one', () => {
    const server = limited('count=1,bytes=1=;countHardLimit=3;byteHardLimit=100');
    expect(create(server, '/a/b', 50)).toBe(ErrorCode.ok);
  });

  it('is only kept, not enforced, without enforceQuota', () => {
    const server = limited('count=-1,bytes=-1=;countHardLimit=0;byteHardLimit=0', { enforceQuota: false });
    expect(create(server, '/a/b', 9)).toBe(ErrorCode.ok);
  });

  it('does not count what is still under way, so a multi can go over it', () => {
    const server = limited('count=-1,bytes=-1=;countHardLimit=2');
    const body = multiBody([OpCode.create, createBody('/a/b')], [OpCode.create, createBody('/a/c')]);
    expect(server.err(ALICE, OpCode.multi, body)).toBe(ErrorCode.ok);
    expect(create(server, '/a/d')).toBe(ErrorCode.quotaExceeded);
  });

  it('bounds the nodes below it only', () => {
    const server = limited('count=-1,bytes=-1=;countHardLimit=0');
    expect(create(server, '/ab')).toBe(ErrorCode.ok);
    expect(create(server, '/a/b')).toBe(ErrorCode.quotaExceeded);
  });

  it('whose text does not parse is a marshalling error', () => {
    expect(create(limited('nonsense'), '/a/b')).toBe(ErrorCode.marshallingError);
  });

  it('whose usage does not parse is one as well, if there is a limit to compare with', () => {
    for (const [limits, expected] of [
      ['count=-1,bytes=-1', ErrorCode.ok],
      ['count=-1,bytes=5', ErrorCode.ok],
      ['count=5,bytes=-1', ErrorCode.marshallingError],
    ] as const) {
      const server = limited(limits);
      const spoil = setDataBody('/zookeeper/quota/a/zookeeper_stats', 'nonsense');
      expect(server.err(ALICE, OpCode.setData, spoil)).toBe(ErrorCode.ok);
      expect(create(server, '/a/b')).toBe(expected);
    }
  });

  it('without a stats node bounds nothing', () => {
    const server = new SmallServer({ prep: { enforceQuota: true } }).open(ALICE);
    create(server, '/a');
    create(server, '/zookeeper/quota/a');
    server.write(
      ALICE,
      OpCode.create,
      createBody('/zookeeper/quota/a/zookeeper_limits', { data: Buffer.from('count=0,bytes=0=;countHardLimit=0') }),
    );
    expect(create(server, '/a/b')).toBe(ErrorCode.ok);
  });
});

function createPath(path: string): Buffer {
  const bytes = Buffer.from(path);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
