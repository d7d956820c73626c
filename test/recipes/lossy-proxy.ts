import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/**
 * Stands between clients and a server, and does to their connections what networks do: cuts them, holds them, or loses the
 * answer to one request after it was carried out.
 */
export class LossyProxy {
  private readonly server: Server;
  private readonly serverPort: number;
  private readonly pairs = new Set<Pair>();
  private isBlocked = false;
  private isClosed = false;
  private readonly toLose: { readonly type: number; readonly lost: () => void }[] = [];

  private constructor(server: Server, serverPort: number) {
    this.server = server;
    this.serverPort = serverPort;
    server.on('connection', (client) => this.onConnection(client));
  }

  static async start(serverPort: number): Promise<LossyProxy> {
    const server = createServer();
    const proxy = new LossyProxy(server, serverPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next request of that operation is carried out; its answer and its connection are lost. Resolves when they are. */
  loseAnswer(type: number): Promise<void> {
    return new Promise((lost) => this.toLose.push({ type, lost }));
  }

  cut(): void {
    for (const pair of this.pairs) pair.destroy();
  }

  /** Nothing goes through any more, and connections stay open: a partition, or a process that stands still. */
  hold(): void {
    this.isBlocked = true;
    for (const pair of this.pairs) pair.hold();
  }

  /** Connections that were held are cut. */
  heal(): void {
    this.isBlocked = false;
    this.cut();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private onConnection(client: Socket): void {
    if (this.isClosed) {
      client.destroy();
      return;
    }
    const server = tcp(this.serverPort, '127.0.0.1');
    const pair = new Pair(client, server, (type) => {
      const index = this.toLose.findIndex((each) => each.type === type);
      return index === -1 ? undefined : this.toLose.splice(index, 1)[0]?.lost;
    });
    if (this.isBlocked) pair.hold();
    this.pairs.add(pair);
    client.on('close', () => this.pairs.delete(pair));
  }
}

class Pair {
  private readonly client: Socket;
  private readonly server: Socket;
  private readonly takeLoss: (type: number) => (() => void) | undefined;
  private isGreeted = false;
  private losing: { readonly xid: number; readonly lost: () => void } | undefined = undefined;

  constructor(client: Socket, server: Socket, takeLoss: (type: number) => (() => void) | undefined) {
    this.client = client;
    this.server = server;
    this.takeLoss = takeLoss;
    cutFrames(client, (frame) => this.onRequest(frame));
    cutFrames(server, (frame) => this.onReply(frame));
    for (const socket of [client, server]) {
      socket.on('error', () => {});
      socket.on('close', () => this.destroy());
    }
  }

  hold(): void {
    this.client.pause();
    this.server.pause();
  }

  destroy(): void {
    this.client.destroy();
    this.server.destroy();
  }

  private onRequest(frame: Buffer): void {
    if (this.isGreeted && this.losing === undefined) {
      const lost = this.takeLoss(frame.readInt32BE(8));
      if (lost !== undefined) this.losing = { xid: frame.readInt32BE(4), lost };
    }
    this.isGreeted = true;
    this.server.write(frame);
  }

  private onReply(frame: Buffer): void {
    if (this.losing !== undefined && frame.readInt32BE(4) === this.losing.xid) {
      this.losing.lost();
      this.destroy();
    } else if (!this.client.destroyed) this.client.write(frame);
  }
}

function cutFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      onFrame(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
