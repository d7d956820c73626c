import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { StreamTls } from '../io/net.ts';
import type { GiveUp, SocketDoor } from '../io/node-socket-door.ts';

/**
 * An HTTP port for operators: binds, bounds what one visitor may cost, and asks `handle` for each answer. Answers are
 * made one at a time, because each may read much of the peer's state; visitors who ask meanwhile wait in a short queue. An
 * answer that waits for something is made beside it.
 */

/**
 * Connections at once, in all and from one address. For one more the oldest goes that waits for no answer, of the same address
 * where that has too many: whoever holds connections open without asking keeps nobody out.
 */
const MAX_CONNECTIONS = 64;
const MAX_CONNECTIONS_PER_ADDRESS = 32;
/** Requests that wait for the one being answered; one more is told 503. */
const MAX_WAITING = 16;
/** The time from the connection to the end of the headers. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request, the upload of a snapshot included. */
const REQUEST_TIMEOUT_MS = 600_000;

export interface HttpListenerOptions {
  /** The name in messages: `admin server`, `metrics`. */
  readonly name: string;
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idleTimeoutMs: number;
  /** A stage that connections pass first: TLS. */
  readonly door?: SocketDoor | undefined;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export class HttpListener {
  private readonly options: HttpListenerOptions;
  private readonly handle: HttpHandler;
  private readonly log: Log;
  private readonly server: Server;
  /** The one that is bound: with a door in front, requests are heard of connections that it let in. */
  private readonly port: NetServer;
  private readonly tls = new WeakMap<Socket, StreamTls>();
  private readonly atDoor = new Set<GiveUp>();
  /** The socket below a connection that a door let in. */
  private readonly raw = new WeakMap<Socket, Socket>();
  /** In the order they came, with the address. */
  private readonly connections = new Map<Socket, string>();
  /** Connections whose request is not answered yet. */
  private readonly busy = new WeakSet<Socket>();
  private readonly waiting: (() => void)[] = [];
  private isAnswering = false;

  constructor(options: HttpListenerOptions, handle: HttpHandler, log: Log) {
    this.options = options;
    this.handle = handle;
    this.log = log;
    this.server = createServer((request, response) => this.onRequest(request, response));
    this.server.headersTimeout = HEADERS_TIMEOUT_MS;
    this.server.requestTimeout = REQUEST_TIMEOUT_MS;
    this.server.setTimeout(options.idleTimeoutMs);
    this.server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    const { door } = options;
    this.port = door === undefined ? this.server : createNetServer((socket) => this.admit(socket, door));
    this.port.on('connection', (socket: Socket) => this.onConnection(socket));
  }

  /** Of a connection that is open; undefined for one in the clear. */
  tlsOf(socket: Socket): StreamTls | undefined {
    return this.tls.get(socket);
  }

  private admit(raw: Socket, door: SocketDoor): void {
    const giveUp = door.admit(raw, (error, socket, tls) => {
      this.atDoor.delete(giveUp);
      if (error !== undefined) return;
      if (tls !== undefined) this.tls.set(socket, tls);
      this.raw.set(socket, raw);
      this.server.emit('connection', socket);
      socket.resume();
    });
    this.atDoor.add(giveUp);
  }

  /** Resolves with the bound port; rejected with the system's error when it cannot be bound. */
  listen(): Promise<number> {
    const { name, host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.port.once('error', reject);
      this.port.listen(port, host, () => {
        this.port.off('error', reject);
        this.port.on('error', (error) => this.log.warn({ reason: messageOf(error) }, `${name}: accept failed`));
        const address = this.port.address();
        resolve(address === null || typeof address === 'string' ? port : address.port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.port.close(() => resolve());
      for (const giveUp of this.atDoor) giveUp();
      this.server.closeAllConnections();
    });
  }

  private onConnection(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    this.connections.set(socket, address);
    socket.once('close', () => this.connections.delete(socket));
    let ofAddress = 0;
    for (const each of this.connections.values()) if (each === address) ofAddress++;
    if (ofAddress > MAX_CONNECTIONS_PER_ADDRESS) this.makeRoom(address);
    else if (this.connections.size > MAX_CONNECTIONS) this.makeRoom(undefined);
  }

  /** The newcomer is the last that may go. */
  private makeRoom(address: string | undefined): void {
    for (const [socket, from] of this.connections) {
      if (this.busy.has(socket) || (address !== undefined && from !== address)) continue;
      this.connections.delete(socket);
      socket.destroy();
      return;
    }
  }

  /**
   * A request behind an unanswered one of the same connection ends it: no scraper and no browser sends one, and the
   * parser would hand over thousands of them at once.
   */
  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (socket.destroyed) return;
    const raw = this.raw.get(socket) ?? socket;
    if (this.busy.has(raw)) {
      this.log.warn(
        { client: socket.remoteAddress },
        `${this.options.name}: closing a connection that pipelines requests`,
      );
      socket.destroy();
      return;
    }
    if (this.waiting.length >= MAX_WAITING) {
      answerText(response, 503, 'too many requests at once\n');
      return;
    }
    this.busy.add(raw);
    response.once('close', () => this.busy.delete(raw));
    this.waiting.push(() => void this.answer(request, response));
    this.next();
  }

  private next(): void {
    if (this.isAnswering) return;
    const task = this.waiting.shift();
    if (task === undefined) return;
    this.isAnswering = true;
    task();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.carryOut(request, response, () => this.handle(request, response));
    this.isAnswering = false;
    this.next();
  }

  /** Beside the queue, for an answer that waits for its caller, the disk or other servers: no other one waits for it. */
  aside(request: IncomingMessage, response: ServerResponse, task: () => Promise<void>): void {
    void this.carryOut(request, response, task);
  }

  private async carryOut(request: IncomingMessage, response: ServerResponse, task: () => Promise<void>): Promise<void> {
    try {
      if (!request.socket.destroyed) await task();
    } catch (error) {
      this.log.error({ url: request.url, reason: messageOf(error) }, `${this.options.name}: no answer could be made`);
      if (response.headersSent) request.socket.destroy();
      else answerText(response, 500, 'no answer could be made; the log says why\n');
    }
  }
}

export function answerText(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  if (body !== '' && !response.hasHeader('Content-Type'))
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}
