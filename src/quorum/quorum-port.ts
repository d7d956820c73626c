import { messageOf, ProtocolError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../io/net.ts';
import type { SessionOwner } from '../server/request.ts';
import { PacketCutter } from '../zab/packet-cutter.ts';
import type { QuorumPacket } from '../zab/packets.ts';
import { Link } from './link.ts';

/**
 * The leader's end of its learners' connections: listens while this peer leads, cuts packets, and tells when a
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
  readonly link: Link;
  readonly stream: Stream;
  closed = false;

  constructor(id: number, stream: Stream, clock: Clock) {
    this.id = id;
    this.stream = stream;
    this.link = new Link(stream, clock);
    this.ownerName = `learner ${stream.remoteAddress}:${stream.remotePort}`;
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

  /** What was sent before still goes out. */
  closeConnection(id: number, reason: string): void {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    this.connections.delete(id);
    connection.closed = true;
    connection.link.close();
    this.log.info({ learner: connection.ownerName, reason }, 'closed the connection of a learner');
  }

  close(): void {
    this.closed = true;
    this.listener?.close();
    for (const connection of this.connections.values()) drop(connection);
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
    const connection = new LearnerConnection(this.nextId++, stream, this.clock);
    this.connections.set(connection.id, connection);
    this.handlers.onOpened(connection.id);
    const cutter = new PacketCutter((packet) => {
      if (!connection.closed) this.handlers.onPacket(connection.id, packet);
      return !connection.closed;
    });
    return {
      onData: (chunk) => {
        if (connection.closed) return;
        try {
          cutter.push(chunk);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          this.lose(connection, `bad packet: ${messageOf(error)}`);
        }
      },
      onEnd: () => this.lose(connection, 'the learner closed it'),
      onDrain: () => {
        if (!connection.closed) connection.link.onDrain();
      },
      onClose: (error) => this.lose(connection, error === undefined ? 'closed' : error.message),
    };
  }

  private lose(connection: LearnerConnection, reason: string): void {
    if (connection.closed) return;
    this.connections.delete(connection.id);
    drop(connection);
    this.log.info({ learner: connection.ownerName, reason }, 'lost a learner');
    this.handlers.onLost(connection.id);
  }
}

function drop(connection: LearnerConnection): void {
  connection.closed = true;
  connection.link.abandon();
  connection.stream.destroy();
}
