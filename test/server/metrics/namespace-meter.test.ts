import { describe, expect, it } from 'vitest';
import { writePathWatch } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { SummarySet } from '../../../src/server/metrics/counters.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { ClientWorld, create, exists, getData, request } from '../client-harness.ts';

/** The sums are those that Apache ZooKeeper 3.9.5 counts for the same requests. */
describe('bytes read and written by namespace', () => {
  it('counts the path and the data of a write, and the Stat as well of a read', () => {
    const world = new ClientWorld({ fourLetterWords: new Set(['mntr']) });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/app', 'data', 0), create(2, '/app/x', '', 0));
    upstream.commit();
    upstream.commit();
    client.send(getData(3, '/app'), exists(4, '/app/x'), getChildren(5, '/app'), getData(6, '/'), exists(7, '/no'));
    client.frames();
    const lines = ask(world, 'mntr').split('\n');
    expect(lines).toContain('zk_cnt_app_write_per_namespace\t2');
    expect(lines).toContain(`zk_sum_app_write_per_namespace\t${4 + 4 + 6}`);
    expect(lines).toContain('zk_cnt_app_read_per_namespace\t3');
    expect(lines).toContain(`zk_sum_app_read_per_namespace\t${4 + 4 + 68 + 6 + 68 + 4 + 1 + 68}`);
    expect(lines.filter((line) => line.includes('_no_'))).toEqual([]);
  });

  it('holds a thousand keys; what comes then is counted together', () => {
    const set = new SummarySet('read_per_namespace', false);
    for (let i = 0; i < 5000; i++) set.add(`n${i}`, 1);
    expect(set.byKey.size).toBe(1001);
    expect(set.byKey.get('other')?.count).toBe(4000);
  });
});

function getChildren(xid: number, path: string): Buffer {
  return request(xid, OpCode.getChildren, (w) => writePathWatch(w, { path, watch: false }));
}

function ask(world: ClientWorld, word: string): string {
  const client = world.connect('10.5.5.5');
  client.send(Buffer.from(word, 'latin1'));
  return client.text();
}

it('every metric has a name of its own', () => {
  const names: string[] = [];
  const add = ({ name }: { name: string }): void => void names.push(name);
  new ServerMetrics().visit({
    gauge: () => {},
    gaugeSet: () => {},
    counter: add,
    counterSet: add,
    summary: add,
    summarySet: add,
  });
  expect(new Set(names).size).toBe(names.length);
});
