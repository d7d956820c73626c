import { statSync } from 'node:fs';
import { join } from 'node:path';
import { AdminFeed } from '../../backup/admin-feed.ts';
import { createBackup } from '../../backup/backup.ts';
import { DirectoryFeed } from '../../backup/feed.ts';
import { Follow } from '../../backup/follow.ts';
import { type Directories, filesOfServer } from '../../backup/history.ts';
import type { Manifest } from '../../backup/manifest.ts';
import { createFromFeed } from '../../backup/served-backup.ts';
import { toolDisk } from '../files/tool.ts';
import { Meter, mebibytes } from './meter.ts';
import { type Command, count, duration, type Name, UsageError, type Values } from './options.ts';

/** `create`, once or with --follow until a signal comes. */
const DAY_MS = 86_400_000;
/** The unit of `blocks`, on any file system. */
const BLOCK_BYTES = 512;
const ONLY_WITH_FOLLOW: readonly Name[] = ['every', 'keep', 'keep-for', 'interval'];

export async function createCommand({ values }: Command): Promise<number> {
  const { to } = values;
  if (to === undefined) throw new UsageError('--to is needed');
  if ((values.from === undefined) === (values['data-dir'] === undefined)) {
    throw new UsageError('--data-dir or --from is needed, and not both');
  }
  const notHere: readonly Name[] = [
    ...(values.from === undefined ? (['authorization'] as const) : (['data-log-dir', 'from-oldest'] as const)),
    ...(values.follow === true ? (['from-oldest'] as const) : ONLY_WITH_FOLLOW),
  ];
  const other = notHere.find((name) => values[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--${other} has no use here`);
  if (values.follow === true) return follow(values, to);
  say(to, await create(values, to));
  return 0;
}

async function create(values: Values, to: string): Promise<Manifest> {
  const disk = toolDisk();
  if (values.from !== undefined) {
    const meter = new Meter('fetching', 1, 0);
    try {
      return await createFromFeed(disk, adminFeed(values.from, values), to, meter.step);
    } finally {
      meter.end();
    }
  }
  const dirs = directories(values);
  const files = filesOfServer(disk, { ...dirs, fromOldest: false });
  const fromOldest = values['from-oldest'] === true;
  const snapshots = fromOldest ? files.snapshots.slice(-1) : files.snapshots.slice(0, 1);
  const logs = fromOldest ? files.logs : files.logs.filter(({ zxid }) => zxid >= (snapshots[0]?.zxid ?? 0));
  const paths = [
    ...snapshots.map(({ name }) => join(files.snapDir, name)),
    ...logs.map(({ name }) => join(files.logDir, name)),
  ];
  const meter = new Meter('copying and replaying', paths.length, sizeOf(paths));
  try {
    return await createBackup(disk, { ...dirs, fromOldest }, to, meter.step);
  } finally {
    meter.end();
  }
}

function say(to: string, { snapshot, logs, lastZxid, nodes }: Manifest): void {
  const bytes = logs.reduce((sum, log) => sum + log.bytes, snapshot.bytes);
  process.stdout.write(
    `${to}: ${snapshot.name} and ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}, ${mebibytes(bytes)}; ` +
      `${nodes} nodes at zxid 0x${lastZxid}\n`,
  );
}

async function follow(values: Values, to: string): Promise<number> {
  const disk = toolDisk();
  const feed =
    values.from === undefined ? new DirectoryFeed(disk, directories(values)) : adminFeed(values.from, values);
  const options = {
    intervalMs: duration(values, 'interval') ?? 1000,
    everyMs: duration(values, 'every') ?? DAY_MS,
    keep: count(values, 'keep') ?? 7,
    keepMs: duration(values, 'keep-for'),
  };
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const follower = new Follow(disk, feed, to, options, (line) => {
    process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  });
  await follower.run(stop.signal);
  return 0;
}

export function adminFeed(url: string, values: Values): AdminFeed {
  return new AdminFeed({ url, authorization: values.authorization ?? process.env.ZK_ADMIN_AUTHORIZATION });
}

function directories(values: Values): Directories {
  const dataDir = values['data-dir'] as string;
  return { dataDir, dataLogDir: values['data-log-dir'] ?? dataDir };
}

/** Room that a log has ahead of what is in it is no work. */
function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => {
    try {
      const { size, blocks } = statSync(path);
      return sum + Math.min(size, blocks * BLOCK_BYTES);
    } catch {
      return sum;
    }
  }, 0);
}
