import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { restoreBackup, verifyBackup, zxidOf } from '../../backup/backup.ts';
import type { Limits } from '../../backup/kept-log.ts';
import type { Manifest } from '../../backup/manifest.ts';
import { backupFor, backupsIn, type Kept, refuseHole } from '../../backup/series.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { toolDisk } from '../files/tool.ts';
import { Meter } from './meter.ts';
import { type Command, UsageError, type Values } from './options.ts';

/** `list`, `verify` and `restore`: what is in a backup, whether it is whole, and a directory made from it. */
export async function listCommand({ operands: [path] }: Command): Promise<number> {
  for (const { dir, manifest } of backupsIn(path as string)) {
    const { snapshot, logs, lastZxid, lastTime, nodes, growing } = manifest;
    const from = logs[0]?.firstTime;
    const times = from === undefined ? `made ${manifest.made}` : `${from} to ${lastTime}`;
    say(
      `${dir}: zxid 0x${snapshot.zxid} to 0x${lastZxid}, ${times}, ${nodes} nodes${growing === true ? ', growing' : ''}\n`,
    );
  }
  return 0;
}

export async function verifyCommand({ operands: [path] }: Command): Promise<number> {
  for (const kept of backupsIn(path as string)) {
    const { lastZxid, lastTime, nodes } = await measured('checking and replaying', kept, (onBytes) =>
      verifyBackup(toolDisk(), kept.dir, onBytes),
    );
    const of = lastTime === undefined ? '' : `, of ${lastTime}`;
    say(`${kept.dir} is whole: ${nodes} nodes at zxid 0x${lastZxid}${of}\n`);
  }
  return 0;
}

export async function restoreCommand({ operands: [path], values }: Command): Promise<number> {
  const dataDir = values['data-dir'];
  if (dataDir === undefined) throw new UsageError('--data-dir is needed');
  const limits = limitsOf(values);
  const backups = backupsIn(path as string);
  const kept = backupFor(backups, limits);
  refuseHole(backups, kept, limits);
  const to = { dataDir, dataLogDir: values['data-log-dir'] ?? dataDir };
  // Every byte is read twice: once to be compared with its checksum.
  const made = await measured(
    'checking, copying and replaying',
    kept,
    (onBytes) => restoreBackup(toolDisk(), kept.dir, to, { limits, onBytes }),
    2,
  );
  say(
    `${dataDir}: ${made.nodes} nodes at zxid 0x${zxidHex(made.zxid)}; ${made.leftOut} later transactions are left out\n`,
  );
  if (made.epoch > 0) {
    say(
      `It counts as of epoch ${made.epoch}. Start this server first, with the data directories of all others moved away: ` +
        `they take this history from it.${existsSync(join(dataDir, 'myid')) ? '' : ' It needs a myid.'}\n`,
    );
  }
  return 0;
}

async function measured<T>(
  what: string,
  { manifest }: Kept,
  task: (onBytes: (bytes: number) => void) => T | Promise<T>,
  passes = 1,
): Promise<T> {
  const meter = new Meter(what, manifest.logs.length + 1, passes * bytesOf(manifest));
  try {
    return await task(meter.step);
  } finally {
    meter.end();
  }
}

function bytesOf({ snapshot, logs }: Manifest): number {
  return logs.reduce((sum, { bytes }) => sum + bytes, snapshot.bytes);
}

function limitsOf(values: Values): Limits {
  const { 'to-zxid': zxid, 'to-time': time } = values;
  if (zxid !== undefined && time !== undefined) throw new UsageError('--to-zxid or --to-time, not both');
  if (zxid !== undefined) return { upToZxid: zxidOf(zxid) };
  if (time === undefined) return {};
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new UsageError(`--to-time ${time} is no time: write 2026-11-30T14:05:00Z`);
  return { upToTimeMs: ms };
}

function say(text: string): void {
  process.stdout.write(text);
}
