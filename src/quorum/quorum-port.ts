import { assert } from '../base/assert.ts';
import type { Log } from '../base/log.ts';
import type { Clock, Timer } from '../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../io/net.ts';
import type { SessionOwner } from '../server/asker.ts';
import { LinkStream } from '../zab/wire/link-stream.ts';
import type { QuorumPacket } from '../zab/wire/packets.ts';

/**
 * The leader's end of its learners' connections: listens while this peer leads, and tells when a
 * learner is gone. Each connection owns the sessions that are attached through it.
 */
export interface QuorumPortOptions {
  /** A host that is undefined: all addresses of the machine. */
  readonly addresses: readonly { readonly host: string | undefined; readonly port: number }[];
  readonly keepAlive: boolean;
}

export interface QuorumPortHandlers {
  onOpened(id: number): void;
  onPacket(id: number, packet: QuorumPacket): void;
  /** Not for connections that `closeConnection` closed. */
  onLost(id: number): void;
  /** None of the addresses can be listened on; the last one could not for this reason. */
  onUnavailable(port: number, error: NetError): void;
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
  private readonly listeners = new Set<Listener>();
  private readonly retries = new Set<Timer>();
  private unavailable = 0;
  private nextId = 1;
  private closed = false;

  constructor(net: Net, clock: Clock, log: Log, options: QuorumPortOptions, handlers: QuorumPortHandlers) {
    this.net = net;
    this.clock = clock;
    this.log = log;
    this.options = options;
    this.handlers = handlers;
    for (const address of options.addresses) this.listen(address, 1);
  }

  /** Of an id that was opened, and neither lost nor closed since. */
  connection(id: number): LearnerConnection {
    const connection = this.connections.get(id);
    assert(connection !== undefined, 'a connection is spoken of from its opening to its end');
    return connection;
  }

  closeConnection(id: number, reason: string): void {
    const connection = this.connection(id);
    this.connections.delete(id);
    connection.link.destroy();
    this.log.info({ learner: connection.ownerName, reason }, 'closed the connection of a learner');
  }

  close(): void {
    this.closed = true;
    for (const listener of this.listeners) listener.close();
    for (const retry of this.retries) retry.cancel();
    for (const connection of this.connections.values()) connection.link.destroy();
    this.connections.clear();
  }

  private listen(address: QuorumPortOptions['addresses'][number], attempt: number): void {
    const listener = this.net.listen(
      { ...address, keepAlive: this.options.keepAlive },
      {
        onListening: () => {},
        onError: (error) => {
          this.listeners.delete(listener);
          this.onBindError(address, attempt, error);
        },
        onStream: (stream) => this.onStream(stream),
      },
    );
    this.listeners.add(listener);
  }

  private onBindError(address: QuorumPortOptions['addresses'][number], attempt: number, error: NetError): void {
    const { port } = address;
    if (attempt < BIND_ATTEMPTS) {
      this.log.warn({ port, reason: error.message }, 'quorum port is not free yet');
      const retry = this.clock.after(BIND_RETRY_MS, () => {
        this.retries.delete(retry);
        this.listen(address, attempt + 1);
      });
      this.retries.add(retry);
      return;
    }
    this.unavailable++;
    if (this.unavailable === this.options.addresses.length) this.handlers.onUnavailable(port, error);
    else this.log.warn({ port, reason: error.message }, 'learners cannot come by this address');
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
        const connection = this.connection(id);
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
