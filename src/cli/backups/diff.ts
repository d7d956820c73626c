import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFiles, load, sealBackup } from '../../backup/backup.ts';
import { BackupError } from '../../backup/backup-error.ts';
import { filesOfServer, replay } from '../../backup/history.ts';
import { lookOnly } from '../../backup/kept-files.ts';
import { backupFor, backupsIn } from '../../backup/series.ts';
import { type Counts, type Difference, diffTrees, SubtreeCounts } from '../../backup/tree-diff.ts';
import type { Database } from '../../datatree/database.ts';
import { zxidText } from '../../jute/zxid.ts';
import { VERSION_DIR } from '../../txnlog/file-names.ts';
import { toolDisk } from '../files/tool.ts';
import { adminFeed } from './create.ts';
import { type Command, count, type Values } from './options.ts';

/** `diff`: two trees, each at the end of a backup, of a directory, or of a server that is asked now. */
const MARKS = { added: '+', removed: '-', changed: '~' } as const;

export async function diffCommand({ operands, values }: Command): Promise<number> {
  const depth = count(values, 'depth');
  const [left, right] = operands as [string, string];
  const a = await read(left, values);
  const b = await read(right, values);
  const counts = new SubtreeCounts(depth ?? 1);
  const all: Difference[] = [];
  const isJson = values.json === true;
  if (!isJson) process.stdout.write(`${titled('--- ', left, a)}${titled('+++ ', right, b)}`);
  diffTrees(a.tree, b.tree, (one) => {
    counts.add(one);
    if (isJson) all.push(one);
    else if (depth === undefined) process.stdout.write(lineOf(one));
  });
  const { total } = counts;
  const isEqual = total.added + total.removed + total.changed === 0;
  if (isJson) {
    const sides = { left: sideOf(left, a), right: sideOf(right, b) };
    const subtrees = Object.fromEntries(counts.subtrees);
    process.stdout.write(
      `${JSON.stringify({ equal: isEqual, ...sides, total, subtrees, differences: all }, undefined, 2)}\n`,
    );
  } else {
    if (!isEqual && depth === undefined) process.stdout.write('\n');
    for (const [path, each] of counts.subtrees) process.stdout.write(`${counted(each)}  ${path}\n`);
    process.stdout.write(isEqual ? 'equal\n' : `${counted(total)}  in all\n`);
  }
  return isEqual ? 0 : 1;
}

function titled(mark: string, name: string, { tree, lastProcessedZxid }: Database): string {
  return `${mark}${name}: ${tree.nodeCount} nodes at zxid ${zxidText(lastProcessedZxid)}\n`;
}

function sideOf(name: string, { tree, lastProcessedZxid }: Database): object {
  return { name, nodes: tree.nodeCount, zxid: zxidText(lastProcessedZxid), digest: tree.digest().toString() };
}

function lineOf({ kind, path, what }: Difference): string {
  return `${MARKS[kind]} ${path}${what.length === 0 ? '' : `  (${what.join(', ')})`}\n`;
}

function counted({ added, removed, changed }: Counts): string {
  return `+${added} -${removed} ~${changed}`;
}

async function read(name: string, values: Values): Promise<Database> {
  const disk = toolDisk();
  if (/^https?:/.test(name)) return fetched(name, values);
  if (existsSync(join(name, VERSION_DIR))) {
    return replay(disk, filesOfServer(disk, { dataDir: name, dataLogDir: name }), {}, lookOnly).database;
  }
  const { dir, manifest } = backupFor(backupsIn(name), {});
  checkFiles(dir, manifest, () => {});
  return load(disk, dir, manifest).database;
}

async function fetched(url: string, values: Values): Promise<Database> {
  const scratch = mkdtempSync(join(tmpdir(), 'menagerie-diff-'));
  try {
    const feed = adminFeed(url, values);
    if ((await feed.takeSnapshot(scratch, undefined, () => {})) === undefined) {
      throw new BackupError(`${url} sent no snapshot`);
    }
    return sealBackup(toolDisk(), scratch, feed.epochs()).database;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
