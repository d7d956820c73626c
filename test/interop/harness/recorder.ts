// A proxy between two real programs that keeps every byte that passes, per connection and direction, in order.
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net';

export interface Chunk {
  /** From the side that dialled. */
  readonly fromDialler: boolean;
  readonly bytes: Buffer;
}

export interface Connection {
  readonly label: string;
  /** What was going on when it was dialled. */
  readonly phase: string;
  readonly chunks: Chunk[];
}

export class Recorder {
  readonly connections: Connection[] = [];
  phase = '';
  /** While set, bytes are swallowed: the network is gone, the connections are not. */
  muted = false;
  private readonly servers: NetServer[] = [];
  private readonly sockets = new Set<Socket>();

  /** Everything dialled at `listenPort` goes to `targetPort`. */
  async relay(listenPort: number, targetPort: number, label: string): Promise<void> {
    const server = createServer((dialler) => {
      const connection: Connection = { label, phase: this.phase, chunks: [] };
      this.connections.push(connection);
      const target = connect({ port: targetPort, host: '127.0.0.1' });
      this.join(connection, dialler, target, true);
      this.join(connection, target, dialler, false);
    });
    this.servers.push(server);
    await new Promise<void>((ready, fail) => {
      server.once('error', fail);
      server.listen(listenPort, '127.0.0.1', ready);
    });
  }

  private join(connection: Connection, from: Socket, to: Socket, fromDialler: boolean): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (this.muted) return;
      connection.chunks.push({ fromDialler, bytes });
      to.write(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

export function joined(connection: Connection, fromDialler: boolean): Buffer {
  return Buffer.concat(
    connection.chunks.filter((chunk) => chunk.fromDialler === fromDialler).map((chunk) => chunk.bytes),
  );
}

/**
 * Cuts both directions into messages and puts them in the order in which each was complete. `cut` returns the length
 * of the first whole message in the bytes it is given, or 0 while there is none.
 */
export function messages<M>(
  connection: Connection,
  cut: (bytes: Buffer, fromDialler: boolean) => number,
  show: (bytes: Buffer, fromDialler: boolean) => M,
): M[] {
  const pending = { true: Buffer.alloc(0), false: Buffer.alloc(0) };
  const out: M[] = [];
  for (const chunk of connection.chunks) {
    const side = `${chunk.fromDialler}` as const;
    pending[side] = Buffer.concat([pending[side], chunk.bytes]);
    for (;;) {
      const length = pending[side].length === 0 ? 0 : cut(pending[side], chunk.fromDialler);
      if (length === 0) break;
      out.push(show(pending[side].subarray(0, length), chunk.fromDialler));
      pending[side] = pending[side].subarray(length);
    }
  }
  return out;
}
