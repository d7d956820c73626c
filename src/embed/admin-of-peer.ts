import { readFileSync } from 'node:fs';
import { AdminServer } from '../admin/admin-server.ts';
import type { SnapshotFile } from '../admin/commands/admin-command.ts';
import { messageOf } from '../base/errors.ts';
import type { Log, LogLevels } from '../base/log.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import type { Peer } from '../quorum/peer.ts';
import type { HostInfo } from '../server/monitoring/server-info.ts';

/** The admin server of a peer, as its configuration asks for it; undefined when it asks for none. */
export interface AdminSurroundings {
  readonly host: HostInfo;
  readonly log: Log;
  readonly levels: LogLevels | undefined;
}

export function adminOfPeer(peer: Peer, config: PeerConfig, around: AdminSurroundings): AdminServer | undefined {
  const { host, log, levels } = around;
  if (!config.adminEnabled) return undefined;
  return new AdminServer(
    {
      host: config.adminHost,
      port: config.adminPort,
      idleTimeoutMs: config.adminIdleTimeoutMs,
      commandUrl: config.adminCommandUrl,
      trustsForwardedFor: config.adminTrustsForwardedFor,
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
      takeSnapshot: () => takeSnapshot(peer),
      restore: (snapshot) => restore(peer, snapshot),
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
