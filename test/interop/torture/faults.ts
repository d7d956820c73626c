// The bad days of the torture, each leaving a majority able to go on when it is over.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rng } from '../diff/rng.ts';
import type { Ensemble } from '../harness/ensemble.ts';
import type { Server } from '../harness/server.ts';
import type { Writers } from './writers.ts';

export interface Stage {
  readonly ensemble: Ensemble;
  readonly writers: Writers;
  readonly rng: Rng;
}

export type FaultName = keyof typeof faults;

async function others(stage: Stage, leader: Server): Promise<Server[]> {
  return stage.ensemble.servers.filter((server) => server !== leader);
}

async function allServing(stage: Stage): Promise<void> {
  for (const server of stage.ensemble.servers) if (!server.running) server.launch();
  await Promise.all(stage.ensemble.servers.map((server) => server.untilServing(60_000)));
}

export const faults = {
  /** The leader dies; it comes back while the others already serve. */
  async 'kill the leader'(stage: Stage): Promise<void> {
    const leader = await stage.ensemble.leader();
    await leader.kill();
    await stage.ensemble.leader();
    await sleep(stage.rng.below(600));
    await allServing(stage);
  },

  async 'kill a follower'(stage: Stage): Promise<void> {
    const victim = stage.rng.pick(await stage.ensemble.followers());
    await victim.kill();
    await sleep(stage.rng.below(500));
    await allServing(stage);
  },

  /** Everyone dies at the same moment, in the middle of writes. */
  async 'kill all'(stage: Stage): Promise<void> {
    await Promise.all(stage.ensemble.servers.map((server) => server.kill()));
    await sleep(stage.rng.below(200));
    await allServing(stage);
  },

  /** A leader that stands still longer than the others wait, then goes on as if nothing had happened. */
  async 'pause the leader'(stage: Stage): Promise<void> {
    const leader = await stage.ensemble.leader();
    leader.pause();
    try {
      await waitForOtherLeader(stage, leader);
      await sleep(stage.rng.below(300));
    } finally {
      leader.resume();
    }
    await allServing(stage);
  },

  async 'pause a follower'(stage: Stage): Promise<void> {
    const victim = stage.rng.pick(await stage.ensemble.followers());
    victim.pause();
    await sleep(500 + stage.rng.below(4_000));
    victim.resume();
    await allServing(stage);
  },

  /** A follower loses its disk, and only after the others have its transactions. */
  async 'wipe a follower'(stage: Stage): Promise<void> {
    await allServing(stage);
    const victim = stage.rng.pick(await stage.ensemble.followers());
    await victim.kill();
    victim.wipe();
    await allServing(stage);
  },

  /**
   * The followers die, the leader logs what nobody else has and dies too; the others elect without it. The writers rest
   * until it is back: once the new epoch has a transaction, a tail of the old one is not cut but replaced by a snapshot.
   */
  async 'leave the leader a tail'(stage: Stage): Promise<void> {
    const leader = await stage.ensemble.leader();
    const rest = await others(stage, leader);
    await Promise.all(rest.map((server) => server.kill()));
    await sleep(100 + stage.rng.below(150));
    await leader.kill();
    stage.writers.pause();
    try {
      for (const server of rest) server.launch();
      await Promise.all(rest.map((server) => server.untilServing(60_000)));
      await leader.start(60_000);
    } finally {
      stage.writers.resume();
    }
    await allServing(stage);
  },
};

async function waitForOtherLeader(stage: Stage, paused: Server): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    for (const server of await others(stage, paused)) if ((await server.mode()) === 'leader') return;
    if (Date.now() > deadline) throw new Error('nobody else leads');
    await sleep(50);
  }
}
