import { assert } from '../base/assert.ts';
import { FatalError, messageOf } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import type { Log } from '../base/log.ts';
import { type Disk, diskError } from '../io/disk.ts';
import { epochOf, MAX_EPOCH, type Zxid } from '../jute/zxid.ts';
import { damage } from './damage.ts';
import { ACCEPTED_EPOCH, CURRENT_EPOCH, epochIn } from './epoch-file.ts';
import { join } from './file-names.ts';
import { replaceFile } from './small-file.ts';
import type { StoreProbe } from './store-probe.ts';

/**
 * The epoch that this peer accepted and the one that it was synchronised in (epoch-file.ts). Both only grow, and a file
 * that does not hold a number is refused by name. An epoch guessed too low lets a peer follow a leader it has already
 * turned away (ZOOKEEPER-2307, ZOOKEEPER-2354).
 */
export class Epochs {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly log: Log;
  private readonly probe: StoreProbe | undefined;
  private accepted: number | undefined;
  private current: number | undefined;

  /** Throws FatalError. */
  constructor(disk: Disk, dir: string, log: Log, probe?: StoreProbe) {
    this.disk = disk;
    this.dir = dir;
    this.log = log;
    this.probe = probe;
    this.accepted = this.read(ACCEPTED_EPOCH);
    this.current = this.read(CURRENT_EPOCH);
  }

  /** undefined: this peer never took part in an ensemble, or lost the file. */
  get acceptedEpoch(): number | undefined {
    return this.accepted;
  }

  get currentEpoch(): number | undefined {
    return this.current;
  }

  /** Durable on return. Throws FatalError. */
  setAccepted(epoch: number): void {
    assert(epoch >= (this.accepted ?? 0), `acceptedEpoch never goes back from ${this.accepted} to ${epoch}`);
    // One made up for a missing file is written first: an accepted epoch alone would say that there is no history.
    const current = this.current ?? 0;
    if (current > 0 && !this.isThere(CURRENT_EPOCH)) this.write(CURRENT_EPOCH, current);
    this.write(ACCEPTED_EPOCH, epoch);
    this.accepted = epoch;
    this.probe?.onAcceptedEpoch(epoch);
  }

  /** Durable on return. Throws FatalError. */
  setCurrent(epoch: number): void {
    assert(epoch >= (this.current ?? 0), `currentEpoch never goes back from ${this.current} to ${epoch}`);
    if (epoch !== this.current || !this.isThere(CURRENT_EPOCH)) this.write(CURRENT_EPOCH, epoch);
    this.current = epoch;
    this.probe?.onCurrentEpoch(epoch);
  }

  /**
   * Holds the epochs against the history that was recovered. A missing file is made up for by the epoch of the last
   * transaction, which the peer cannot have logged without having accepted its epoch. The current epoch may well be
   * behind: a learner logs what it is synchronised with first, and takes the epoch for its own after that. But an
   * accepted epoch that is behind means that the directory was put together from two.
   */
  checkAgainst(lastZxid: Zxid): void {
    const logged = epochOf(lastZxid);
    // Only where neither file is there. An accepted epoch without a current one is a first synchronisation that broke
    // off. Its part of the log may end anywhere, and an epoch made up for it would give it a vote.
    if (this.accepted === undefined && this.current === undefined && lastZxid > 0) this.current = logged;
    if (this.accepted === undefined && this.current !== undefined) {
      this.accepted = Math.max(logged, this.current);
      // A server by itself stays in epoch 0 and keeps no such files.
      const fields = { dir: this.dir, acceptedEpoch: this.accepted, currentEpoch: this.current };
      if (this.accepted > 0) this.log.info(fields, 'an epoch file is missing; taken from the last transaction');
    }
    if (this.accepted === undefined) return;
    const path = join(this.dir, ACCEPTED_EPOCH);
    if (this.accepted < (this.current ?? 0)) {
      throw damage(`${path} says ${this.accepted} and ${CURRENT_EPOCH} ${this.current}, which is accepted first`);
    }
    if (this.accepted < logged) {
      throw damage(`${path} says ${this.accepted}, but there are transactions of epoch ${logged}`);
    }
  }

  private read(name: string): number | undefined {
    const epoch = epochIn(this.disk, this.dir, name);
    if (typeof epoch !== 'object') return epoch;
    if (epoch.isDamaged) throw damage(epoch.reason);
    throw new FatalError(epoch.reason, EXIT.unexpected, { cause: epoch.cause });
  }

  private isThere(name: string): boolean {
    const path = join(this.dir, name);
    try {
      return this.disk.exists(path);
    } catch (error) {
      throw new FatalError(`cannot read ${path}: ${messageOf(error)}`, EXIT.unexpected, { cause: error });
    }
  }

  private write(name: string, epoch: number): void {
    assert(Number.isInteger(epoch) && epoch >= 0 && epoch <= MAX_EPOCH, `${epoch} is an epoch`);
    try {
      replaceFile(this.disk, this.dir, name, String(epoch), `${name}.tmp`);
    } catch (error) {
      const cause = diskError(error);
      throw new FatalError(`cannot write ${join(this.dir, name)}: ${cause.message}`, EXIT.unexpected, { cause });
    }
  }
}
