import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../../../client/client.ts';
import { StatsTrack } from '../../../datatree/quotas/stats-track.ts';
import { CliError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import type { ParsedFlags } from '../flags.ts';
import type { Json } from '../output.ts';
import { checkPath, childPath, parentPath } from '../paths.ts';

/**
 * setquota, delquota, listquota. A quota is two nodes below /zookeeper/quota, one with the limits and one in which the
 * server counts. The shell writes the limits, and may only do so where no quota stands above or below.
 */
const QUOTA_ROOT = '/zookeeper/quota';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

interface Limit {
  readonly flag: string;
  readonly key: 'count' | 'bytes' | 'countHardLimit' | 'byteHardLimit';
  readonly help: string;
  readonly lowest: bigint;
  readonly tooLow: string;
}

const TOO_FEW = 'the num quota must be greater than zero';
const TOO_SMALL = 'the bytes quota must be greater than or equal to zero';
const LIMIT_FLAGS: readonly Limit[] = [
  { flag: '-n', key: 'count', help: 'num soft quota', lowest: 1n, tooLow: TOO_FEW },
  { flag: '-b', key: 'bytes', help: 'bytes soft quota', lowest: 0n, tooLow: TOO_SMALL },
  { flag: '-N', key: 'countHardLimit', help: 'num hard quota', lowest: 1n, tooLow: TOO_FEW },
  { flag: '-B', key: 'byteHardLimit', help: 'bytes hard quota', lowest: 0n, tooLow: TOO_SMALL },
];
const EXCLUSIVE = LIMIT_FLAGS.map(({ flag }) => flag);

export const setquota: Command = {
  name: 'setquota',
  usage: '-n|-b|-N|-B val path',
  rules: {
    flags: LIMIT_FLAGS.map(({ flag, help }) => ({ name: flag, value: 'val', help })),
    exclusive: EXCLUSIVE,
    exclusiveIsRequired: true,
  },
  words: [1, 1],
  async run(context, args) {
    const { client, output, signal } = context;
    const path = args.words[0] as string;
    if (path.startsWith(QUOTA_ROOT)) throw new CliError(`cannot set a quota under the path: ${QUOTA_ROOT}`);
    const limit = limitAsked(args) as Limit;
    const value = limitValue(args.value(limit.flag) as string, limit);
    checkPath(path);
    if ((await client.exists(path, { signal })) === undefined) throw new CliError(`${path} does not exist.`);
    // The quota of the root's own name would have an empty name; a subtree's is /zookeeper/quota/<path>/...
    checkPath(QUOTA_ROOT + path);
    await refuseQuotaBelow(client, path);
    await refuseQuotaAbove(client, path);
    const limits = await writeLimits(context, path, limit, value);
    const used = await readTrack(client, childPath(QUOTA_ROOT + path, STATS));
    const warnings = used === undefined ? [] : warningsFor(limits, used);
    for (const warning of warnings) output.line(warning);
    output.value({ path, quota: trackJson(limits), used: used === undefined ? null : trackJson(used), warnings });
  },
};

function limitAsked(args: ParsedFlags): Limit | undefined {
  return LIMIT_FLAGS.find(({ flag }) => args.has(flag));
}

function limitValue(text: string, limit: Limit): bigint {
  if (!/^[+-]?\d{1,18}$/.test(text)) throw new CliError('NumberFormatException happens when parsing the option value');
  const value = BigInt(text.replace('+', ''));
  if (value < limit.lowest) throw new CliError(limit.tooLow);
  return value;
}

/** Only the deepest node of a branch of /zookeeper/quota has children that are not names of the tree. */
async function refuseQuotaBelow(client: ZooKeeperClient, path: string): Promise<void> {
  const pending = [path];
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    const names = await childrenOrNone(client, QUOTA_ROOT + each);
    if (each !== path && names.includes(LIMITS)) {
      throw new CliError(`${path} has a child ${each} which has a quota`);
    }
    if (each === path && names.includes(LIMITS)) return;
    for (const name of names) pending.push(childPath(each, name));
  }
}

async function refuseQuotaAbove(client: ZooKeeperClient, path: string): Promise<void> {
  for (let above = parentPath(path); above !== '/'; above = parentPath(above)) {
    if ((await childrenOrNone(client, QUOTA_ROOT + above)).includes(LIMITS)) {
      throw new CliError(`${path} has a parent ${above} which has a quota`);
    }
  }
}

async function childrenOrNone(client: ZooKeeperClient, path: string): Promise<string[]> {
  try {
    return await client.getChildren(path);
  } catch (error) {
    if (isZooKeeperError(error, ErrorCode.noNode)) return [];
    throw error;
  }
}

async function writeLimits({ client }: CommandContext, path: string, limit: Limit, value: bigint): Promise<StatsTrack> {
  const limitsPath = childPath(QUOTA_ROOT + path, LIMITS);
  const before = await readTrack(client, limitsPath);
  const wanted = limitsWith(before, limit.key, value);
  if (before !== undefined) {
    await client.setData(limitsPath, wanted.toString());
    return wanted;
  }
  const names = (QUOTA_ROOT + path).split('/').slice(1);
  for (let i = 1; i <= names.length; i++) await createUnlessThere(client, `/${names.slice(0, i).join('/')}`);
  await createUnlessThere(client, limitsPath, wanted.toString());
  await createUnlessThere(client, childPath(QUOTA_ROOT + path, STATS), 'count=0,bytes=0');
  return wanted;
}

async function createUnlessThere(client: ZooKeeperClient, path: string, data?: string): Promise<void> {
  if ((await client.exists(path)) !== undefined) return;
  try {
    await client.create(path, data);
  } catch (error) {
    if (!isZooKeeperError(error, ErrorCode.nodeExists)) throw error;
  }
}

/** All four are written, so that every release reads them alike; -1 is no limit. */
function limitsWith(before: StatsTrack | undefined, key: Limit['key'], value: bigint): StatsTrack {
  const values = { count: -1n, bytes: -1n, byteHardLimit: -1n, countHardLimit: -1n };
  if (before !== undefined) for (const each of LIMIT_FLAGS) values[each.key] = before[each.key];
  values[key] = value;
  const { count, bytes, byteHardLimit, countHardLimit } = values;
  return StatsTrack.parse(
    `count=${count},bytes=${bytes}=;byteHardLimit=${byteHardLimit};countHardLimit=${countHardLimit}`,
  ) as StatsTrack;
}

async function readTrack(client: ZooKeeperClient, path: string): Promise<StatsTrack | undefined> {
  try {
    const { data } = await client.getData(path);
    const text = data?.toString('utf8') ?? '';
    const track = StatsTrack.parse(text);
    if (track === undefined) throw new CliError(`${path} holds "${text}", which is no quota`);
    return track;
  } catch (error) {
    if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
    throw error;
  }
}

function warningsFor(limits: StatsTrack, used: StatsTrack): string[] {
  const isBelow = (limit: bigint, use: bigint): boolean => limit > -1n && limit < use;
  const warnings: string[] = [];
  if (isBelow(limits.count, used.count) || isBelow(limits.countHardLimit, used.count)) {
    warnings.push(`[Warning]: the count quota you create is less than the existing count:${used.count}`);
  }
  if (isBelow(limits.bytes, used.bytes) || isBelow(limits.byteHardLimit, used.bytes)) {
    warnings.push(`[Warning]: the bytes quota you create is less than the existing bytes:${used.bytes}`);
  }
  return warnings;
}

export const listquota: Command = {
  name: 'listquota',
  usage: 'path',
  rules: { flags: [] },
  words: [1, 1],
  async run({ client, output }, { words }) {
    const path = words[0] as string;
    const limitsPath = `${QUOTA_ROOT}${path}/${LIMITS}`;
    output.note(`absolute path is ${limitsPath}`);
    const limits = await readTrack(client, checkPath(limitsPath));
    const used = limits === undefined ? undefined : await readTrack(client, childPath(QUOTA_ROOT + path, STATS));
    if (limits === undefined || used === undefined) output.note(`quota for ${path} does not exist.`);
    else {
      output.line(`Output quota for ${path} ${limits}`);
      output.line(`Output stat for ${path} ${used}`);
    }
    output.value({
      path,
      quota: limits === undefined ? null : trackJson(limits),
      used: used === undefined ? null : trackJson(used),
    });
  },
};

export const delquota: Command = {
  name: 'delquota',
  usage: '[-n|-b|-N|-B] path',
  rules: { flags: LIMIT_FLAGS.map(({ flag, help }) => ({ name: flag, help })), exclusive: EXCLUSIVE },
  words: [1, 1],
  async run({ client, output }, args) {
    const path = args.words[0] as string;
    const limitsPath = checkPath(`${QUOTA_ROOT}${path}/${LIMITS}`);
    const limits = await readTrack(client, limitsPath);
    if (limits === undefined) {
      output.line(`Quota does not exist for ${path}`);
      output.value({ path, deleted: false });
      return;
    }
    const limit = limitAsked(args);
    if (limit !== undefined) await client.setData(limitsPath, limitsWith(limits, limit.key, -1n).toString());
    else await removeQuota(client, path);
    output.value({ path, deleted: true });
  },
};

/** The two nodes, and what is empty above them then. */
async function removeQuota(client: ZooKeeperClient, path: string): Promise<void> {
  for (const name of await client.getChildren(QUOTA_ROOT + path)) {
    if (name === LIMITS || name === STATS) await client.delete(childPath(QUOTA_ROOT + path, name));
  }
  for (let each = QUOTA_ROOT + path; each !== QUOTA_ROOT; each = parentPath(each)) {
    if ((await client.getChildren(each)).length > 0) return;
    await client.delete(each);
  }
}

function trackJson(track: StatsTrack): Json {
  return Object.fromEntries(
    LIMIT_FLAGS.map(({ key }) => [key, Number(track[key])]).filter(
      ([key, value]) => !String(key).endsWith('Limit') || value !== -1,
    ),
  ) as Json;
}
