import { describe, expect, it } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import {
  AckMeter,
  countRecovery,
  LogMeter,
  ProposalMeter,
  SnapshotMeter,
} from '../../../src/server/metrics/role-meters.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

describe('what is counted elsewhere', () => {
  it('syncs of the log: their time, and how many records each covered', () => {
    const metrics = new ServerMetrics();
    const meter = new LogMeter(metrics);
    meter.onDurable({ syncs: 1, lastSyncMs: 3.4, records: 10, lastQueueMs: 2, waiting: 1 });
    meter.onDurable({ syncs: 1, lastSyncMs: 3.4, records: 12, lastQueueMs: 2, waiting: 1 });
    meter.onDurable({ syncs: 2, lastSyncMs: 1, records: 40, lastQueueMs: 2, waiting: 2 });
    expect([metrics.disk.fsyncTime.count, metrics.disk.fsyncTime.total]).toEqual([2, 4]);
    expect([metrics.disk.syncBatchSize.min, metrics.disk.syncBatchSize.max]).toEqual([10, 30]);
    expect(metrics.disk.syncRequestsQueued.value).toBe(40);
    expect([metrics.disk.syncQueueSize.min, metrics.disk.syncQueueSize.max]).toEqual([1, 2]);
    expect([metrics.disk.syncQueueTime.total, metrics.disk.syncQueueAndFlushTime.total]).toEqual([4, 5 + 3]);
  });

  it('the start: the snapshot, the log over it, and all of it', () => {
    const { disk } = new ServerMetrics();
    countRecovery(disk, { snapshotMs: 30.2, logMs: 12.7, transactions: 1234 }, 50);
    expect(
      [disk.startupSnapLoadTime, disk.startupTxnsLoadTime, disk.startupTxnsLoaded, disk.dbInitTime].map((s) => s.max),
    ).toEqual([30, 13, 1234, 50]);
  });

  it('acknowledgements of a server: of one proposal at a time, from its making until it is on disk', () => {
    const [metrics, clock] = [new ServerMetrics(), new FakeClock()];
    const meter = new AckMeter(metrics, clock);
    const madeMs = clock.wallMs();
    meter.onAppended(5 as Zxid, madeMs - 3);
    meter.onAppended(6 as Zxid, madeMs - 1);
    meter.onDurable(4 as Zxid);
    expect(metrics.broadcast.ackCreationLatency.count).toBe(0);
    meter.onDurable(6 as Zxid);
    meter.onDurable(7 as Zxid);
    expect([metrics.broadcast.ackCreationLatency.count, metrics.broadcast.ackCreationLatency.total]).toEqual([1, 3]);
  });

  it('acknowledgements at the leader: by the id of the server, and only of what is remembered', () => {
    const [metrics, clock] = [new ServerMetrics(), new FakeClock()];
    const meter = new ProposalMeter(metrics, clock);
    meter.onProposed(0x100000001 as Zxid);
    clock.now += 4;
    meter.onAcknowledged(2, 0x100000001 as Zxid);
    clock.now += 5;
    meter.onAcknowledged(3, 0x100000001 as Zxid);
    meter.onAcknowledged(3, 0x100000002 as Zxid);
    const told = [...metrics.broadcast.ackLatency.byKey.values()].map(({ name, count, total }) => [name, count, total]);
    expect(told).toEqual([
      ['2_ack_latency', 1, 4],
      ['3_ack_latency', 1, 9],
    ]);
  });

  it('watchers that a change found, by the kind of event', () => {
    const metrics = new ServerMetrics();
    for (const type of [1, 2, 2, 3, 4, 4, 4]) metrics.watches.onFired(type, 10 * type);
    const told: unknown[] = [];
    metrics.visit({
      gauge() {},
      gaugeSet() {},
      counter() {},
      counterSet() {},
      summarySet() {},
      summary: ({ name, count, max }) => name.endsWith('watch_count') && told.push([name, count, max]),
    });
    expect(told).toEqual([
      ['node_created_watch_count', 1, 10],
      ['node_deleted_watch_count', 2, 20],
      ['node_changed_watch_count', 1, 30],
      ['node_children_watch_count', 3, 40],
    ]);
  });

  it('snapshots: those written by their time, those that failed by their number', () => {
    const [metrics, clock] = [new ServerMetrics(), new FakeClock()];
    const meter = new SnapshotMeter(metrics, clock);
    meter.onStarted();
    clock.now += 250;
    meter.onFinished(undefined);
    meter.onStarted();
    meter.onFinished(new Error('disk full'));
    expect([metrics.disk.snapshotTime.count, metrics.disk.snapshotTime.max, metrics.disk.snapshotErrors.value]).toEqual(
      [1, 250, 1],
    );
  });

  it('proposals: how long until a quorum has them, as long as they are remembered', () => {
    const [metrics, clock] = [new ServerMetrics(), new FakeClock()];
    const meter = new ProposalMeter(metrics, clock);
    const first = 0x100000001;
    for (let i = 0; i < 9000; i++) meter.onProposed((first + i) as Zxid);
    clock.now += 7;
    for (let i = 0; i < 9000; i++) meter.onCommitted((first + i) as Zxid);
    expect([metrics.broadcast.proposalCount.value, metrics.broadcast.commitCount.value]).toEqual([9000, 9000]);
    expect([metrics.broadcast.quorumAckLatency.count, metrics.broadcast.quorumAckLatency.min]).toEqual([8192, 7]);
  });
});
