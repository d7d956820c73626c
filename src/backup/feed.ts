import { ProtocolError } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import type { Zxid } from '../jute/zxid.ts';
import { join, VERSION_DIR } from '../txnlog/file-names.ts';
import type { LogRecord } from '../txnlog/log/log-file-reader.ts';
import {
  LOG_HEADER_BYTES,
  logHeaderDefect,
  RECORD_HEAD_BYTES,
  RECORD_OVERHEAD_BYTES,
  recordDefect,
  zxidOfPayload,
} from '../txnlog/log/log-format.ts';
import { looksComplete } from '../txnlog/snapshot/snapshot-reader.ts';
import { epochsIn } from './backup.ts';
import { type Directories, filesOfServer, replay } from './history.ts';
import { copyTo, type OnBytes } from './kept-files.ts';
import { LogTail } from './log-tail.ts';
import type { Epochs } from './manifest.ts';

/** The history of a server, from its files or over the network, for copies that go on while it runs. */
export interface Feed {
  /** Named in messages. */
  readonly where: string;
  /**
   * Puts a whole snapshot into `dir`, from which `read` goes on; its zxid. undefined: the newest is no newer than
   * `behind`. Throws BackupError, DiskError.
   */
  takeSnapshot(dir: string, behind: Zxid | undefined, onBytes: OnBytes): Promise<Zxid | undefined>;
  /** Throws BackupError, DiskError. */
  read(from: Zxid): Promise<Piece>;
  epochs(): Epochs;
}

export interface Piece {
  /** In order. The first is that of the zxid that was asked for, if the log still has it. */
  readonly records: readonly LogRecord[];
  /** There is nothing behind them at the moment. */
  readonly isEnd: boolean;
  /** The log begins later, or the history ends before: what follows cannot be told. */
  readonly isGone: boolean;
}

export const PIECE_BYTES = 4 << 20;

export class DirectoryFeed implements Feed {
  readonly where: string;
  private readonly disk: Disk;
  private readonly dirs: Directories;
  private readonly tail: LogTail;

  constructor(disk: Disk, dirs: Directories) {
    this.where = dirs.dataDir;
    this.disk = disk;
    this.dirs = dirs;
    this.tail = new LogTail(disk, join(dirs.dataLogDir, VERSION_DIR));
  }

  takeSnapshot(dir: string, behind: Zxid | undefined, onBytes: OnBytes): Promise<Zxid | undefined> {
    const files = filesOfServer(this.disk, this.dirs);
    const newest = files.snapshots.find((each) => looksComplete(this.disk, files.snapDir, each));
    if (newest !== undefined && behind !== undefined && newest.zxid <= behind) return Promise.resolve(undefined);
    const { database } = replay(this.disk, { ...files, logs: [] }, {}, copyTo(dir, onBytes));
    return Promise.resolve(database.lastProcessedZxid);
  }

  async read(from: Zxid): Promise<Piece> {
    const piece = this.tail.read(from, { bytes: PIECE_BYTES });
    return piece === undefined ? { records: [], isEnd: true, isGone: true } : { ...piece, isGone: false };
  }

  epochs(): Epochs {
    return epochsIn(this.disk, join(this.dirs.dataDir, VERSION_DIR));
  }
}

/** The records of a log that was sent; a file from its first byte to its last. Throws ProtocolError. */
export function recordsIn(bytes: Buffer): LogRecord[] {
  const defect = bytes.length < LOG_HEADER_BYTES ? 'it has no header' : logHeaderDefect(bytes);
  if (defect !== undefined) throw new ProtocolError(`no log came: ${defect}`);
  const records: LogRecord[] = [];
  for (let at = LOG_HEADER_BYTES; at < bytes.length; ) {
    const length = bytes.length - at < RECORD_HEAD_BYTES ? -1 : bytes.readInt32BE(at + 8);
    if (length < 0 || at + length + RECORD_OVERHEAD_BYTES > bytes.length) {
      throw new ProtocolError('a record was cut short');
    }
    const wrong = recordDefect(bytes, at, length);
    if (wrong !== undefined) throw new ProtocolError(`a record is damaged: ${wrong}`);
    const payloadAt = at + RECORD_HEAD_BYTES;
    const payload = bytes.subarray(payloadAt, payloadAt + length);
    records.push({ zxid: zxidOfPayload(bytes, payloadAt), payload, offset: at });
    at += length + RECORD_OVERHEAD_BYTES;
  }
  return records;
}
