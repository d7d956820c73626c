import { silentLog } from '../../src/base/log.ts';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import type { Clock } from '../../src/io/clock.ts';
import { NodeClock } from '../../src/io/node-clock.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';
import { NodeNet } from '../../src/io/node-net.ts';
import { NodeRandom } from '../../src/io/node-random.ts';
import { startEnsemble, type TestEnsemble } from '../../src/testing/testing.ts';
import { until } from './playground.ts';

/** Each of them ends the session of one client: at once, cut off from the servers, or while its process stands still. */
export const ENDINGS = ['session loss', 'partition', 'long pause'] as const;
export type Ending = (typeof ENDINGS)[number];

export const SESSION_MS = 2000;

/** One server in memory, and clients of it that faults befall. Time is advanced, not waited for. */
export class Faults {
  readonly ensemble: TestEnsemble;
  private readonly sleepers: ZooKeeperClient[] = [];

  private constructor(ensemble: TestEnsemble) {
    this.ensemble = ensemble;
  }

  static async open(): Promise<Faults> {
    return new Faults(await startEnsemble({ config: { maxClientCnxns: 0 } }));
  }

  client(): Promise<ZooKeeperClient> {
    return this.ensemble.client({ sessionTimeoutMs: SESSION_MS });
  }

  /** One that `ending` can befall. */
  async victim(ending: Ending): Promise<ZooKeeperClient> {
    if (ending !== 'long pause') return this.client();
    const client = await connect(this.ensemble.connectString, { sessionTimeoutMs: SESSION_MS, world: this.still });
    this.sleepers.push(client);
    return client;
  }

  /** The session of `client` is over at the server. Resolves with what lets the client hear of it. */
  async strike(ending: Ending, client: ZooKeeperClient): Promise<() => Promise<void>> {
    if (ending === 'session loss') {
      const told = until(client, 'expired');
      await this.ensemble.expireSession(client.sessionId);
      await told;
      return async () => {};
    }
    const held = this.ensemble.clients.hold({ session: client.sessionId });
    await this.ensemble.clock.advance(5000);
    return async () => {
      const told = until(client, 'expired');
      held.undo();
      await told;
    };
  }

  /** Cut off for less than the session lives, while `meanwhile` happens. */
  async shortPartition(client: ZooKeeperClient, meanwhile: () => Promise<unknown>): Promise<void> {
    const held = this.ensemble.clients.hold({ session: client.sessionId });
    await meanwhile();
    this.ensemble.clients.cut({ session: client.sessionId });
    held.undo();
  }

  /**
   * The world of a process that stands still while time is advanced: its clock goes on, and none of its timers runs, for they are
   * in real time.
   */
  get still(): { clock: Clock; net: NodeNet; random: NodeRandom } {
    const guard = new NodeGuard((error) => {
      setImmediate(() => {
        throw error;
      });
    });
    const clock = new NodeClock(guard);
    const { ensemble } = this;
    const jumping: Clock = {
      nowMs: () => ensemble.clock.nowMs(),
      wallMs: () => ensemble.clock.wallMs(),
      after: (delayMs, task) => clock.after(delayMs, task),
      every: (periodMs, task) => clock.every(periodMs, task),
      afterTurn: (task) => clock.afterTurn(task),
    };
    return { clock: jumping, net: new NodeNet({ guard, log: silentLog }), random: new NodeRandom() };
  }

  async close(): Promise<void> {
    await Promise.all(this.sleepers.map((client) => client.close()));
    await this.ensemble.close();
  }
}

/** A node that takes the writes of holders, and refuses a token smaller than the largest that it has seen. */
export class FencedNode {
  private readonly client: ZooKeeperClient;
  private readonly path: string;

  constructor(client: ZooKeeperClient, path: string) {
    this.client = client;
    this.path = path;
  }

  /** Whether it was taken. */
  async write(token: number): Promise<boolean> {
    const stat = await this.client.exists(this.path);
    if (stat === undefined) await this.client.create(this.path, '0');
    const { data, stat: now } = await this.client.getData(this.path);
    if (Number(data) > token) return false;
    await this.client.setData(this.path, String(token), { version: now.version });
    return true;
  }
}
