// Servers of ensembles whose members change: a member's line and its server have the same ports, and all of them are
// removed together.
import { type Kind, Server } from './server.ts';

type Settings = Readonly<Record<string, string>>;

export class ChangingMembers {
  readonly servers: Server[] = [];
  private readonly base: number;
  private readonly settings: Settings;

  /** The client port of server N is `base` + N; those for other members are 20 and 40 above it. */
  constructor(base: number, settings: Settings = {}) {
    this.base = base;
    this.settings = settings;
  }

  /** Its line in a configuration. */
  member(id: number, role = 'participant', client = this.base + id): string {
    return `server.${id}=127.0.0.1:${this.base + 20 + id}:${this.base + 40 + id}:${role};127.0.0.1:${client}`;
  }

  build(kind: Kind, id: number, members: readonly string[], settings: Settings = {}): Server {
    const server = new Server({
      kind,
      id,
      clientPort: this.base + id,
      members,
      settings: {
        tickTime: 500,
        initLimit: 20,
        syncLimit: 10,
        maxSessionTimeout: 60_000,
        skipACL: 'yes',
        reconfigEnabled: 'true',
        ...this.settings,
        ...settings,
      },
    });
    this.servers.push(server);
    return server;
  }

  async remove(): Promise<void> {
    for (const server of this.servers.splice(0)) await server.remove();
  }
}
