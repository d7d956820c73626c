import { expect, test } from 'vitest';
import { SimClient } from '../clients/client.ts';
import { SimEnsemble } from './ensemble.ts';

/** A client of a follower, heard all the time, while the leader stands still for `pauseMs`. */
function pauseLeader(seed: number, pauseMs: number, timeoutMs: number): { expired: boolean; sameLeader: boolean } {
  const ensemble = new SimEnsemble({ seed, voters: 3 });
  ensemble.startAll();
  const { scheduler } = ensemble;
  expect(
    scheduler.runUntil(() => ensemble.isServing && ensemble.leader !== undefined, 60_000),
    ensemble.report(),
  ).toBe(true);
  const leader = ensemble.leader;
  const follower = ensemble.machines.find((machine) => machine !== leader);
  const host = ensemble.network.addHost('client');
  const client = new SimClient('client', scheduler, ensemble.network, host, {
    servers: [`zk${follower?.sid}`],
    timeoutMs,
  });
  expect(scheduler.runUntil(() => client.isConnected, 20_000)).toBe(true);
  scheduler.runForMs(1_000 + seed * 97);
  leader?.pause();
  scheduler.runForMs(pauseMs);
  leader?.resume();
  scheduler.runForMs(3_000);
  return { expired: client.isExpired, sameLeader: ensemble.leader === leader };
}

test('a leader that stood still for longer than a session lasts expires nobody who was heard elsewhere', () => {
  for (let seed = 1; seed <= 8; seed++) {
    expect(pauseLeader(seed, 2_000, 1_000), `seed ${seed}`).toEqual({ expired: false, sameLeader: true });
  }
});
