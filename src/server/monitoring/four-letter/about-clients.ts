import { atMost } from '../../../base/pieces.ts';
import { sessionHex } from '../../../jute/session-id.ts';
import { zxidText } from '../../../jute/zxid.ts';
import { ClientConnection } from '../../connection/client-connection.ts';
import type { SizeStats } from '../../metrics/counters.ts';
import type { ExpirySet } from '../../upstream.ts';
import { FULL_VERSION } from '../version.ts';
import { javaDate, javaDouble } from './java-format.ts';
import type { WordContext } from './word-context.ts';
import { inOrder } from './word-text.ts';

/** The words about clients: who is connected, what the server does for them, sessions, ephemerals and watches. */
export function* stat(context: WordContext, asking: ClientConnection): Generator<string> {
  yield `${head(context)}Clients:\n`;
  for (const connection of plainFirst(context)) yield `${describe(connection, asking, true)}\n`;
  yield `\n${summary(context)}`;
}

export function srvr(context: WordContext): string {
  return head(context) + summary(context);
}

function head({ server }: WordContext): string {
  const readOnly = server.upstream?.mode === 'read-only' ? 'READ-ONLY mode; serving only read-only clients\n' : '';
  return `Zookeeper version: ${FULL_VERSION}\n${readOnly}`;
}

function summary({ server, info }: WordContext): string {
  const { stats } = server;
  const latency = stats.requestLatency;
  const lines = [
    `Latency min/avg/max: ${latency.min}/${javaDouble(latency.average)}/${latency.max}`,
    `Received: ${stats.packetsReceived}`,
    `Sent: ${stats.packetsSent}`,
    `Connections: ${server.connections.size}`,
    `Outstanding: ${server.outstanding}`,
    `Zxid: ${zxidText(server.lastProcessedZxid)}`,
    `Mode: ${server.upstream?.mode}`,
    `Node count: ${server.database?.tree.nodeCount}`,
  ];
  const leader = info.leader();
  if (leader !== undefined) lines.push(`Proposal sizes last/min/max: ${sizes(leader.proposalSizes)}`);
  return `${lines.join('\n')}\n`;
}

function sizes(stats: SizeStats): string {
  return `${stats.last}/${stats.min}/${stats.max}`;
}

export function* cons(context: WordContext, asking: ClientConnection): Generator<string> {
  for (const connection of plainFirst(context)) yield `${describe(connection, asking, false)}\n`;
  yield '\n';
}

/** Those of the port for TLS alone come last. */
function* plainFirst({ server }: WordContext): Generator<ClientConnection> {
  yield* connectionsOf(server, false);
  if (server.secureClientPort !== undefined) yield* connectionsOf(server, true);
}

function* connectionsOf({ connections }: WordContext['server'], isSecure: boolean): Generator<ClientConnection> {
  for (const connection of atMost(connections, connections.size))
    if (connection.isSecure === isSecure) yield connection;
}

/** The connection that asks is not listened to any more, and shows it. */
function describe(connection: ClientConnection, asking: ClientConnection, brief: boolean): string {
  const { stats } = connection;
  const ops = connection === asking ? 0 : connection.interestOps;
  let text = ` ${connection.client}[${ops.toString(16)}](queued=${connection.requests.queue.own}`;
  text += `,recved=${stats.packetsReceived},sent=${stats.packetsSent}`;
  if (!brief && connection.sessionId !== 0n) {
    text += `,sid=${sessionHex(connection.sessionId)},lop=${stats.lastOperation},est=${stats.establishedMs}`;
    text += `,to=${connection.timeoutMs}`;
    if (stats.lastCxid >= 0) text += `,lcxid=0x${stats.lastCxid.toString(16)}`;
    text += `,lzxid=${zxidText(stats.lastZxid)},lresp=${stats.lastResponseMs},llat=${stats.lastLatencyMs}`;
    text += `,minlat=${stats.minLatencyMs},avglat=${stats.avgLatencyMs},maxlat=${stats.maxLatencyMs}`;
  }
  return `${text})`;
}

export function* dump(context: WordContext): Generator<string> {
  const { server } = context;
  yield 'SessionTracker dump:\n';
  const local = server.upstream?.localSessions;
  if (local !== undefined) {
    yield 'Local Session ';
    yield* expiryText(context, local.expirySets().map(sessionLines));
  }
  const sets = server.upstream?.expirySets();
  if (sets === undefined) yield* globalSessions(context);
  else {
    yield `${local === undefined ? '' : 'Global '}Session `;
    yield* expiryText(context, sets.map(sessionLines));
  }
  yield 'ephemeral nodes dump:\n';
  yield* ephemerals(context);
  yield 'Connections dump:\nConnections ';
  yield* expiryText(context, server.expiry.entries().map(connectionLines));
}

interface ExpiryLines {
  readonly endMs: number;
  readonly size: number;
  readonly lines: Iterable<string>;
}

function sessionLines({ endMs, size, sessionIds }: ExpirySet): ExpiryLines {
  return { endMs, size, lines: mapped(sessionIds, sessionHex) };
}

function connectionLines([endMs, connections]: [number, ReadonlySet<ClientConnection>]): ExpiryLines {
  const lines = mapped(
    atMost(connections, connections.size),
    (each) => `ip: ${each.client} sessionId: ${sessionHex(each.sessionId)}`,
  );
  return { endMs, size: connections.size, lines };
}

function* mapped<T>(items: Iterable<T>, textOf: (item: T) => string): Generator<string> {
  for (const item of items) yield textOf(item);
}

function* expiryText({ server }: WordContext, sets: readonly ExpiryLines[]): Generator<string> {
  const wallMinusMonotonic = server.clock.wallMs() - server.clock.nowMs();
  let members = 0;
  for (const { size } of sets) members += size;
  yield `Sets (${sets.length})/(${members}):\n`;
  for (const { endMs, size, lines } of sets) {
    yield `${size} expire at ${javaDate(wallMinusMonotonic + endMs)}:\n`;
    for (const line of lines) yield `\t${line}\n`;
  }
}

/** A learner lists all there are, as expiry is the leader's task. */
function* globalSessions({ server }: WordContext): Generator<string> {
  const sessions = server.database?.sessions;
  const ids = sessions?.copy().ids ?? new BigInt64Array();
  yield `Global Sessions(${ids.length}):\n`;
  for (const id of inOrder(ids)) {
    if (id === undefined) yield '';
    else yield `${sessionHex(id)}\t${sessions?.timeoutOf(id) ?? 0}ms\n`;
  }
}

function* ephemerals({ server }: WordContext): Generator<string> {
  const tree = server.database?.tree;
  yield `Sessions with Ephemerals (${tree?.ephemeralOwnerCount ?? 0}):\n`;
  for (const [owner, paths] of tree?.ephemeralsInPieces() ?? []) {
    yield `${sessionHex(owner)}:\n`;
    for (const path of paths) yield `\t${path}\n`;
  }
}

// Watches: the data watches alone, as in Apache.

export function wchs({ server }: WordContext): string {
  const counts = server.database?.tree.watches.dataCounts() ?? { connections: 0, paths: 0, watches: 0 };
  return `${counts.connections} connections watching ${counts.paths} paths\nTotal watches:${counts.watches}\n`;
}

export function* wchc({ server }: WordContext): Generator<string> {
  for (const [watcher, paths] of server.database?.tree.watches.watchers() ?? []) {
    yield `${sessionOf(watcher)}\n`;
    for (const path of paths) yield `\t${path}\n`;
  }
  yield '\n';
}

export function* wchp({ server }: WordContext): Generator<string> {
  for (const [path, watchers] of server.database?.tree.watches.watchedPaths() ?? []) {
    yield `${path}\n`;
    for (const watcher of watchers) yield `\t${sessionOf(watcher)}\n`;
  }
  yield '\n';
}

function sessionOf(watcher: unknown): string {
  return watcher instanceof ClientConnection ? sessionHex(watcher.sessionId) : '0x0';
}
