import type { Log } from '../../base/log.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../../io/net.ts';
import { ExpiryBuckets } from '../sessions/expiry-buckets.ts';
import { ClientConnection } from './client-connection.ts';
import type { ConnectionServer } from './connection-server.ts';

/**
 * The client port: who is let in, who has been silent for too long, and all who are connected. Follows
 * NIOServerCnxnFactory. It opens once and stays open through all roles of a peer, so that four-letter words are
 * answered while there is no leader.
 */
const EXPIRY_CHECK_MS = 1000;
/** One line in the log for all connections refused within this time. */
const REFUSAL_LOG_MS = 1000;

export class ClientListener {
  readonly connections = new Set<ClientConnection>();
  readonly expiry: ExpiryBuckets<ClientConnection>;
  private readonly server: ConnectionServer<ClientConnection>;
  private readonly clock: Clock;
  private readonly net: Net;
  private readonly log: Log;
  private readonly perAddress = new Map<string, number>();
  private listener: Listener | undefined = undefined;
  private expiryTimer: Timer | undefined = undefined;
  private refusalLoggedMs = Number.NEGATIVE_INFINITY;
  private refusedSince = 0;

  constructor(server: ConnectionServer<ClientConnection>, net: Net) {
    this.server = server;
    this.clock = server.clock;
    this.net = net;
    this.log = server.log;
    this.expiry = new ExpiryBuckets(server.options.sessionlessCnxnTimeoutMs, this.clock.nowMs());
  }

  /** 0 until bound. */
  get port(): number {
    return this.listener === undefined ? 0 : this.listener.port;
  }

  listen(handlers: { onListening(port: number): void; onError(error: NetError): void }): void {
    const { clientPortAddress, clientPort, clientPortListenBacklog, clientTcpKeepAlive } = this.server.options;
    const options = {
      host: clientPortAddress,
      port: clientPort,
      keepAlive: clientTcpKeepAlive,
      ...(clientPortListenBacklog === undefined ? {} : { backlog: clientPortListenBacklog }),
    };
    this.listener = this.net.listen(options, {
      onListening: handlers.onListening,
      onError: handlers.onError,
      onStream: (stream) => this.onStream(stream),
    });
    this.expiryTimer = this.clock.every(Math.min(EXPIRY_CHECK_MS, this.server.options.sessionlessCnxnTimeoutMs), () =>
      this.closeSilent(),
    );
  }

  close(): void {
    this.listener?.close();
    this.expiryTimer?.cancel();
  }

  /** The connection closed, from either side. */
  forget(connection: ClientConnection): void {
    this.connections.delete(connection);
    this.expiry.remove(connection);
    const left = (this.perAddress.get(connection.remoteAddress) as number) - 1;
    if (left > 0) this.perAddress.set(connection.remoteAddress, left);
    else this.perAddress.delete(connection.remoteAddress);
  }

  private onStream(stream: Stream): StreamHandlers | undefined {
    const { maxClientCnxns, maxCnxns, sessionlessCnxnTimeoutMs } = this.server.options;
    const address = stream.remoteAddress;
    const ofAddress = this.perAddress.get(address) ?? 0;
    if (maxCnxns > 0 && this.connections.size >= maxCnxns) {
      this.refuse(stream, `too many connections, maxCnxns is ${maxCnxns}`);
      return undefined;
    }
    if (maxClientCnxns > 0 && ofAddress >= maxClientCnxns) {
      this.refuse(stream, `too many connections from this address, maxClientCnxns is ${maxClientCnxns}`);
      return undefined;
    }
    const connection = new ClientConnection(this.server, stream);
    this.connections.add(connection);
    this.perAddress.set(address, ofAddress + 1);
    this.expiry.update(connection, this.clock.nowMs(), sessionlessCnxnTimeoutMs);
    return connection;
  }

  private refuse(stream: Stream, reason: string): void {
    this.server.metrics.connectionsRejected.add(1);
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
    const due = this.expiry.takeDue(this.clock.nowMs());
    if (due === undefined) return;
    for (const connection of due) {
      this.server.metrics.connectionsExpired.add(1);
      connection.close('nothing heard for too long', false);
    }
  }
}
