import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { silentLog } from '../../base/log.ts';
import type { Database } from '../../datatree/database.ts';
import { HASH_KEY_BYTES, hashKeyFrom } from '../../datatree/tree/path-hash.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import { parseZxidHex, ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { Compression } from '../../txnlog/file-names.ts';
import { loadSnapshot } from '../../txnlog/snapshot/snapshot-reader.ts';
import { inHashSetOrder } from './java-order.ts';
import { ToolError, toolDisk } from './tool.ts';

/** One snapshot file, loaded whole and checked, whatever its name; the name says how it is compressed, and its zxid. */
export interface SnapshotFile {
  readonly name: string;
  /** From the name; undefined when it has another form. */
  readonly zxid: Zxid | undefined;
  readonly database: Database;
}

/** Throws ToolError. */
export function openSnapshotFile(path: string, notThereExitCode = 1): SnapshotFile {
  const full = resolve(path);
  if (!existsSync(full)) throw new ToolError(`File '${full}' does not exist.`, notThereExitCode);
  if (!statSync(full).isFile()) throw new ToolError(`'${full}' is not a file.`, notThereExitCode);
  const name = basename(full);
  const compression = compressionOf(name);
  const zxid = parseZxidHex(/^snapshot\.([0-9a-f]+)/.exec(name)?.[1] ?? '');
  const snapshot = { name, zxid: zxid ?? ZXID_ZERO, compression };
  const { database, defect } = loadSnapshot(toolDisk(), dirname(full), snapshot, {
    log: silentLog,
    digest: false,
    hashKey: hashKeyFrom(randomBytes(HASH_KEY_BYTES)),
    extendedTypes: true,
    emulate353Ttl: false,
  });
  if (database === undefined) throw new ToolError(`${full} is no whole snapshot: ${defect}`);
  return { name, zxid, database };
}

function compressionOf(name: string): Compression {
  if (name.endsWith('.gz')) return 'gz';
  return name.endsWith('.snappy') ? 'snappy' : '';
}

/** The names of a node's children as Apache's tools go through them.. */
export function childrenInOrder(tree: ReadableTree, node: number): string[] {
  return inHashSetOrder(tree.childNames(node));
}

export function joinPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
