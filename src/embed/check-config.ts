import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConfigError, messageOf } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import type { ReadConfig } from '../quorum/config/read-config.ts';
import { linesOf, warningLine } from '../quorum/config/refused-config.ts';
import { loadOwnProviders } from './own-providers.ts';
import { loadTlsOf } from './tls-of-peer.ts';

/**
 * The check whether a peer would start with a configuration, without starting anything: all refusals and warnings of
 * its reader, and the names in it, which only a resolver can judge. Nothing is written, no port is bound.
 */
export interface CheckedConfig {
  readonly good: boolean;
  /** One for each refusal and each warning. */
  readonly lines: readonly string[];
}

export async function checkConfig(read: () => ReadConfig): Promise<CheckedConfig> {
  let found: ReadConfig;
  try {
    found = read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { good: false, lines: linesOf(error) };
  }
  const { config } = found;
  let { warnings } = found;
  try {
    const { clients, servers } = loadTlsOf(config, process.cwd());
    warnings = [...warnings, ...[clients, servers].flatMap((each) => each?.warnings ?? [])];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { good: false, lines: [...linesOf(error), ...warnings.map(warningLine)] };
  }
  try {
    await loadOwnProviders(config.ownProviderFiles, silentLog);
  } catch (error) {
    return { good: false, lines: [messageOf(error), ...warnings.map(warningLine)] };
  }
  const refusals = await unresolved(ownHosts(config), (host) => `${host} does not resolve, and is to be listened on`);
  const others = await unresolved(
    memberHosts(config),
    (host) => `${host} does not resolve; that server is out of reach`,
  );
  return { good: refusals.length === 0, lines: [...refusals, ...[...warnings, ...others].map(warningLine)] };
}

/** Ports are bound at these: without an address there is no start. */
function ownHosts(config: PeerConfig): string[] {
  const metrics = config.metricsProvider === 'prometheus' ? [config.metricsHttpHost] : [];
  return [config.clientPortAddress ?? [], config.secureClientPortAddress ?? [], metrics].flat();
}

function memberHosts(config: PeerConfig): string[] {
  const members = [...(config.quorumVerifier?.members.values() ?? [])];
  return [...new Set(members.flatMap((member) => member.addresses.map((address) => address.host)))];
}

async function unresolved(hosts: readonly string[], said: (host: string) => string): Promise<string[]> {
  const lines = await Promise.all(
    hosts.map(async (host) => {
      if (isIP(host) !== 0) return [];
      try {
        await lookup(host);
        return [];
      } catch (error) {
        return [`${said(host)} (${messageOf(error)})`];
      }
    }),
  );
  return lines.flat();
}
