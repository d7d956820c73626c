import { ConfigError } from '../../base/errors.ts';
import { Perm, type Reconfiguration, type ZooKeeperClient } from '../../client/client.ts';
import { askWord } from '../../doctor/ask-member.ts';
import { isAnyHost } from '../../election/quorum/host-address.ts';
import { type MembershipChange, membersAfter } from '../../election/quorum/membership-change.ts';
import { forecastOf, type MembershipForecast } from '../../election/quorum/membership-forecast.ts';
import { parseQuorumText } from '../../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { ServerSpec } from '../../election/quorum/server-spec.ts';
import { CliError } from './cli-error.ts';
import { forecastLines } from './forecast-lines.ts';

/**
 * Forecasts a reconfiguration from outside, so that Apache's servers can be asked as well. The config node tells the
 * members; `srvr` at the client port of each, of before and after, whether it serves and as what. A server of ours
 * knows more: the admin command reconfig_dry_run at the leader.
 */
export interface DryRun {
  readonly forecast: MembershipForecast;
  readonly lines: readonly string[];
}

const CONFIG_PATH = '/zookeeper/config';
/** A server with an option that this one cannot see refuses more than is said here. */
const READ_ALL = { multiAddress: true, standaloneEnabled: false } as const;

export async function dryRun(client: ZooKeeperClient, change: Reconfiguration, signal: AbortSignal): Promise<DryRun> {
  const { data } = await client.getConfig({ signal });
  const before = readMembers(data?.toString('utf8') ?? '');
  let after: QuorumVerifier | undefined;
  let refused = refusedBefore(before, change);
  try {
    after = membersAfter(before, asked(change), READ_ALL);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refused ??= error.message;
  }
  const members = new Map([...before.members, ...(after ?? before).members]);
  const modes = await modesOf([...members.values()]);
  // Without an address for clients nobody can be asked; such a member is taken to follow.
  const silent = [...members.values()].filter(({ client }) => client === undefined).map(({ sid }) => sid);
  const following = new Set([...modes.keys(), ...silent]);
  const leader = [...modes].find(([, mode]) => mode === 'leader')?.[0];
  if (after !== undefined && !after.containsQuorum(following)) {
    refused ??= 'no quorum of the new members follows the leader';
  }
  refused ??= await missingPermission(client, signal);
  const forecast = forecastOf({
    before,
    after,
    leader,
    following,
    refused: refused === undefined ? undefined : { code: 0, reason: refused },
  });
  const lines = forecastLines(forecast);
  if (silent.length > 0) lines.push(`without a client address, and taken to follow: ${silent.join(',')}`);
  if (forecast.votersAfter.length === 1)
    lines.push('servers with standaloneEnabled=true, the default, refuse a single voter');
  return { forecast, lines };
}

function readMembers(text: string): QuorumVerifier {
  try {
    return parseQuorumText(text, { ...READ_ALL, otherKeys: 'refuse' });
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError(`${CONFIG_PATH} names no members: ${error.message}`);
    throw error;
  }
}

function asked({ joining, leaving, members }: Reconfiguration): MembershipChange {
  return { joining, leaving, members };
}

function refusedBefore(before: QuorumVerifier, { fromVersion = -1n }: Reconfiguration): string | undefined {
  if (before.version === 0) return 'reconfigEnabled is not true: the members have no version';
  if (fromVersion === -1n || fromVersion === BigInt(before.version)) return undefined;
  return `the members have version ${before.version.toString(16)}, not ${fromVersion.toString(16)}`;
}

const SERVES: ReadonlySet<string> = new Set(['leader', 'follower', 'observer']);

/** Of each server that says so: leader, follower, observer. */
async function modesOf(members: readonly ServerSpec[]): Promise<Map<number, string>> {
  const found = await Promise.all(
    members.map(async ({ sid, client, addresses }) => {
      if (client === undefined) return [sid, undefined] as const;
      const host = isAnyHost(client.host) ? (addresses[0]?.host ?? 'localhost') : client.host;
      const answer = await askWord({ host, port: client.port }, 'srvr');
      return [sid, /^Mode: (.*)$/m.exec(answer ?? '')?.[1]] as const;
    }),
  );
  return new Map(found.filter((each): each is readonly [number, string] => SERVES.has(each[1] ?? '')));
}

/** skipACL cannot be seen from here. */
async function missingPermission(client: ZooKeeperClient, signal: AbortSignal): Promise<string | undefined> {
  const [{ acl }, ids] = await Promise.all([client.getAcl(CONFIG_PATH, { signal }), client.whoAmI({ signal })]);
  const may = acl.some(
    ({ perms, id }) =>
      (perms & Perm.write) !== 0 &&
      (id.scheme === 'world' || ids.some(({ scheme, id: name }) => scheme === id.scheme && name === id.id)),
  );
  if (may || ids.some(({ scheme, id }) => scheme === 'super' || id === 'super')) return undefined;
  return `nobody of this session may write ${CONFIG_PATH}: addauth first, unless the servers have skipACL=yes`;
}
