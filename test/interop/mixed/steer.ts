// Who leads is decided by zxid, then by number: to have a certain member lead, the others are kept away, or behind.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ensemble } from '../harness/ensemble.ts';
import type { Server } from '../harness/server.ts';
import { openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';
import { type Member, membersOf, syncsOf } from './logs.ts';

/** All run, one leads, the rest follow or observe it. (One that was deposed while it stood still believes in itself for a moment.) */
export async function untilAllServe(ensemble: Ensemble): Promise<void> {
  for (const server of ensemble.servers) if (!server.running) server.launch();
  const deadline = Date.now() + 60_000;
  for (;;) {
    const modes = await Promise.all(ensemble.servers.map((server) => server.mode()));
    const followers = modes.filter((mode) => mode === 'follower' || mode === 'observer').length;
    if (modes.includes('leader') && followers === modes.length - 1) return;
    const ended = ensemble.servers.find((server) => !server.running);
    if (ended !== undefined) throw new Error(`${ended.kind} ended:\n${ended.lastWords()}`);
    if (Date.now() > deadline) throw new Error(`not one ensemble: ${modes.join(', ')}`);
    await sleep(30);
  }
}

/** False: another one leads, one that had seen more. */
async function comesToLead(server: Server): Promise<boolean> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const mode = await server.mode();
    if (mode === 'leader') return true;
    if (mode === 'follower') return false;
    if (Date.now() > deadline) throw new Error(`server ${server.options.id} does not lead`);
    await sleep(20);
  }
}

/** A write that whoever is away misses. */
async function write(server: Server): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 });
  await session.call('create', { path: '/steered-', data: null, acl: openAcl, flags: 2 });
  await session.close();
}

/** Whether `makeLead` can do it: the members above are few enough to be stopped, or it is the first of three. */
export function canLead(ensemble: Ensemble, server: Server): boolean {
  if (ensemble.observes(server)) return false;
  const { voters } = ensemble;
  return voters.length - 1 - voters.indexOf(server) <= (voters.length - 1) / 2 || voters.length === 3;
}

/** Under writes the members left may have seen different ends of the log, so it may take more than one try. */
export async function makeLead(ensemble: Ensemble, server: Server): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    if (await tryToLead(ensemble, server)) return;
    await untilAllServe(ensemble);
  }
  throw new Error(`server ${server.options.id} cannot be made to lead`);
}

async function tryToLead(ensemble: Ensemble, server: Server): Promise<boolean> {
  const leader = await ensemble.leader();
  if (leader === server) return true;
  const { voters } = ensemble;
  const above = voters.slice(voters.indexOf(server) + 1);
  const away = above.includes(leader) ? above : [...above, leader];
  if (away.length <= (voters.length - 1) / 2) {
    await Promise.all(away.map((other) => other.kill()));
  } else if (voters.length === 3) {
    const behind = voters.find((other) => other !== server && other !== leader) as Server;
    await behind.kill();
    await write(server);
    await leader.kill();
    behind.launch();
  } else {
    // Too many to be kept away: one that leads from below is replaced first.
    await lose(ensemble, leader, 'kill -9');
    return false;
  }
  const leads = await comesToLead(server);
  await untilAllServe(ensemble);
  return leads;
}

export const waysToLose = ['kill -9', 'SIGTERM', 'SIGSTOP'] as const;

/** Ends the leadership of the member that leads; resolves when another one leads, with the loser out or deposed. */
export async function lose(ensemble: Ensemble, leader: Server, way: (typeof waysToLose)[number]): Promise<Server> {
  if (way === 'kill -9') await leader.kill();
  else if (way === 'SIGTERM') await leader.stop();
  else leader.pause();
  try {
    const deadline = Date.now() + 60_000;
    for (;;) {
      for (const other of ensemble.servers)
        if (other !== leader && other.running && (await other.mode()) === 'leader') return other;
      if (Date.now() > deadline) throw new Error(`nobody leads after the loss of ${leader.kind} by ${way}`);
      await sleep(20);
    }
  } finally {
    leader.resume();
  }
}

async function untilSynchronisedAnew(ensemble: Ensemble, learner: Server): Promise<void> {
  const count = (): number => {
    const members = membersOf(ensemble.servers);
    return syncsOf(members[ensemble.servers.indexOf(learner)] as Member, members).length;
  };
  const before = count();
  const deadline = Date.now() + 30_000;
  while (count() === before) {
    if (Date.now() > deadline) throw new Error(`${learner.kind} was not synchronised anew`);
    await sleep(50);
  }
}

/** The rest goes on without it; then it is back, on what it has, or on nothing. */
export async function loseObserver(
  ensemble: Ensemble,
  observer: Server,
  way: 'kill -9' | 'SIGSTOP' | 'lost directory',
  meanwhile: () => Promise<void>,
): Promise<void> {
  if (way === 'SIGSTOP') observer.pause();
  else await observer.kill();
  if (way === 'lost directory') observer.wipe();
  try {
    await meanwhile();
    // Longer than the leader waits for it.
    if (way === 'SIGSTOP') await sleep(2_500);
  } finally {
    observer.resume();
  }
  // It believes to be served still until it reads that its connection is closed.
  if (way === 'SIGSTOP') await untilSynchronisedAnew(ensemble, observer);
  await untilAllServe(ensemble);
}
