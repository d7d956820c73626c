import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../io/net.ts';
import type { SessionOwner } from '../server/request.ts';
import { LinkStream } from '../zab/link-stream.ts';
import type { QuorumPacket } from '../zab/packets.ts';

/**
 * The leader's end of its learners' connections: listens while this peer leads, and tells when a
 * learner is gone. Each connection owns the sessions that are attached through it.
 */
export interface QuorumPortOptions {
  /** undefined: all addresses. */
  readonly host: string | undefined;
  readonly port: number;
  readonly keepAlive: boolean;
}

export interface QuorumPortHandlers {
  onOpened(id: number): void;
  onPacket(id: number, packet: QuorumPacket): void;
  /** Not for connections that `closeConnection` closed. */
  onLost(id: number): void;
  onUnavailable(error: NetError): void;
}

export class LearnerConnection implements SessionOwner {
  readonly ownerName: string;
  readonly id: number;
  readonly link: LinkStream;

  constructor(id: number, link: LinkStream) {
    this.id = id;
    this.link = link;
    this.ownerName = `learner ${link.remoteAddress}`;
  }
}

/** The port of our own last term may take a moment to become free. */
const BIND_ATTEMPTS = 20;
const BIND_RETRY_MS = 100;

export class QuorumPort {
  private readonly net: Net;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly options: QuorumPortOptions;
  private readonly handlers: QuorumPortHandlers;
  private readonly connections = new Map<number, LearnerConnection>();
  private listener: Listener | undefined;
  private nextId = 1;
  private closed = false;

  constructor(net: Net, clock: Clock, log: Log, options: QuorumPortOptions, handlers: QuorumPortHandlers) {
    this.net = net;
    this.clock = clock;
    this.log = log;
    this.options = options;
    this.handlers = handlers;
    this.listen(1);
  }

  connection(id: number): LearnerConnection | undefined {
    return this.connections.get(id);
  }

  closeConnection(id: number, reason: string): void {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    this.connections.delete(id);
    connection.link.destroy();
    this.log.info({ learner: connection.ownerName, reason }, 'closed the connection of a learner');
  }

  close(): void {
    this.closed = true;
    this.listener?.close();
    for (const connection of this.connections.values()) connection.link.destroy();
    this.connections.clear();
  }

  private listen(attempt: number): void {
    if (this.closed) return;
    this.listener = this.net.listen(this.options, {
      onListening: () => {},
      onError: (error) => {
        if (this.closed) return;
        if (attempt >= BIND_ATTEMPTS) {
          this.handlers.onUnavailable(error);
          return;
        }
        this.log.warn({ port: this.options.port, reason: error.message }, 'quorum port is not free yet');
        this.clock.after(BIND_RETRY_MS, () => this.listen(attempt + 1));
      },
      onStream: (stream) => this.onStream(stream),
    });
  }

  private onStream(stream: Stream): StreamHandlers | undefined {
    if (this.closed) return undefined;
    const id = this.nextId++;
    const link = new LinkStream(stream, this.clock, {
      onPacket: (packet) => {
        this.handlers.onPacket(id, packet);
        return true;
      },
      onClose: (reason) => {
        const connection = this.connections.get(id);
        if (connection === undefined) return;
        this.connections.delete(id);
        this.log.info({ learner: connection.ownerName, reason }, 'lost a learner');
        this.handlers.onLost(id);
      },
    });
    this.connections.set(id, new LearnerConnection(id, link));
    this.handlers.onOpened(id);
    return link;
  }
}
