import { assert } from '../../base/assert.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { join, type SnapshotName } from '../file-names.ts';
import {
  type SnapshotPlace,
  type SnapshotSource,
  SnapshotWriter,
  type SnapshotWriterOptions,
  snapshotFailure,
} from './snapshot-writer.ts';

/**
 * Snapshots in the making: one of our own state at most, and at most one that a leader sent, which takes the other's
 * place. Only one of them is written at any time, for they share one thread of the pool.
 */
export interface SnapshotInfo {
  readonly zxid: Zxid;
  readonly path: string;
  readonly bytes: number;
  /** Wall clock, ms since 1970, of its last byte. */
  readonly writtenMs: number;
}

export class SnapshotShelf {
  private readonly place: SnapshotPlace;
  private readonly options: SnapshotWriterOptions;
  private own: SnapshotWriter | undefined = undefined;
  private received: SnapshotWriter | undefined = undefined;
  private readonly whenFree: (() => void)[] = [];
  private good: SnapshotInfo | undefined = undefined;

  constructor(place: SnapshotPlace, options: SnapshotWriterOptions) {
    this.place = place;
    this.options = options;
  }

  /** The newest that is known to be good: loaded, or written by this process. */
  get newest(): SnapshotInfo | undefined {
    return this.good;
  }

  get isBusy(): boolean {
    return this.own !== undefined || this.received !== undefined;
  }

  get isReceiving(): boolean {
    return this.received !== undefined;
  }

  onRecovered(snapshot: SnapshotName | undefined): void {
    this.good = undefined;
    if (snapshot === undefined) return;
    const path = join(this.place.dir, snapshot.name);
    const { bytes, mtimeMs } = this.place.disk.stat(path);
    this.good = { zxid: snapshot.zxid, path, bytes, writtenMs: mtimeMs };
  }

  take(cut: SnapshotSource, done: (error: Error | undefined) => void): void {
    assert(!this.isBusy, 'one snapshot at a time');
    const finish = (error: Error | undefined): void => {
      this.own = undefined;
      if (error === undefined) this.onPublished(writer);
      this.free();
      done(error === undefined ? undefined : snapshotFailure(cut.zxid, error));
    };
    const writer = this.newWriter(cut, (error) => {
      if (error === undefined) writer.publish(finish);
      else finish(error);
    });
    this.own = writer;
    writer.start();
  }

  /** `done` when it is whole and synced under its temporary name, or with the reason why it is not. */
  receive(cut: SnapshotSource, done: (error: Error | undefined, writer: SnapshotWriter) => void): void {
    assert(this.received === undefined, 'one snapshot is received at a time');
    const writer = this.newWriter(cut, (error) => {
      this.received = undefined;
      this.free();
      done(error === undefined ? undefined : snapshotFailure(cut.zxid, error), writer);
    });
    this.received = writer;
    this.own?.cancel();
    if (this.own === undefined) writer.start();
    else this.whenFree.push(() => writer.start());
  }

  onPublished(writer: SnapshotWriter): void {
    const path = join(this.place.dir, writer.name);
    this.good = { zxid: writer.zxid, path, bytes: writer.bytes, writtenMs: this.place.clock.wallMs() };
  }

  /** The history it is of is about to change. */
  giveUpOwn(): void {
    this.own?.cancel();
  }

  giveUpReceived(): void {
    this.received?.cancel();
  }

  /** Runs `task` once nothing is being written. */
  whenIdle(task: () => void): void {
    if (this.isBusy) this.whenFree.push(() => this.whenIdle(task));
    else task();
  }

  /** Runs `task` once nothing of a received one is being written: given up, it still waits for what is in flight. */
  whenNotReceiving(task: () => void): void {
    if (this.isReceiving) this.whenFree.push(() => this.whenNotReceiving(task));
    else task();
  }

  private free(): void {
    for (const next of this.whenFree.splice(0)) next();
  }

  private newWriter(cut: SnapshotSource, done: (error: Error | undefined) => void): SnapshotWriter {
    return new SnapshotWriter(this.place, this.options, cut, done);
  }
}
