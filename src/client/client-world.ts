import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import { NodeClock } from '../io/node-clock.ts';
import { NodeGuard } from '../io/node-guard.ts';
import { NodeNet } from '../io/node-net.ts';
import { NodeRandom } from '../io/node-random.ts';
import type { Random } from '../io/random.ts';
import { type ClientTls, clientDoor } from './client-tls.ts';

/**
 * The real clock, network and random source, and TLS in front of the network where it is asked for. An error thrown in our own
 * callbacks is a bug and surfaces as one. Throws ConfigError for TLS that cannot be had.
 */
export function realWorld(log: Log, tls: ClientTls | boolean): { clock: Clock; net: Net; random: Random } {
  const guard = new NodeGuard((error) => {
    setImmediate(() => {
      throw error;
    });
  });
  const net = new NodeNet({ guard, log });
  const secure = tls === false ? net : net.through(clientDoor(tls === true ? {} : tls, log));
  return { clock: new NodeClock(guard), net: secure, random: new NodeRandom() };
}
