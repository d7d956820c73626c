import { describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { Election } from '../../src/election/election.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import { ELECTION_DEFAULTS, type Outcome } from '../../src/election/voting/election-host.ts';
import { makeZxid } from '../../src/jute/zxid.ts';
import { SimClock } from '../sim/world/clock.ts';
import { SimNetwork } from '../sim/world/net.ts';
import { SimRandom } from '../sim/world/random.ts';
import { Scheduler, SimProcess } from '../sim/world/scheduler.ts';

function config(...lines: string[]): QuorumVerifier {
  return parseQuorumText(lines.join('\n'), { multiAddress: false, standaloneEnabled: false, otherKeys: 'refuse' });
}

const two = config('server.1=h1:1:3888', 'server.2=h2:1:3888');
const three = config('server.1=h1:1:3888', 'server.2=h2:1:3888', 'server.3=h3:1:3888', 'version=100000007');

class World {
  readonly scheduler = new Scheduler();
  readonly network = new SimNetwork(this.scheduler, new SimRandom(2));
  readonly seen: string[] = [];
  readonly outcomes = new Map<number, Outcome>();

  elector(sid: number, onNewerConfig: (election: Election, verifier: QuorumVerifier) => void = () => {}): Election {
    const process = new SimProcess(this.scheduler, `elector ${sid}`);
    const net = this.network.netOf(process, this.network.addHost(`h${sid}`));
    const election: Election = new Election(
      { net, clock: new SimClock(process) },
      {
        mesh: {
          self: sid,
          addresses: [{ host: `h${sid}`, port: 3888 }],
          listenOnAllIPs: false,
          bindRetries: 3,
          cnxTimeoutMs: 5000,
          tcpKeepAlive: true,
          multiAddress: false,
        },
        election: { ...ELECTION_DEFAULTS, adoptNewerConfig: true },
      },
      {
        onListening: () => this.seen.push(`${sid} listens`),
        onElected: (outcome) => {
          this.outcomes.set(sid, outcome);
          this.seen.push(`${sid} ${outcome.state}`);
        },
        onLooking: (other) => this.seen.push(`${sid} hears that ${other} looks`),
        onNewerConfig: (verifier) => {
          this.seen.push(`${sid} gets configuration ${verifier.version.toString(16)}`);
          onNewerConfig(election, verifier);
        },
        onFatal: (error) => {
          throw error;
        },
      },
      silentLog,
    );
    election.listen();
    return election;
  }
}

function candidate(counter: number, empty = false) {
  return { participant: true, zxid: makeZxid(1, counter), peerEpoch: 1, empty, initialize: false };
}

describe('an election', () => {
  it('elects, tells a settled server who looks, and answers with the epoch it was told', () => {
    const world = new World();
    const [one, other] = [world.elector(1), world.elector(2)];
    world.scheduler.runForMs(5);
    one.look(candidate(5), two);
    other.look(candidate(9), two);
    world.scheduler.runForMs(500);
    expect(world.seen).toEqual(['1 listens', '2 listens', '1 following', '2 leading']);
    other.settle('leading', { ...world.outcomes.get(2)!.vote, peerEpoch: 2 });
    one.look(candidate(5), two);
    world.scheduler.runForMs(500);
    expect(world.seen.slice(4)).toContain('2 hears that 1 looks');
    expect([one.currentVote.round, one.isAbstaining]).toEqual([2n, false]);
    other.look(candidate(9), two);
    world.scheduler.runForMs(500);
    expect(world.outcomes.get(1)?.vote).toMatchObject({ leader: 2, round: 2n });
  });

  it('hands on a newer configuration, and goes on with its members', () => {
    const world = new World();
    const old = config('server.1=h1:1:3888', 'server.2=h2:1:3888', 'server.3=h3:1:3888', 'version=100000006');
    const newer = config(...three.text().split('\n').slice(0, 3), 'server.4=h4:1:3888', 'version=100000007');
    const one = world.elector(1, (election, verifier) => election.look(candidate(5), verifier));
    const [second, third] = [world.elector(2), world.elector(3)];
    world.scheduler.runForMs(5);
    one.look(candidate(5), old);
    second.look(candidate(6), newer);
    third.look(candidate(7), newer);
    world.scheduler.runForMs(1000);
    expect(world.seen).toContain('1 gets configuration 100000007');
    expect([1, 2, 3].map((sid) => world.outcomes.get(sid)?.vote.leader)).toEqual([3, 3, 3]);
  });

  it('learns of members that were added while it was settled', () => {
    const world = new World();
    const [one, second] = [world.elector(1), world.elector(2)];
    world.scheduler.runForMs(5);
    one.look(candidate(5), two);
    second.look(candidate(6), two);
    world.scheduler.runForMs(500);
    for (const election of [one, second]) election.setMembers(three);
    const third = world.elector(3);
    world.scheduler.runForMs(5);
    third.look(candidate(7), three);
    world.scheduler.runForMs(500);
    expect(world.outcomes.get(3)).toMatchObject({ state: 'following', vote: { leader: 2 } });
  });

  it('says that it abstains while it does, and is silent when closed', () => {
    const world = new World();
    const one = world.elector(1);
    world.scheduler.runForMs(5);
    one.look(candidate(5, true), two);
    world.scheduler.runForMs(10_000);
    expect([one.isAbstaining, world.seen]).toEqual([true, ['1 listens']]);
    one.close();
    world.scheduler.runForMs(10_000);
    expect(world.scheduler.pending).toBe(0);
  });
});
