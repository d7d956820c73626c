import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../../io/net.ts';
import type { HostInfo } from '../monitoring/server-info.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientConnections } from './client-connections.ts';
import { DESCRIPTORS_KEPT } from './client-limits.ts';
import type { ConnectionServer } from './connection-server.ts';

/**
 * The client port: who is let in, who has been silent for too long, and all who are connected. Follows
 * NIOServerCnxnFactory. It stays open through all roles of a peer, so that four-letter words are answered while there
 * is no leader. When it moves, those who are connected stay so.
 */
export interface ClientAddress {
  /** undefined: all. */
  readonly host: string | undefined;
  /** 0: any free one. */
  readonly port: number;
}

export interface ListenerHandlers {
  onListening(port: number): void;
  onError(error: NetError): void;
}

/** The kind of a client port: `tls` is for TLS alone, on `either` a connection shows what it is. */
export type PortKind = 'plain' | 'tls' | 'either';

const EXPIRY_CHECK_MS = 1000;
/** One line in the log for all connections refused within this time. */
const REFUSAL_LOG_MS = 1000;

export class ClientListener {
  private readonly server: ConnectionServer<ClientConnection>;
  private readonly connections: ClientConnections<ClientConnection>;
  private readonly clock: Clock;
  private readonly net: Net;
  private readonly kind: PortKind;
  private readonly log: Log;
  /** Asked once: when there are no more, it is too late to ask. */
  private readonly mostByDescriptors: number;
  /** The newest, which may not be bound yet. */
  private listener: Listener | undefined = undefined;
  /** The listener that clients come to, and its address. */
  private bound: { readonly listener: Listener; readonly address: ClientAddress } | undefined = undefined;
  private expiryTimer: Timer | undefined = undefined;
  private refusalLoggedMs = Number.NEGATIVE_INFINITY;
  private refusedSince = 0;

  constructor(
    server: ConnectionServer<ClientConnection>,
    connections: ClientConnections<ClientConnection>,
    { net, kind }: { readonly net: Net; readonly kind: PortKind },
    host: Pick<HostInfo, 'maxFileDescriptors'>,
  ) {
    this.server = server;
    this.connections = connections;
    this.clock = server.clock;
    this.net = net;
    this.kind = kind;
    this.log = server.log;
    this.mostByDescriptors = mostConnections(host.maxFileDescriptors());
  }

  /** 0 until bound. */
  get port(): number {
    return this.listener === undefined ? 0 : this.listener.port;
  }

  /**
   * Listens at `address` from now on, and no more where it was. The place before is kept until the new one is bound,
   * and for good when that fails; Apache is left without a port then. One port at two addresses cannot be had at once:
   * it is given up first, and taken back.
   */
  listen(address: ClientAddress, handlers: ListenerHandlers): void {
    const { bound } = this;
    if (this.listener !== bound?.listener) this.listener?.close();
    const isSamePort = bound !== undefined && bound.listener.port === address.port;
    if (isSamePort) bound.listener.close();
    this.bind(address, {
      onListening: (port) => {
        if (!isSamePort) bound?.listener.close();
        handlers.onListening(port);
      },
      onError: (error) => {
        if (isSamePort) this.bind(bound.address, { onListening: () => {}, onError: () => {} });
        else this.listener = bound?.listener;
        handlers.onError(error);
      },
    });
    this.expiryTimer ??= this.clock.every(Math.min(EXPIRY_CHECK_MS, this.server.options.sessionlessCnxnTimeoutMs), () =>
      this.closeSilent(),
    );
  }

  close(): void {
    this.listener?.close();
    this.bound?.listener.close();
    this.expiryTimer?.cancel();
  }

  private bind(address: ClientAddress, handlers: ListenerHandlers): void {
    const { clientPortListenBacklog, clientTcpKeepAlive } = this.server.options;
    const options = {
      ...address,
      keepAlive: clientTcpKeepAlive,
      ...(clientPortListenBacklog === undefined ? {} : { backlog: clientPortListenBacklog }),
    };
    const listener = this.net.listen(options, {
      onListening: (port) => {
        this.bound = { listener, address };
        handlers.onListening(port);
      },
      onError: handlers.onError,
      onStream: (stream) => this.onStream(stream),
    });
    this.listener = listener;
  }

  private onStream(stream: Stream): StreamHandlers | undefined {
    const reason = this.refusalOf(stream.remoteAddress);
    if (reason !== undefined) {
      this.refuse(stream, reason);
      return undefined;
    }
    const { role, options, metrics } = this.server;
    if (this.kind === 'tls' && options.dropsHandshakesWhenNotServing && role.upstream === undefined) {
      metrics.connections.closedWithoutServerRunning.add(1);
      return undefined;
    }
    const { handshakes, stats } = this.server;
    if (this.kind !== 'tls') stats.countPlain(stream.remoteAddress);
    if (this.kind !== 'plain' && !handshakes.hasRoom()) return undefined;
    const connection = new ClientConnection(this.server, stream, this.kind === 'tls');
    this.connections.add(connection, stream.remoteAddress);
    const { sessionlessCnxnTimeoutMs } = this.server.options;
    this.connections.expiry.update(connection, this.clock.nowMs(), sessionlessCnxnTimeoutMs);
    return this.kind === 'plain' ? connection.handlers : handshakes.count(connection.handlers);
  }

  /** Why there is no room for one more of this address, not even when another that is closing is cut off. */
  private refusalOf(address: string): string | undefined {
    const { connections, mostByDescriptors } = this;
    const { maxClientCnxns, maxCnxns } = this.server.options;
    if (maxClientCnxns > 0 && connections.ofAddress(address) >= maxClientCnxns && !connections.makeRoom(address))
      return `too many connections from this address, maxClientCnxns is ${maxClientCnxns}`;
    if (maxCnxns > 0 && connections.count >= maxCnxns && !connections.makeRoom())
      return `too many connections, maxCnxns is ${maxCnxns}`;
    if (connections.count >= mostByDescriptors && !connections.makeRoom())
      return `too many connections, the limit of file descriptors leaves room for ${mostByDescriptors}`;
    return undefined;
  }

  private refuse(stream: Stream, reason: string): void {
    this.server.metrics.connections.connectionsRejected.add(1);
    this.refusedSince++;
    const nowMs = this.clock.nowMs();
    if (nowMs - this.refusalLoggedMs < REFUSAL_LOG_MS) return;
    this.log.warn(
      { address: stream.remoteAddress, refused: this.refusedSince },
      `refused client connections: ${reason}`,
    );
    this.refusalLoggedMs = nowMs;
    this.refusedSince = 0;
  }

  private closeSilent(): void {
    this.connections.cutOffOverdue(this.clock.nowMs());
    const due = this.connections.expiry.takeDue(this.clock.nowMs());
    if (due === undefined) return;
    for (const connection of due) {
      this.server.metrics.connections.connectionsExpired.add(1);
      connection.close('nothing heard for too long', false);
    }
  }
}

/** -1: the system does not tell. Of a very low limit clients get half. */
function mostConnections(descriptors: number): number {
  if (descriptors < 0) return Number.POSITIVE_INFINITY;
  return descriptors - Math.min(DESCRIPTORS_KEPT, descriptors >> 1);
}
