import { describe, expect, it } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { LogMeter, ProposalMeter, SnapshotMeter } from '../../../src/server/metrics/role-meters.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

describe('what is counted elsewhere', () => {
  it('syncs of the log: their time, and how many records each covered', () => {
    const metrics = new ServerMetrics();
    const meter = new LogMeter(metrics);
    meter.onDurable({ syncs: 1, lastSyncMs: 3.4, records: 10 });
    meter.onDurable({ syncs: 1, lastSyncMs: 3.4, records: 12 });
    meter.onDurable({ syncs: 2, lastSyncMs: 1, records: 40 });
    expect([metrics.disk.fsyncTime.count, metrics.disk.fsyncTime.total]).toEqual([2, 4]);
    expect([metrics.disk.syncBatchSize.min, metrics.disk.syncBatchSize.max]).toEqual([10, 30]);
    expect(metrics.disk.syncRequestsQueued.value).toBe(40);
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
    expect([metrics.ensemble.proposalCount.value, metrics.ensemble.commitCount.value]).toEqual([9000, 9000]);
    expect([metrics.ensemble.quorumAckLatency.count, metrics.ensemble.quorumAckLatency.min]).toEqual([8192, 7]);
  });
});
