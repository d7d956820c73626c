import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { takePieces } from '../base/pieces.ts';
import type { SocketDoor } from '../io/node-socket-door.ts';
import { Perm } from '../jute/codes.ts';
import type { Acl, Id } from '../jute/data-records.ts';
import { ABOUT_CLIENTS } from './commands/about-clients.ts';
import { ABOUT_ENSEMBLE } from './commands/about-ensemble.ts';
import { ABOUT_SERVER } from './commands/about-server.ts';
import type { AdminAnswer, AdminCommand, AdminContext, CommandBody } from './commands/admin-command.ts';
import { guardedCommands } from './commands/guarded-commands.ts';
import { health } from './health.ts';
import { answerText, HttpListener } from './http-listener.ts';
import { entriesOf, type Json, type JsonObject, javaJson, javaJsonPieces, LongMap } from './java-json.ts';
import { LongCommands } from './long-commands.ts';
import { PrometheusMetrics } from './prometheus-metrics.ts';

/**
 * The admin server: Apache's commands with Apache's answers at <commandURL>/<name>, and beside them /health/live,
 * /health/ready and /metrics. Follows JettyAdminServer and Commands of 3.9.5; the differences are in
 * docs/COMPATIBILITY.md.
 */
export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly idleTimeoutMs: number;
  /** `/commands` unless configured. */
  readonly commandUrl: string;
  /** The caller, for the scheme `ip`, is the first address of X-Forwarded-For. Only behind a proxy that sets it. */
  readonly trustsForwardedFor: boolean;
  /** Everything but health takes a caller with every permission on the root node, and not by `world`. */
  readonly requiresAuth: boolean;
  /** In front of each connection: TLS. */
  readonly door?: SocketDoor | undefined;
}

/** Snapshots and pieces of the log that are on their way. */
const MAX_SENDING = 4;
const HSTS_SECONDS = 24 * 60 * 60;
const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';
const NOBODY: Acl = { perms: 0, id: { scheme: 'world', id: 'anyone' } };
const ALL_PERMISSIONS = [Perm.read, Perm.write, Perm.create, Perm.delete, Perm.admin];

export class AdminServer {
  private readonly options: AdminServerOptions;
  private readonly context: AdminContext;
  private readonly log: Log;
  private readonly prometheus: PrometheusMetrics;
  private readonly commands = new Map<string, AdminCommand>();
  private readonly listener: HttpListener;
  private readonly long = new LongCommands();
  private sending = 0;
  /** Connections that came in the clear to a port that takes both. */
  private readonly counted = new WeakSet<object>();

  constructor(options: AdminServerOptions, context: AdminContext, log: Log) {
    this.options = options;
    this.context = context;
    this.log = log;
    this.prometheus = new PrometheusMetrics(context.server.metrics);
    for (const command of [...ABOUT_SERVER, ...ABOUT_CLIENTS, ...ABOUT_ENSEMBLE, ...guardedCommands()]) {
      for (const name of command.names) this.commands.set(name, command);
    }
    const { host, port, idleTimeoutMs } = options;
    this.listener = new HttpListener(
      { name: 'admin server', host, port, idleTimeoutMs, door: options.door },
      (request, response) => this.answer(request, response),
      log,
    );
  }

  /** Resolves with the bound port, or undefined when it could not be bound: the peer serves without. */
  async listen(): Promise<number | undefined> {
    const { host, port, commandUrl } = this.options;
    try {
      const bound = await this.listener.listen();
      this.log.info({ host, port: bound, url: commandUrl }, 'admin commands are served');
      return bound;
    } catch (error) {
      this.log.warn(
        { host, port, reason: messageOf(error) },
        'admin server: the port cannot be bound; serving without it (admin.serverPort, admin.enableServer=false)',
      );
      return undefined;
    }
  }

  close(): Promise<void> {
    return this.listener.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { door } = this.options;
    if (this.listener.tlsOf(request.socket) !== undefined) {
      response.setHeader('Strict-Transport-Security', `max-age=${HSTS_SECONDS}; includeSubDomains`);
    } else if (door !== undefined && !this.counted.has(request.socket)) {
      this.counted.add(request.socket);
      this.context.server.metrics.connections.insecureAdmin.add(1);
    }
    const url = urlOf(request);
    if (url === undefined) return answerText(response, 400, 'the path cannot be read\n');
    const { method } = request;
    if (method === 'TRACE') return answerText(response, 403, '');
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return answerText(response, 405, '');
    const { commandUrl } = this.options;
    if (url.pathname === commandUrl || url.pathname === `${commandUrl}/`) return this.list(response);
    if (url.pathname.startsWith(`${commandUrl}/`)) {
      const name = decoded(url.pathname.slice(commandUrl.length + 1));
      return this.command(name, url.searchParams, request, response);
    }
    if (url.pathname === '/health/live' || url.pathname === '/health/ready') {
      const { status, text } = health(url.pathname, this.context);
      return answerText(response, status, text);
    }
    if (url.pathname === '/metrics') {
      const refused = this.options.requiresAuth ? this.refusal(request) : undefined;
      if (refused !== undefined) return sendJson(response, 'metrics', refused);
      response.setHeader('Content-Type', this.prometheus.contentType);
      return answerText(response, 200, await this.prometheus.text());
    }
    answerText(response, 404, `there are ${commandUrl}, /health/live, /health/ready and /metrics here\n`);
  }

  private list(response: ServerResponse): void {
    const names = [...new Set([...this.commands.values()].map((command) => command.names[0]))].sort();
    const { commandUrl } = this.options;
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    answerText(response, 200, names.map((name) => `<a href="${commandUrl}/${name}">${name}</a>\n<br/>\n`).join(''));
  }

  private async command(
    name: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const command = this.commands.get(name);
    const isPost = request.method === 'POST';
    if (command === undefined) return sendJson(response, name, { error: `Unknown command: ${name}` });
    const primary = command.names[0];
    if (command.needsServer && !this.context.server.isServing) {
      return sendJson(response, primary, { error: NOT_SERVING });
    }
    const needsAuth = command.needsAuth || this.options.requiresAuth;
    const refused = needsAuth ? this.refusal(request) : undefined;
    if (refused !== undefined) return sendJson(response, primary, refused);
    if (isPost !== (command.method === 'POST')) {
      response.setHeader('Allow', command.method);
      return sendJson(response, primary, { status: 405, error: `${primary} takes ${command.method}` });
    }
    if (!isPost && command.sendsHistory !== true) return this.run(command, query, undefined, response);
    this.listener.aside(request, response, async () => {
      const refusal = await this.long.run(command, request, (body) => this.run(command, query, body, response));
      if (refusal !== undefined) sendJson(response, primary, refusal);
    });
  }

  private async run(
    command: AdminCommand,
    query: URLSearchParams,
    body: CommandBody,
    response: ServerResponse,
  ): Promise<void> {
    const name = command.names[0];
    if (command.sendsHistory === true && this.sending >= MAX_SENDING) {
      return sendJson(response, name, { status: 503, error: `${MAX_SENDING} answers of this kind are being sent` });
    }
    const answer = await command.run(this.context, query, body);
    if (answer.file === undefined && answer.bytes === undefined) this.sendJson(response, name, answer);
    else this.send(answer, response);
  }

  /** A long one in pieces, some in each turn of the loop and as the caller takes them. */
  private sendJson(response: ServerResponse, command: string, answer: AdminAnswer): void {
    const pieces = javaJsonPieces(jsonOf(command, answer));
    const { text, isAll } = takePieces(pieces);
    if (!isAll && this.sending >= MAX_SENDING) {
      sendJson(response, command, { status: 503, error: `${MAX_SENDING} long answers are being sent` });
      return;
    }
    setHeaders(response, answer);
    response.setHeader('Content-Type', 'application/json');
    if (isAll) {
      answerText(response, answer.status ?? 200, text);
      return;
    }
    this.sending++;
    response.once('close', () => this.sending--);
    response.statusCode = answer.status ?? 200;
    pipeline(inTurns(text, pieces), response).catch((error: unknown) => {
      this.log.warn({ command, reason: messageOf(error) }, 'admin server: an answer was not sent to its end');
    });
  }

  /** Outside the queue of answers: probes do not wait for one who reads slowly. */
  private send(answer: AdminAnswer, response: ServerResponse): void {
    setHeaders(response, answer);
    response.setHeader('Content-Type', 'application/octet-stream');
    if (answer.bytes !== undefined) response.setHeader('Content-Length', answer.bytes.length);
    this.sending++;
    response.once('close', () => this.sending--);
    if (answer.file === undefined) {
      response.end(answer.bytes);
      return;
    }
    pipeline(createReadStream(answer.file), response).catch((error: unknown) => {
      this.log.warn({ file: answer.file, reason: messageOf(error) }, 'admin server: a file was not sent to its end');
    });
  }

  /** The Authorization header is a scheme and what that scheme proves itself with, as an auth packet has them. */
  private refusal(request: IncomingMessage): AdminAnswer | undefined {
    const header = request.headers.authorization;
    if (header === undefined) return { status: 401, error: 'Auth info is missing for the command' };
    const words = header.split(' ');
    const ids = words.length > 2 ? [] : this.authenticate(words[0] as string, words[1], request);
    if (ids.length === 0) return { status: 401, error: 'Not authenticated' };
    return this.mayDoAll(ids) ? undefined : { status: 403, error: 'Not authorized' };
  }

  private authenticate(scheme: string, secret: string | undefined, request: IncomingMessage): readonly Id[] {
    // The certificate that the caller proved to have is the proof.
    const subject = scheme === 'x509' ? this.listener.tlsOf(request.socket)?.peerSubject : undefined;
    if (subject !== undefined) return this.context.auth.idsOfCertificate(subject);
    const data = secret === undefined ? undefined : Buffer.from(secret, 'utf8');
    const answer = this.context.auth.authenticate(scheme, data, this.addressOf(request));
    return typeof answer === 'string' ? [] : answer;
  }

  private addressOf(request: IncomingMessage): string {
    const forwarded = this.options.trustsForwardedFor ? request.headers['x-forwarded-for'] : undefined;
    const first = typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined;
    return first ?? request.socket.remoteAddress ?? '';
  }

  private mayDoAll(ids: readonly Id[]): boolean {
    const { auth } = this.context;
    const tree = this.context.tree();
    const acl = tree.aclOf(tree.lookup('/'));
    // A permission of `world` proves nothing about the caller; without any entry the node would be open to all.
    const judged = this.options.requiresAuth ? [NOBODY, ...(acl ?? []).filter(({ id }) => id.scheme !== 'world')] : acl;
    return ALL_PERMISSIONS.every((perm) => auth.permits(judged, perm, ids));
  }
}

/** undefined: it is none, such as `//`. */
function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  try {
    return new URL(url, 'http://admin');
  } catch {
    return undefined;
  }
}

/** As it is, where it is no escaped text. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function setHeaders(response: ServerResponse, answer: AdminAnswer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
}

function sendJson(response: ServerResponse, command: string, answer: AdminAnswer): void {
  setHeaders(response, answer);
  response.setHeader('Content-Type', 'application/json');
  answerText(response, answer.status ?? 200, javaJson(jsonOf(command, answer)));
}

function jsonOf(command: string, { fields, error }: AdminAnswer): Json {
  return new LongMap(fieldsOf(command, fields ?? {}, error ?? null));
}

function* fieldsOf(
  command: string,
  fields: JsonObject | LongMap,
  error: string | null,
): Generator<readonly [string, Json]> {
  yield* entriesOf(fields);
  yield ['command', command];
  yield ['error', error];
}

async function* inTurns(first: string, pieces: Iterator<string>): AsyncGenerator<string> {
  yield first;
  for (;;) {
    await nextTurn();
    const { text, isAll } = takePieces(pieces);
    if (text !== '') yield text;
    if (isAll) return;
  }
}
