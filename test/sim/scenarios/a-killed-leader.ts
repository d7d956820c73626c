import type { Scenario, Script } from '../script/script.ts';
import type { LinkSpeed } from '../world/net.ts';

/** Every cable, in each direction, has the same length here. */
const CABLE_MS = 0.5;
/** The lookup of a name and the dial; the network draws the lookup, up to 2 ms. */
const DIAL_MS = 2 + 2 * CABLE_MS;
/** One of the survivors notices so much later than the other. */
const LATER_MS = 20;
/** A proposal, its way to the disk at both, its acknowledgement and its commit. */
const COMMIT_MS = 3 * CABLE_MS + 2 * 0.6;

/**
 * From the kill to the moment at which both survivors serve, in the order in which it happens. No part of it is counted in
 * ticks, and none of it is the wait for a vote to be repeated, which would be another 200 ms.
 */
const SERVICE_BOUND_MS =
  LATER_MS + // until both have lost the connection to the leader, and look
  4 * CABLE_MS + // the loss itself; a vote, the better one that was missed, and the support for that
  200 + // nothing better comes: the finalize wait
  (DIAL_MS + 10 + DIAL_MS) + // the learner knows the leader before the leader does, is refused, and dials again
  6 * CABLE_MS; // FOLLOWERINFO, LEADERINFO, ACKEPOCH, DIFF and NEWLEADER, ACK, UPTODATE

/** From there to the answer to a write, of a client that is refused until then. */
const WRITE_BOUND_MS =
  100 + // its own wait before it dials again
  (DIAL_MS + 2 * CABLE_MS + COMMIT_MS) + // the dial, and its session, new or moved
  (2 * CABLE_MS + COMMIT_MS); // the write, by way of a follower

function always(delayMs: number): LinkSpeed {
  return { minDelayUs: delayMs * 1000, maxDelayUs: delayMs * 1000, bytesPerMs: undefined };
}

/** The leader dies, and `last` is the last of the others to notice. */
function lose(s: Script, leader: number, last: number): void {
  const { network, scheduler } = s.world.ensemble;
  s.expect(s.leader, leader, 'the leader');
  const survivors = [1, 2, 3].filter((sid) => sid !== leader);
  const clients = survivors.map((sid) => s.addClient(`of ${sid} without ${leader} and ${last} last`, sid));
  s.until('connections', () => clients.every((client) => client.isConnected));
  const cable = [s.view(leader).machine.host, s.view(last).machine.host] as const;
  network.setSpeed(...cable, always(CABLE_MS + LATER_MS));
  const killedMs = scheduler.nowMs;
  s.kill(leader);
  s.until('the end of service', () => survivors.every((sid) => !s.isServing(sid)), LATER_MS + 2 * CABLE_MS);
  s.until('service', () => survivors.every((sid) => s.isServing(sid)), killedMs + SERVICE_BOUND_MS - scheduler.nowMs);
  const servesMs = scheduler.nowMs;
  const writeBoundMs = (): number => servesMs + WRITE_BOUND_MS - scheduler.nowMs;
  s.until('a connection', () => clients.some((client) => client.isConnected), writeBoundMs());
  const write = s.ask(
    { op: 'setData', path: '/a', data: `without ${leader}`, version: -1 },
    clients.find((client) => client.isConnected),
  );
  s.until('an answer', () => write.result !== undefined, writeBoundMs());
  s.expect(write.result?.err, 0, 'the write');
  network.setSpeed(...cable, undefined);
  s.start(leader);
  s.untilServing();
}

function killedLeader(name: string, tickTime: number): Scenario {
  return {
    name,
    about: `with ticks of ${tickTime} ms a leader that is killed is missed for little more than the finalize wait`,
    voters: 3,
    config: { tickTime },
    mutant: 'let who looks later wait for the next repetition',
    play(s) {
      s.world.ensemble.network.defaultSpeed = always(CABLE_MS);
      s.begin(3);
      s.create('/a');
      // Of two with one history the higher id leads. First the other one notices last, then who will lead.
      lose(s, 3, 1);
      lose(s, 2, 1);
      lose(s, 3, 2);
      lose(s, 2, 3);
    },
  };
}

export const scenario = killedLeader('a killed leader', 500);

export const withLongTicks = killedLeader('a killed leader, with long ticks', 2000);
