import type { Log } from '../../base/log.ts';
import { type Disk, type DiskError, type DiskFile, diskError } from '../../io/disk.ts';
import { parseZxidHex, type Zxid, zxidHex } from '../../jute/zxid.ts';
import { adler32 } from '../adler32.ts';
import { DURABLE_NOTE, join } from '../file-names.ts';

/**
 * The side file `synced`: how far the log is known to have been on disk. Recovery needs it to tell a torn tail from
 * damage. The log itself cannot say. When the power went, any part of the group that was being written may have
 * arrived, so whole records may follow a broken one without anything being wrong. Below a synced offset the same
 * picture means that acknowledged transactions are unreadable.
 *
 * A note is only ever too low. It is written after the sync it speaks of, mostly without a sync of its own. Before the
 * log is cut it is lowered and synced. Two slots in two sectors are written in turn, so that losing or tearing the
 * newer leaves the older.
 *
 *   slot   "<serial> log.<zxid> <offset> <synced zxid> <checksum of what is before>\n", padded with spaces
 */
export interface DurableUpTo {
  /** Names the log file; ZXID 0 when there is none, after a snapshot replaced the history. */
  readonly file: Zxid;
  /** Every byte of the file below it was synced. */
  readonly offset: number;
  /** The last synced transaction, whichever file it is in. */
  readonly zxid: Zxid;
}

const SLOT_BYTES = 512;

export class DurableNote {
  private readonly path: string;
  private readonly disk: Disk;
  private readonly dir: string;
  private file: DiskFile | undefined = undefined;
  private serial = 0;
  private last: DurableUpTo | undefined = undefined;
  private readonly slots = [Buffer.alloc(SLOT_BYTES), Buffer.alloc(SLOT_BYTES)];

  constructor(disk: Disk, dir: string, log: Log) {
    this.disk = disk;
    this.dir = dir;
    this.path = join(dir, DURABLE_NOTE);
    if (!disk.exists(this.path)) return;
    const bytes = disk.readSmall(this.path);
    for (const at of [0, SLOT_BYTES]) {
      const slot = parseSlot(bytes.subarray(at, at + SLOT_BYTES));
      if (slot === undefined || slot.serial <= this.serial) continue;
      this.serial = slot.serial;
      this.last = slot.note;
    }
    if (this.last === undefined) log.warn({ file: this.path }, 'not readable: nothing is known of what was synced');
  }

  get value(): DurableUpTo | undefined {
    return this.last;
  }

  /** Durable on return. Throws DiskError. */
  writeNow(note: DurableUpTo): void {
    const isNew = !this.disk.exists(this.path);
    const file = this.open();
    const slot = this.fill(note);
    file.writeAt(slot, this.slotOffset());
    file.syncNow();
    if (isNew) this.disk.syncDir(this.dir);
  }

  /** Durable, when `sync` asks for it, once `done` is called without an error. */
  write(note: DurableUpTo, sync: boolean, done: (error: DiskError | undefined) => void): void {
    let file: DiskFile;
    try {
      if (!this.disk.exists(this.path)) {
        this.writeNow(note);
        done(undefined);
        return;
      }
      file = this.open();
    } catch (error) {
      done(diskError(error));
      return;
    }
    const slot = this.fill(note);
    file.write([slot], this.slotOffset(), (error) => {
      if (error !== undefined || !sync) done(error);
      else file.sync(done);
    });
  }

  close(): void {
    this.file?.close();
    this.file = undefined;
  }

  private open(): DiskFile {
    if (this.file === undefined) {
      this.file = this.disk.open(this.path, this.disk.exists(this.path) ? 'write' : 'create');
    }
    return this.file;
  }

  private fill(note: DurableUpTo): Buffer {
    this.serial++;
    this.last = note;
    const slot = this.slots[this.serial & 1] as Buffer;
    const text = `${this.serial} log.${zxidHex(note.file)} ${note.offset} ${zxidHex(note.zxid)}`;
    slot.fill(0x20);
    slot.write(`${text} ${adler32(Buffer.from(text)).toString(16)}\n`, 0, 'latin1');
    return slot;
  }

  private slotOffset(): number {
    return (this.serial & 1) * SLOT_BYTES;
  }
}

function parseSlot(bytes: Buffer): { serial: number; note: DurableUpTo } | undefined {
  const line = /^((\d{1,15}) log\.([0-9a-f]+) (\d{1,15}) ([0-9a-f]+)) ([0-9a-f]+)\n/.exec(bytes.toString('latin1'));
  if (line === null) return undefined;
  const [, text, serial, fileHex, offset, zxidText, checksum] = line as unknown as string[];
  if (adler32(Buffer.from(text as string)).toString(16) !== checksum) return undefined;
  const file = parseZxidHex(fileHex as string);
  const zxid = parseZxidHex(zxidText as string);
  if (file === undefined || zxid === undefined) return undefined;
  return { serial: Number(serial), note: { file, offset: Number(offset), zxid } };
}
