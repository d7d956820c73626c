// Our election by itself among Apache's servers: it votes, abstains, joins and is voted for. No ZAB here: where ours is
// elected, Apache's will find nobody at its quorum port, which is not what is looked at.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { Election } from '../../src/election/election.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import { type Candidate, ELECTION_DEFAULTS, type Outcome } from '../../src/election/voting/election-host.ts';
import { openNodeWorld } from '../../src/io/node-world.ts';
import { makeZxid, ZXID_ZERO } from '../../src/jute/zxid.ts';
import { cache, judge, type Kind, Server } from './harness/server.ts';

const BASE = 27_300;
const fresh: Candidate = { participant: true, zxid: ZXID_ZERO, peerEpoch: 0, empty: true, initialize: false };
const rich: Candidate = { participant: true, zxid: makeZxid(9, 1), peerEpoch: 9, empty: false, initialize: false };

function members(): string[] {
  return [1, 2, 3].map((sid) => `server.${sid}=127.0.0.1:${BASE + 20 + sid}:${BASE + 40 + sid}:participant`);
}

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function apache(sid: number, kind: Kind = judge): Server {
  const server = new Server({
    kind,
    id: sid,
    clientPort: BASE + sid,
    members: members(),
    settings: { tickTime: 500, initLimit: 20, syncLimit: 10 },
  });
  closing.push(() => server.remove());
  return server;
}

class Ours {
  readonly election: Election;
  readonly outcomes: Outcome[] = [];
  private readonly candidate: Candidate;

  constructor(sid: number, candidate: Candidate, multiAddress = false) {
    const world = openNodeWorld(silentLog);
    this.candidate = candidate;
    this.election = new Election(
      world,
      {
        mesh: {
          self: sid,
          addresses: [{ host: '127.0.0.1', port: BASE + 40 + sid }],
          listenOnAllIPs: false,
          bindRetries: 3,
          cnxTimeoutMs: 5000,
          tcpKeepAlive: false,
          multiAddress,
        },
        election: ELECTION_DEFAULTS,
      },
      {
        onListening() {},
        onElected: (outcome) => this.outcomes.push(outcome),
        onLooking() {},
        onNewerConfig() {},
        onFatal: (error) => {
          throw error;
        },
      },
      silentLog,
    );
    this.election.listen();
    closing.push(() => {
      this.election.close();
      world.shut();
    });
    this.look();
  }

  look(): void {
    this.outcomes.length = 0;
    this.election.look(
      this.candidate,
      parseQuorumText(members().join('\n'), { multiAddress: false, standaloneEnabled: true, otherKeys: 'refuse' }),
    );
  }

  async outcome(timeoutMs = 30_000): Promise<Outcome> {
    const deadline = Date.now() + timeoutMs;
    while (this.outcomes.length === 0) {
      if (Date.now() > deadline) throw new Error('no decision');
      await sleep(10);
    }
    return this.outcomes[0] as Outcome;
  }
}

describe.each([1, 2, 3])('among two servers of Apache, with the id %i', (sid) => {
  const others = [1, 2, 3].filter((other) => other !== sid);

  it('a fresh one is of one mind with them on a first start', async () => {
    const ours = new Ours(sid, fresh);
    const servers = others.map((other) => apache(other));
    for (const server of servers) server.launch();
    const { vote } = await ours.outcome();
    // All have told that they have nothing, or the two were quicker and elected among themselves.
    expect([3, others[1]]).toContain(vote.leader);
  });

  it('a fresh one follows at once where they are settled', async () => {
    const servers = others.map((other) => apache(other));
    for (const server of servers) server.launch();
    await Promise.all(servers.map((server) => server.untilServing()));
    const ours = new Ours(sid, fresh);
    const { state, vote } = await ours.outcome(2000);
    expect([state, vote.leader, vote.peerEpoch]).toEqual(['following', others[1], 1]);
    ours.look();
    expect((await ours.outcome(1000)).vote.leader).toBe(others[1]);
  });

  it('one with a history is voted for by a single fresh one', async () => {
    const ours = new Ours(sid, rich, sid === 2);
    const server = apache(others[0] as number);
    server.launch();
    const { state, vote } = await ours.outcome();
    expect([state, vote.leader, vote.zxid]).toEqual(['leading', sid, rich.zxid]);
  });
});

const olderReleases = (['apache-3.4.14', 'apache-3.5.10', 'apache-3.6.4', 'apache-3.7.2'] as const).filter((kind) =>
  existsSync(join(cache, kind)),
);

it.each(olderReleases)('talks to %s', async (kind) => {
  const ours = new Ours(2, fresh);
  for (const server of [apache(1, kind), apache(3, kind)]) server.launch();
  const { state, vote } = await ours.outcome();
  expect([state, vote.leader]).toEqual(['following', 3]);
});
