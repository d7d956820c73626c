import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import { lockDirectory } from '../io/node-lock.ts';
import { type Zxid, zxidText } from '../jute/zxid.ts';
import { BackupError } from './backup-error.ts';
import type { Feed } from './feed.ts';
import { GrowingBackup } from './growing-backup.ts';
import { refuseBesideServer } from './kept-files.ts';
import { readManifest, syncDir, UNFINISHED } from './manifest.ts';
import { namesIn, seriesName } from './series.ts';

/**
 * Ships what a server writes into a series of backups, for as long as it runs: each begins with a snapshot and grows
 * until the next one begins. The directory is a valid series whenever this process, or the server, ends.
 */
export interface FollowOptions {
  /** Between two looks at what is new. */
  readonly intervalMs: number;
  /** A backup grows for so long, then another one begins. */
  readonly everyMs: number;
  /** So many backups stay, and those that something younger than `keepMs` can be restored from. */
  readonly keep: number;
  readonly keepMs: number | undefined;
}

const REMOVED = 'removing-';
/** After failures one behind the other, at most. */
const MAX_PAUSE_MS = 5000;
/** Between two looks for a newer snapshot. */
const SNAPSHOT_LOOK_MS = 5000;

interface NextBase {
  readonly dir: string;
  /** Undefined while it is not there. */
  zxid: Zxid | undefined;
  failure: unknown;
  readonly settled: Promise<void>;
}

export class Follow {
  private readonly disk: Disk;
  private readonly feed: Feed;
  private readonly dir: string;
  private readonly options: FollowOptions;
  private readonly say: (line: string) => void;
  private open: GrowingBackup | undefined = undefined;
  private next: NextBase | undefined = undefined;
  private lookedForBaseMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private said = '';

  constructor(disk: Disk, feed: Feed, dir: string, options: FollowOptions, say: (line: string) => void) {
    this.disk = disk;
    this.feed = feed;
    this.dir = dir;
    this.options = options;
    this.say = say;
  }

  /** Until `stop`. Throws BackupError for a directory that cannot be used, and when the first attempt fails. */
  async run(stop: AbortSignal): Promise<void> {
    refuseBesideServer(this.dir);
    try {
      mkdirSync(this.dir, { recursive: true, mode: 0o750 });
    } catch (error) {
      throw new BackupError(`${this.dir} cannot be used: ${messageOf(error)}`);
    }
    const lock = lockDirectory(this.dir);
    if (lock === undefined) throw new BackupError(`${this.dir} is in use: another one follows into it`);
    try {
      this.tidy();
      this.resume();
      // One who mistyped an address wants to know; a series that is there goes on when the server does.
      if (this.open === undefined) await this.turn();
      while (!stop.aborted) {
        const isCaughtUp = await this.tryTurn();
        if (isCaughtUp) await pause(this.pauseMs, stop);
      }
      await this.next?.settled;
      if (this.open !== undefined) this.say(`stopped, ${this.open.dir} goes up to zxid ${zxidText(this.open.zxid)}`);
    } finally {
      this.open?.close();
      this.dropNext();
      lock.release();
    }
  }

  private get pauseMs(): number {
    return Math.min(
      this.options.intervalMs * 2 ** Math.min(this.failures, 10),
      Math.max(MAX_PAUSE_MS, this.options.intervalMs),
    );
  }

  /** Remains of a process that was killed go; anything else that does not belong here is somebody's. */
  private tidy(): void {
    const series = new Set(namesIn(this.dir));
    for (const name of readdirSync(this.dir)) {
      if (name.startsWith(UNFINISHED) || name.startsWith(REMOVED)) {
        rmSync(join(this.dir, name), { recursive: true, force: true });
      } else if (!series.has(name)) {
        throw new BackupError(`${join(this.dir, name)} is in the way: a series of backups has a directory of its own`);
      }
    }
  }

  private resume(): void {
    const names = namesIn(this.dir);
    for (const name of names) {
      const dir = join(this.dir, name);
      try {
        if (readManifest(dir).growing !== true) continue;
        const backup = GrowingBackup.resume(this.disk, dir);
        if (name === names.at(-1)) this.open = backup;
        else backup.finish();
      } catch (error) {
        this.say(`${messageOf(error)}; it is left as it is`);
      }
    }
    if (this.open !== undefined) this.say(`going on with ${this.open.dir} at zxid ${zxidText(this.open.zxid)}`);
  }

  /** False: there is more at once. */
  private async tryTurn(): Promise<boolean> {
    try {
      const isCaughtUp = await this.turn();
      this.failures = 0;
      if (this.said !== '' && this.open !== undefined) {
        this.say(`shipping again, up to zxid ${zxidText(this.open.zxid)}`);
        this.said = '';
      }
      return isCaughtUp;
    } catch (error) {
      this.failures++;
      const text = messageOf(error);
      if (text !== this.said) this.say(`${text}; trying again`);
      this.said = text;
      this.reopen();
      return true;
    }
  }

  /** After a failure the disk tells how far it is. */
  private reopen(): void {
    const dir = this.open?.dir;
    if (dir === undefined) return;
    this.open?.close();
    this.open = undefined;
    try {
      this.open = GrowingBackup.resume(this.disk, dir);
    } catch (error) {
      this.say(`${messageOf(error)}; another backup begins`);
    }
  }

  private async turn(): Promise<boolean> {
    this.beginNext();
    if (this.open === undefined) await this.next?.settled;
    const { next } = this;
    const isTaken = next?.zxid !== undefined;
    if (next?.failure !== undefined) {
      this.dropNext();
      throw next.failure;
    }
    const isCaughtUp = this.open === undefined || (await this.ship(this.open));
    // Transactions read after the snapshot was taken go beyond it: the backup before has all up to there.
    if (isTaken && isCaughtUp) this.adopt(next);
    return isCaughtUp && this.open !== undefined;
  }

  private async ship(open: GrowingBackup): Promise<boolean> {
    const piece = await this.feed.read(open.zxid);
    if (open.add(piece, this.feed.epochs()) !== undefined) return piece.isEnd;
    this.say(
      `${this.feed.where} does not go on from zxid ${zxidText(open.zxid)}: its log was cut, replaced or purged; ` +
        `another backup begins, and ${open.dir} is left as it is`,
    );
    open.finish();
    this.open = undefined;
    return false;
  }

  private beginNext(): void {
    if (this.next !== undefined) return;
    const nowMs = Date.now();
    if (this.open !== undefined) {
      if (nowMs - this.open.madeMs < this.options.everyMs) return;
      if (nowMs - this.lookedForBaseMs < SNAPSHOT_LOOK_MS) return;
    }
    this.lookedForBaseMs = nowMs;
    const dir = join(this.dir, `${UNFINISHED}${nowMs}`);
    mkdirSync(dir, { mode: 0o750 });
    const next: NextBase = {
      dir,
      zxid: undefined,
      failure: undefined,
      settled: this.feed
        .takeSnapshot(dir, this.open?.base, () => {})
        .then(
          (zxid) => {
            if (zxid === undefined) this.dropNext();
            else next.zxid = zxid;
          },
          (error: unknown) => {
            next.failure = error;
          },
        ),
    };
    this.next = next;
  }

  private dropNext(): void {
    if (this.next !== undefined) rmSync(this.next.dir, { recursive: true, force: true });
    this.next = undefined;
  }

  private adopt({ dir, zxid }: NextBase): void {
    const target = join(this.dir, seriesName(Date.now(), zxid as Zxid));
    this.next = undefined;
    const begun = GrowingBackup.begin(this.disk, dir, target, this.feed.epochs());
    this.open?.finish();
    this.open = begun;
    this.say(`${target} begins at zxid ${zxidText(begun.zxid)}`);
    this.retire();
  }

  private retire(): void {
    const { keep, keepMs } = this.options;
    const names = namesIn(this.dir);
    const oldestMs = keepMs === undefined ? Number.NEGATIVE_INFINITY : Date.now() - keepMs;
    names.forEach((name, i) => {
      const successor = names[i + 1];
      if (successor === undefined) return;
      const isTooOld = Date.parse(readManifest(join(this.dir, successor)).made) < oldestMs;
      if (names.length - i <= keep && !isTooOld) return;
      renameSync(join(this.dir, name), join(this.dir, `${REMOVED}${name}`));
      rmSync(join(this.dir, `${REMOVED}${name}`), { recursive: true, force: true });
      this.say(`${name} is removed: ${isTooOld ? 'it is too old' : `${keep} are kept`}`);
    });
    syncDir(this.dir);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(ended, ms);
    function ended(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', ended);
      done();
    }
    stop.addEventListener('abort', ended);
  });
}
