import { assert } from '../base/assert.ts';
import { FatalError, messageOf } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import type { Log } from '../base/log.ts';
import { type Disk, diskError } from '../io/disk.ts';
import { epochOf, MAX_EPOCH, type Zxid } from '../jute/zxid.ts';
import { damage } from './damage.ts';
import { join } from './file-names.ts';
import { replaceFile } from './small-file.ts';
import type { StoreProbe } from './store-probe.ts';

/**
 * acceptedEpoch and currentEpoch (f.p and f.a of the Zab paper): decimal text in dataDir/version-2, as Apache keeps
 * them. Both only grow, and a file that does not hold a number is refused by name. An epoch guessed too low lets a peer
 * follow a leader it has already turned away (ZOOKEEPER-2307, ZOOKEEPER-2354).
 */
export class Epochs {
  private readonly disk: Disk;
  private readonly dir: string;
  private readonly log: Log;
  probe: StoreProbe | undefined;
  private accepted: number | undefined;
  private current: number | undefined;

  /** Throws FatalError. */
  constructor(disk: Disk, dir: string, log: Log) {
    this.disk = disk;
    this.dir = dir;
    this.log = log;
    this.accepted = this.read(ACCEPTED);
    this.current = this.read(CURRENT);
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
    if (current > 0 && !this.isThere(CURRENT)) this.write(CURRENT, current);
    this.write(ACCEPTED, epoch);
    this.accepted = epoch;
    this.probe?.onAcceptedEpoch(epoch);
  }

  /** Durable on return. Throws FatalError. */
  setCurrent(epoch: number): void {
    assert(epoch >= (this.current ?? 0), `currentEpoch never goes back from ${this.current} to ${epoch}`);
    if (epoch !== this.current || !this.isThere(CURRENT)) this.write(CURRENT, epoch);
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
    // off. What was logged of it may end anywhere, and an epoch made up for it would give it a vote.
    if (this.accepted === undefined && this.current === undefined && lastZxid > 0) this.current = logged;
    if (this.accepted === undefined && this.current !== undefined) {
      this.accepted = Math.max(logged, this.current);
      // A server by itself stays in epoch 0 and keeps no such files.
      const fields = { dir: this.dir, acceptedEpoch: this.accepted, currentEpoch: this.current };
      if (this.accepted > 0) this.log.info(fields, 'an epoch file is missing; taken from the last transaction');
    }
    if (this.accepted === undefined) return;
    const path = join(this.dir, ACCEPTED);
    if (this.accepted < (this.current ?? 0)) {
      throw damage(`${path} says ${this.accepted} and ${CURRENT} ${this.current}, which is accepted first`);
    }
    if (this.accepted < logged) {
      throw damage(`${path} says ${this.accepted}, but there are transactions of epoch ${logged}`);
    }
  }

  private read(name: string): number | undefined {
    if (!this.isThere(name)) return undefined;
    const path = join(this.dir, name);
    const text = this.asked(path, () => this.disk.readSmall(path).toString('latin1'));
    const digits = /^(\d{1,15})\r?(\n|$)/.exec(text)?.[1];
    const epoch = digits === undefined ? Number.NaN : Number(digits);
    if (!(epoch <= MAX_EPOCH)) {
      throw damage(`${path} holds ${JSON.stringify(text.slice(0, 40))}, which is no epoch`);
    }
    return epoch;
  }

  private isThere(name: string): boolean {
    const path = join(this.dir, name);
    return this.asked(path, () => this.disk.exists(path));
  }

  private asked<T>(path: string, question: () => T): T {
    try {
      return question();
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

const ACCEPTED = 'acceptedEpoch';
const CURRENT = 'currentEpoch';
