import { describe, expect, it } from 'vitest';
import { SnapshotDecoder } from '../../../src/datatree/snapshot/snapshot-decoder.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { ALICE, createBody, pathVersionBody, SmallServer, setDataBody } from '../../server/small-server.ts';
import { OPTIONS } from '../histories.ts';

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
    const sums = server.database.tree.quotaSums;
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

  it('follow every change of a limit, of usage and of the quotas there are', () => {
    const server = withQuotas();
    const sums = server.database.tree.quotaSums;
    server.write(ALICE, OpCode.setData, setDataBody('/app/a', 'more data'));
    expect([sums.bytesUsage.get('app'), sums.countUsage.get('app')]).toEqual([9, 1]);
    server.write(ALICE, OpCode.create, createBody('/app/a/below', { data: Buffer.from('x') }));
    expect([sums.bytesUsage.get('app'), sums.countUsage.get('app')]).toEqual([10, 2]);
    server.write(ALICE, OpCode.setData, setDataBody('/zookeeper/quota/other/zookeeper_limits', 'count=3,bytes=4'));
    expect([sums.countLimit.get('other'), sums.bytesLimit.get('other')]).toEqual([3, 4]);
    server.write(ALICE, OpCode.setData, setDataBody('/zookeeper/quota/other/zookeeper_limits', 'no limits'));
    expect([...sums.countLimit.keys()]).toEqual(['app']);
    server.write(ALICE, OpCode.delete, pathVersionBody('/zookeeper/quota/app/b/zookeeper_limits'));
    server.write(ALICE, OpCode.delete, pathVersionBody('/zookeeper/quota/app/a/zookeeper_stats'));
    expect([[...sums.countLimit], [...sums.countUsage], [...sums.bytesUsage]]).toEqual([[['app', 5]], [], []]);
  });

  it('are the same after loading', () => {
    const { database } = withQuotas();
    const decoder = new SnapshotDecoder(OPTIONS);
    const cut = database.startCut();
    for (let slice = cut.next(100); slice !== undefined; slice = cut.next(100)) decoder.push(slice);
    const loaded = decoder.finish(database.lastProcessedZxid).tree.quotaSums;
    for (const name of ['countLimit', 'bytesLimit', 'countUsage', 'bytesUsage'] as const) {
      expect([...loaded[name]].sort()).toEqual([...database.tree.quotaSums[name]].sort());
    }
  });
});
