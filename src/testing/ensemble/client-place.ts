import { silentLog } from '../../base/log.ts';
import type { ZooKeeperClient } from '../../client/client.ts';
import { type ClientTls, clientDoor } from '../../client/client-tls.ts';
import type { Net } from '../../io/net.ts';
import { NodeGuard } from '../../io/node-guard.ts';
import { NodeNet } from '../../io/node-net.ts';
import { NodeRandom } from '../../io/node-random.ts';
import { Gate } from '../layers/gate.ts';
import { PeerClock, type TestClock } from '../layers/test-clock.ts';

/** Clock and network of a client that lives in the time of the ensemble. An error thrown in its callbacks surfaces as one. */
export class ClientPlace {
  readonly world: { readonly clock: PeerClock; readonly net: Net; readonly random: NodeRandom };
  client: ZooKeeperClient | undefined = undefined;
  private readonly guard: NodeGuard;
  private readonly net: NodeNet;

  /** Throws ConfigError for TLS that cannot be had. */
  constructor(clock: TestClock, tls: ClientTls | false) {
    this.guard = new NodeGuard((error) => {
      setImmediate(() => {
        throw error;
      });
    });
    this.net = new NodeNet({ guard: this.guard, log: silentLog });
    const net = tls === false ? this.net : this.net.through(clientDoor(tls, silentLog));
    this.world = { clock: new PeerClock(clock, new Gate(this.guard)), net, random: new NodeRandom() };
  }

  /** Nothing of the client happens any more. */
  end(): void {
    this.guard.shut();
    this.world.clock.shut();
    this.net.shut();
  }
}
