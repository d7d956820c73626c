// The page "From one to three, to five, and back" of docs/OPERATIONS.md carried out while clients write: servers are started,
// taken in, left out and stopped by its commands, and every client keeps its session, its ephemeral and its locks.
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../harness/programs.ts';
import { fourLetterWord, type Kind, root, Server } from '../harness/server.ts';
import { superDigest } from '../harness/tree.ts';
import { Crowd } from '../mixed/clients.ts';
import { judgeAll } from '../mixed/mix.ts';

export interface WalkOptions {
  /** Of servers 1 to 5; server 1 is there first, and leaves in the end. */
  readonly kinds: readonly [Kind, Kind, Kind, Kind, Kind];
  readonly basePort: number;
  readonly clients?: number;
  /** Between two writes of one client. */
  readonly paceMs?: number;
  /** How long clients write between two steps. */
  readonly restMs?: number;
  readonly say?: (line: string) => void;
}

export interface WalkStep {
  readonly what: string;
  readonly voters: string;
  readonly leader: number;
  readonly tookMs: number;
  /** The longest time in which no client at all, and in which a certain client, had no write acknowledged. */
  readonly pauseMs: number;
  readonly worstClientMs: number;
}

export interface WalkReport {
  readonly steps: readonly WalkStep[];
  readonly acknowledged: number;
  readonly moves: number;
  readonly nodes: number;
  readonly problems: readonly string[];
}

const SUPER = 'addauth digest super:admin';

export class Walk {
  private readonly options: WalkOptions;
  private readonly servers = new Map<number, Server>();
  private readonly steps: WalkStep[] = [];
  private readonly crowd: Crowd;

  constructor(options: WalkOptions) {
    this.options = options;
    const ports = [1, 2, 3, 4, 5].map((id) => this.clientPort(id));
    this.crowd = new Crowd(ports, options.clients ?? 8, options.paceMs ?? 10);
  }

  async go(): Promise<WalkReport> {
    const { crowd } = this;
    try {
      await this.launch(1, [1]).start(60_000);
      await crowd.start();
      await this.step('1 -> 3', () => this.takeIn([1], 2, 3));
      await this.step('3 -> 5', () => this.takeIn([1, 2, 3], 4, 5));
      await this.step('5 -> 3', () => this.leaveOut(4, 5));
      await this.step('the rest of 3', () => this.stop(4, 5));
      // The leader is among those who go.
      await this.step('3 -> 1', () => this.leaveOut(1, 2));
      await this.step('the rest of 1', () => this.stop(1, 2));
      await crowd.stop();
      const { nodes, problems } = await judgeAll([...this.servers.values()], crowd);
      await crowd.leave();
      return { steps: this.steps, acknowledged: crowd.acks.length, moves: crowd.moves, nodes, problems };
    } finally {
      await Promise.all([...this.servers.values()].map((server) => server.remove()));
    }
  }

  private clientPort(id: number): number {
    return this.options.basePort + id;
  }

  private line(id: number): string {
    const { basePort } = this.options;
    const [quorum, election] = [basePort + 20 + id, basePort + 40 + id];
    return `server.${id}=127.0.0.1:${quorum}:${election}:participant;127.0.0.1:${this.clientPort(id)}`;
  }

  /** A server that knows the members of today and itself. */
  private launch(id: number, members: readonly number[]): Server {
    const server = new Server({
      kind: this.options.kinds[id - 1] as Kind,
      id,
      clientPort: this.clientPort(id),
      members: members.map((each) => this.line(each)),
      settings: {
        tickTime: 500,
        initLimit: 20,
        syncLimit: 10,
        reconfigEnabled: 'true',
        standaloneEnabled: 'false',
        ...superDigest,
      },
    });
    this.servers.set(id, server);
    return server;
  }

  private async takeIn(today: readonly number[], ...ids: number[]): Promise<void> {
    const joining = ids.map((id) => this.launch(id, [...today, id]));
    for (const server of joining) server.launch();
    for (const server of joining) await server.untilServing(60_000);
    const leader = await this.leader();
    await until(`${ids} are synchronised`, async () =>
      (await fourLetterWord(leader.clientPort, 'mntr')).includes(`zk_synced_non_voting_followers\t${ids.length}`),
    );
    await this.reconfig(`-add ${ids.map((id) => this.line(id)).join(',')}`);
    await until(`${ids} vote`, async () =>
      (await fourLetterWord(leader.clientPort, 'mntr')).includes(`zk_synced_followers\t${this.servers.size - 1}`),
    );
  }

  private async leaveOut(...ids: number[]): Promise<void> {
    await this.reconfig(`-remove ${ids.join(',')}`);
    // One that leads hands over first.
    await until('a leader among the rest', async () => {
      for (const [id, server] of this.servers) {
        if (!ids.includes(id) && (await server.mode()) === 'leader') return true;
      }
      return false;
    });
  }

  private async stop(...ids: number[]): Promise<void> {
    for (const id of ids) {
      await this.servers.get(id)?.stop();
      await this.servers.get(id)?.remove();
      this.servers.delete(id);
    }
  }

  /** As an operator types it, at a server that stays. */
  private async reconfig(change: string): Promise<void> {
    const port = Math.max(
      ...[...this.servers.values()].map(({ clientPort }) => clientPort).filter((each) => each <= this.clientPort(3)),
    );
    const address = `127.0.0.1:${port}`;
    const { code, stdout, stderr } = await run(`${root}/bin/zkCli.sh`, ['-server', address, '-waitforconnection'], {
      input: `${SUPER}\nreconfig ${change}\nquit\n`,
    });
    if (code !== 0 || !stdout.includes('Committed new configuration:')) {
      throw new Error(`reconfig ${change}: ${code} ${stdout} ${stderr}`);
    }
  }

  private async leader(): Promise<Server> {
    for (;;) {
      for (const server of this.servers.values()) if ((await server.mode()) === 'leader') return server;
      await sleep(20);
    }
  }

  private async step(what: string, take: () => Promise<void>): Promise<void> {
    const { crowd, options } = this;
    await crowd.untilAllWrote();
    const start = performance.now();
    await take();
    const tookMs = Math.round(performance.now() - start);
    await crowd.untilAllWrote();
    await sleep(options.restMs ?? 0);
    const { all, one } = crowd.pauses(start);
    const leader = await this.leader();
    const step = {
      what,
      voters: await this.votersAt(leader),
      leader: leader.options.id ?? 0,
      tookMs,
      pauseMs: all,
      worstClientMs: one,
    };
    this.steps.push(step);
    options.say?.(
      `${what}: voters ${step.voters}, ${step.leader} leads; took ${tookMs} ms; writes paused ${all} ms, for the unluckiest client ${one} ms`,
    );
  }

  private async votersAt(server: Server): Promise<string> {
    const { stdout } = await run(`${root}/bin/zkCli.sh`, ['-server', `127.0.0.1:${server.clientPort}`, 'config']);
    return [...stdout.matchAll(/^server\.(\d+)=.*:participant/gm)].map((match) => match[1]).join();
  }
}

async function until(what: string, isSo: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}
