import { sessionHex } from '../../../jute/session-id.ts';
import { zxidText } from '../../../jute/zxid.ts';
import { ClientConnection } from '../../connection/client-connection.ts';
import type { SizeStats } from '../../metrics/counters.ts';
import type { ExpirySet } from '../../upstream.ts';
import { FULL_VERSION } from '../version.ts';
import { BoundedText } from './bounded-text.ts';
import { javaDate, javaDouble } from './java-format.ts';
import type { WordContext } from './word-context.ts';

/** The words about clients: who is connected, what the server does for them, sessions, ephemerals and watches. */
export function stat(context: WordContext, asking: ClientConnection): string {
  const text = new BoundedText();
  for (const connection of plainFirst(context)) text.add(`${describe(connection, asking, true)}\n`);
  return `${head(context)}Clients:\n${text}\n${summary(context)}`;
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

export function cons(context: WordContext, asking: ClientConnection): string {
  const text = new BoundedText();
  for (const connection of plainFirst(context)) text.add(`${describe(connection, asking, false)}\n`);
  return `${text}\n`;
}

/** Those of the port for TLS alone come last. */
function plainFirst({ server }: WordContext): Iterable<ClientConnection> {
  const { connections } = server;
  if (server.secureClientPort === undefined) return connections;
  return [...connections].sort((a, b) => Number(a.isSecure) - Number(b.isSecure));
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

export function dump(context: WordContext): string {
  const { server } = context;
  let text = 'SessionTracker dump:\n';
  const local = server.upstream?.localSessions;
  if (local !== undefined) text += `Local Session ${expiryText(context, local.expirySets().map(sessionLines))}`;
  const sets = server.upstream?.expirySets();
  if (sets === undefined) text += globalSessions(context);
  else text += `${local === undefined ? '' : 'Global '}Session ${expiryText(context, sets.map(sessionLines))}`;
  text += `ephemeral nodes dump:\n${ephemerals(context)}Connections dump:\nConnections `;
  return text + expiryText(context, server.expiry.entries().map(connectionLines));
}

interface ExpiryLines {
  readonly endMs: number;
  readonly lines: readonly string[];
}

function sessionLines(set: ExpirySet): ExpiryLines {
  return { endMs: set.endMs, lines: set.sessionIds.map(sessionHex) };
}

function connectionLines([endMs, connections]: [number, ReadonlySet<ClientConnection>]): ExpiryLines {
  const lines = [...connections].map((each) => `ip: ${each.client} sessionId: ${sessionHex(each.sessionId)}`);
  return { endMs, lines };
}

function expiryText({ server }: WordContext, sets: readonly ExpiryLines[]): string {
  const wallMinusMonotonic = server.clock.wallMs() - server.clock.nowMs();
  let members = 0;
  for (const set of sets) members += set.lines.length;
  let text = `Sets (${sets.length})/(${members}):\n`;
  for (const { endMs, lines } of sets) {
    text += `${lines.length} expire at ${javaDate(wallMinusMonotonic + endMs)}:\n`;
    for (const line of lines) text += `\t${line}\n`;
  }
  return text;
}

/** A learner lists all there are, as expiry is the leader's task. */
function globalSessions({ server }: WordContext): string {
  const timeouts: [bigint, number][] = [];
  server.database?.sessions.forEach((id, timeoutMs) => {
    timeouts.push([id, timeoutMs]);
  });
  timeouts.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  let text = `Global Sessions(${timeouts.length}):\n`;
  for (const [id, timeoutMs] of timeouts) text += `${sessionHex(id)}\t${timeoutMs}ms\n`;
  return text;
}

function ephemerals({ server }: WordContext): string {
  const tree = server.database?.tree;
  const owners = tree?.ephemeralOwners() ?? [];
  const text = new BoundedText();
  for (const owner of owners) {
    text.add(`${sessionHex(owner)}:\n`);
    for (const path of tree?.ephemeralsOf(owner) ?? []) text.add(`\t${path}\n`);
  }
  return `Sessions with Ephemerals (${owners.length}):\n${text}`;
}

// Watches: the data watches alone, as in Apache.

export function wchs({ server }: WordContext): string {
  const counts = server.database?.tree.watches.dataCounts() ?? { connections: 0, paths: 0, watches: 0 };
  return `${counts.connections} connections watching ${counts.paths} paths\nTotal watches:${counts.watches}\n`;
}

export function wchc({ server }: WordContext): string {
  const text = new BoundedText();
  server.database?.tree.watches.forEachWatcher((watcher, paths) => {
    text.add(`${sessionOf(watcher)}\n`);
    for (const path of paths) text.add(`\t${path}\n`);
  });
  return `${text}\n`;
}

export function wchp({ server }: WordContext): string {
  const text = new BoundedText();
  server.database?.tree.watches.forEachPath((path, watchers) => {
    text.add(`${path}\n`);
    for (const watcher of watchers) text.add(`\t${sessionOf(watcher)}\n`);
  });
  return `${text}\n`;
}

function sessionOf(watcher: unknown): string {
  return watcher instanceof ClientConnection ? sessionHex(watcher.sessionId) : '0x0';
}
