// Who leads is decided by zxid, then by number: to have a certain member lead, the others are kept away, or behind.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ensemble } from '../harness/ensemble.ts';
import type { Server } from '../harness/server.ts';
import { openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';

/** All run, one leads, the rest follow it. (One that was deposed while it stood still believes in itself for a moment.) */
export async function untilAllServe(ensemble: Ensemble): Promise<void> {
  for (const server of ensemble.servers) if (!server.running) server.launch();
  const deadline = Date.now() + 60_000;
  for (;;) {
    const modes = await Promise.all(ensemble.servers.map((server) => server.mode()));
    const followers = modes.filter((mode) => mode === 'follower').length;
    if (modes.includes('leader') && followers === modes.length - 1) return;
    if (Date.now() > deadline) throw new Error(`not one ensemble: ${modes.join(', ')}`);
    await sleep(30);
  }
}

async function untilLeads(server: Server): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const mode = await server.mode();
    if (mode === 'leader') return;
    if (mode === 'follower') throw new Error(`server ${server.options.id} follows, but was to lead`);
    if (Date.now() > deadline) throw new Error(`server ${server.options.id} does not lead`);
    await sleep(20);
  }
}

/** A write that somebody else than its members may miss. */
async function write(server: Server): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 });
  await session.call('create', { path: `/steered-`, data: null, acl: openAcl, flags: 2 });
  await session.close();
}

/** Whether `makeLead` can do it: the members above are few enough to be stopped, or it is the first of three. */
export function canLead(ensemble: Ensemble, server: Server): boolean {
  const count = ensemble.servers.length;
  return count - (server.options.id ?? 0) <= (count - 1) / 2 || count === 3;
}

export async function makeLead(ensemble: Ensemble, server: Server): Promise<void> {
  const leader = await ensemble.leader();
  if (leader === server) return;
  const id = server.options.id ?? 0;
  const above = ensemble.servers.filter((other) => (other.options.id ?? 0) > id);
  const away = above.includes(leader) ? above : [...above, leader];
  if (away.length <= (ensemble.servers.length - 1) / 2) {
    await Promise.all(away.map((other) => other.kill()));
    await untilLeads(server);
    await untilAllServe(ensemble);
    return;
  }
  if (ensemble.servers.length !== 3) throw new Error(`server ${id} cannot be made to lead`);
  const behind = ensemble.servers.filter((other) => other !== server && other !== leader) as [Server];
  await behind[0].kill();
  await write(server);
  await leader.kill();
  behind[0].launch();
  await untilLeads(server);
  await untilAllServe(ensemble);
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
