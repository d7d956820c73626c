import { readFileSync } from 'node:fs';
import { AdminServer } from '../admin/admin-server.ts';
import type { LogPiece, SnapshotFile } from '../admin/commands/admin-command.ts';
import { LogTail, logOf } from '../backup/log-tail.ts';
import { messageOf } from '../base/errors.ts';
import type { Log, LogLevels } from '../base/log.ts';
import type { Disk } from '../io/disk.ts';
import type { SocketDoor } from '../io/node-socket-door.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import type { Peer } from '../quorum/peer.ts';
import type { HostInfo } from '../server/monitoring/server-info.ts';

/** The admin server of a peer, as its configuration asks for it; undefined when it asks for none. */
export interface AdminSurroundings {
  readonly host: HostInfo;
  readonly disk: Disk;
  readonly log: Log;
  readonly levels: LogLevels | undefined;
  /** Of its port, where TLS is asked for. */
  readonly door: SocketDoor | undefined;
}

export function adminOfPeer(peer: Peer, config: PeerConfig, around: AdminSurroundings): AdminServer | undefined {
  const { host, disk, log, levels, door } = around;
  if (!config.adminEnabled) return undefined;
  const tail = new LogTail(disk, peer.info.dataLogDir);
  return new AdminServer(
    {
      host: config.adminHost,
      port: config.adminPort,
      idleTimeoutMs: config.adminIdleTimeoutMs,
      commandUrl: config.adminCommandUrl,
      trustsForwardedFor: config.adminTrustsForwardedFor,
      requiresAuth: config.adminRequiresAuth,
      door,
    },
    {
      server: peer.server.view,
      info: peer.info,
      host,
      auth: peer.auth,
      initialConfig: configText(config, log),
      options: {
        snapshotEnabled: config.adminSnapshotEnabled,
        restoreEnabled: config.adminRestoreEnabled,
        rateLimiterIntervalMs: config.adminRateLimiterIntervalMs,
      },
      logLevels: levels,
      tree: () => peer.parts.replica.database.tree,
      takeSnapshot: () => takeSnapshot(peer),
      readLog: (from) => readLog(peer, tail, from),
      restore: (snapshot) => restore(peer, snapshot),
      transfer: (to) => transfer(peer, to),
      forecast: (request) => peer.asked.forecast(request),
    },
    log,
  );
}

/** Values of keys that name a password or a digest are secrets, and are left out. */
const SECRET = /^(\s*[^#=]*(?:password|passwd|superDigest)[^=]*=).*$/gim;

function configText(config: PeerConfig, log: Log): string | null {
  if (config.configFile === undefined) return null;
  try {
    return readFileSync(config.configFile, 'utf8').replace(SECRET, '$1***');
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'admin server: the configuration file cannot be shown');
    return null;
  }
}

function takeSnapshot(peer: Peer): Promise<SnapshotFile> {
  return new Promise((resolve, reject) => {
    peer.takeSnapshot((error) => {
      const newest = peer.info.newestSnapshot();
      if (error !== undefined) reject(error);
      else if (newest === undefined) reject(new Error('the snapshot was replaced before it could be told of'));
      else resolve({ zxid: `0x${newest.zxid.toString(16)}`, path: newest.path, bytes: newest.bytes });
    });
  });
}

/** Bounds one answer, and what is read without a break in between. */
const PIECE_BYTES = 4 << 20;
const TURN_BYTES = 1 << 20;

async function readLog(peer: Peer, tail: LogTail, from: Zxid): Promise<LogPiece> {
  const { epochs } = peer.parts.store;
  const applied = peer.parts.replica.database.lastProcessedZxid;
  const { acceptedEpoch, currentEpoch } = epochs;
  const rest = { applied, acceptedEpoch, currentEpoch };
  const records: Buffer[] = [];
  let bytes = 0;
  for (let next = from; bytes < PIECE_BYTES; ) {
    const piece = tail.read(next, { bytes: TURN_BYTES, upTo: applied });
    // Where nothing is missing there may be no log at all.
    if (piece === undefined) return { ...rest, isEnd: true, bytes: from >= applied ? logOf([]) : undefined };
    for (const { zxid, payload } of piece.records) {
      if (zxid < next) continue;
      records.push(payload);
      bytes += payload.length;
      next = (zxid + 1) as Zxid;
    }
    if (piece.isEnd) return { ...rest, isEnd: true, bytes: logOf(records) };
    await new Promise((done) => setImmediate(done));
  }
  return { ...rest, isEnd: false, bytes: logOf(records) };
}

function transfer(peer: Peer, to: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    peer.asked.transfer(to, (error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function restore(peer: Peer, snapshot: AsyncIterable<Buffer>): Promise<number> {
  const restoring = peer.beginRestore();
  for await (const chunk of snapshot) restoring.push(chunk);
  return new Promise((resolve, reject) => {
    restoring.finish((error, zxid) => {
      if (error !== undefined || zxid === undefined) reject(error);
      else resolve(zxid);
    });
  });
}
