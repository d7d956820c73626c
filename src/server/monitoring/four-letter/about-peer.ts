import { zxidHex } from '../../../jute/zxid.ts';
import type { WordContext } from './word-context.ts';

/** The words about the peer itself: its configuration, directories, environment, and the digests of its tree. */
export function conf({ server, info }: WordContext): string {
  const { options } = server;
  const lines = [
    `clientPort=${server.clientPort}`,
    `secureClientPort=${server.secureClientPort ?? -1}`,
    `dataDir=${info.dataDir}`,
    `dataDirSize=${info.dataDirBytes()}`,
    `dataLogDir=${info.dataLogDir}`,
    `dataLogSize=${info.logDirBytes()}`,
    `tickTime=${options.tickTimeMs}`,
    `maxClientCnxns=${options.maxClientCnxns}`,
    `minSessionTimeout=${options.minSessionTimeoutMs}`,
    `maxSessionTimeout=${options.maxSessionTimeoutMs}`,
    `clientPortListenBacklog=${options.clientPortListenBacklog ?? -1}`,
    `serverId=${info.serverId}`,
  ];
  const quorum = info.quorum();
  if (quorum === undefined) return `${lines.join('\n')}\n`;
  lines.push(
    `initLimit=${quorum.initLimitTicks}`,
    `syncLimit=${quorum.syncLimitTicks}`,
    'electionAlg=3',
    `electionPort=${quorum.electionPort}`,
    `quorumPort=${quorum.quorumPort}`,
    `peerType=${quorum.isObserver ? 1 : 0}`,
  );
  if (server.upstream?.mode === 'read-only') return `${lines.join('\n')}\n`;
  lines.push(
    'membership: ',
    // Its last line is the version, and no newline follows.
    quorum.membership,
  );
  return lines.join('\n');
}

export function dirs({ info }: WordContext): string {
  return `datadir_size: ${info.dataDirBytes()}\nlogdir_size: ${info.logDirBytes()}\n`;
}

export function envi({ host }: WordContext): string {
  let text = 'Environment:\n';
  for (const [key, value] of host.environment()) text += `${key}=${value}\n`;
  return text;
}

export function hash({ server }: WordContext): string {
  let text = '';
  for (const entry of server.database?.digestLog ?? []) text += `${zxidHex(entry.zxid)}: ${entry.digest}\n`;
  return text;
}
