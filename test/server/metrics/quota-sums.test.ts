import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { QuotaSums } from '../../../src/server/metrics/quota-sums.ts';
import { ALICE, createBody, SmallServer, setDataBody } from '../small-server.ts';

function withQuotas(): SmallServer {
  const server = new SmallServer().open(ALICE);
  const create = (path: string, data = ''): void => {
    server.write(ALICE, OpCode.create, createBody(path, { data: Buffer.from(data) }));
  };
  for (const path of ['/app', '/app/a', '/app/b', '/other']) create(path, 'data');
  for (const path of ['/app', '/app/a', '/app/b', '/other']) create(`/zookeeper/quota${path}`);
  create('/zookeeper/quota/app/a/zookeeper_limits', 'count=5,bytes=100');
  create('/zookeeper/quota/app/a/zookeeper_stats', 'count=0,bytes=0');
  create('/zookeeper/quota/app/b/zookeeper_limits', 'count=2,bytes=-1=;byteHardLimit=40;countHardLimit=7');
  create('/zookeeper/quota/other/zookeeper_limits', 'count=1,bytes=10');
  return server;
}

describe('the sums of all quotas', () => {
  it('are told by the first component of their paths', () => {
    const server = withQuotas();
    const sums = new QuotaSums(() => server.database);
    expect([...sums.countLimit].sort()).toEqual([
      ['app', 12],
      ['other', 1],
    ]);
    expect([...sums.bytesLimit].sort()).toEqual([
      ['app', 140],
      ['other', 10],
    ]);
    expect([...sums.countUsage]).toEqual([['app', 1]]);
    expect([...sums.bytesUsage]).toEqual([['app', 4]]);
  });

  it('take one walk for a state of the tree, and another when it has changed', () => {
    const server = withQuotas();
    const { tree } = server.database;
    let walks = 0;
    const forEachLeaf = tree.forEachLeaf.bind(tree);
    tree.forEachLeaf = (path, visit) => {
      walks++;
      forEachLeaf(path, visit);
    };
    const sums = new QuotaSums(() => server.database);
    const all = () => [sums.countLimit, sums.bytesLimit, sums.countUsage, sums.bytesUsage];
    all();
    all();
    expect(walks).toBe(1);
    server.write(ALICE, OpCode.setData, setDataBody('/app/a', 'more data'));
    expect(sums.bytesUsage.get('app')).toBe(9);
    all();
    expect(walks).toBe(2);
  });
});
