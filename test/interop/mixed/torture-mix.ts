// The torture of a mix: all bad days of the torture, and those that only a mix has, with leaders of every kind in turn and
// a follower that comes back from far behind whoever leads then.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind, Server } from '../harness/server.ts';
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';
import type { Stage } from '../torture/faults.ts';
import { type TortureReport, torture } from '../torture/torture.ts';
import { canLead, makeLead, untilAllServe } from './steer.ts';
import { compareDigests } from './trees.ts';

let bulks = 0;

/** More than any server keeps in memory for followers, and more than a third of a snapshot. */
async function writeMuch(server: Server): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 });
  const path = `/bulk-${bulks++}`;
  await session.call('create', { path, data: null, acl: openAcl, flags: 0 });
  for (let i = 0; i < 1_200; i++)
    session.sendRaw(
      session.takeXid(),
      op.setData,
      encodeRequest('setData', { path, data: Buffer.alloc(1_000, i), version: -1 }),
    );
  for (let i = 0; i < 1_200; i++) {
    const answer = await session.nextReply();
    if (answer === 'closed' || answer.err !== 0) throw new Error(`bulk write: ${answer === 'closed' || answer.err}`);
  }
  await session.close();
}

const more = {
  async 'another kind leads'(stage: Stage): Promise<void> {
    const leader = await stage.ensemble.leader();
    const next = stage.ensemble.servers.filter(
      (server) => server.kind !== leader.kind && canLead(stage.ensemble, server),
    );
    if (next.length > 0) await makeLead(stage.ensemble, stage.rng.pick(next));
  },

  async 'a follower far behind'(stage: Stage): Promise<void> {
    await untilAllServe(stage.ensemble);
    const victim = stage.rng.pick(await stage.ensemble.followers());
    await victim.kill();
    await writeMuch(await stage.ensemble.leader());
    await sleep(stage.rng.below(500));
    await untilAllServe(stage.ensemble);
  },
};

export function tortureMix(
  kinds: readonly Kind[],
  minutes: number,
  seed: number,
  basePort: number,
  say: (line: string) => void,
): Promise<TortureReport> {
  const inspect = async (servers: readonly Server[]): Promise<string[]> => {
    const { compared, problems } = await compareDigests(servers.map((server) => server.clientPort));
    say(`${compared} digests compared`);
    return [...problems];
  };
  return torture({ kinds, minutes, seed, basePort, more, inspect, say });
}
