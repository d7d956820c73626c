import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { parseQuorumText } from '../quorum/quorum-config.ts';
import type { QuorumVerifier } from '../quorum/quorum-verifier.ts';
import type { ElectionOptions } from './election-host.ts';

/**
 * Who votes: the members in force, and with them those that are proposed and not known to be committed, whose quorum is
 * needed as well. It also judges the members that others send with their notifications; what is done with newer ones
 * is the host's affair.
 */
export class Electorate {
  private readonly options: ElectionOptions;
  private readonly log: Log;
  private inForce!: QuorumVerifier;
  private all: readonly QuorumVerifier[] = [];
  private sids: readonly number[] = [];
  private text = '';
  private bytes: Buffer = Buffer.alloc(0);
  /** The last configuration of others that was read and not taken over: notifications repeat it. */
  private passedOverText: string | undefined = undefined;

  constructor(options: ElectionOptions, log: Log) {
    this.options = options;
    this.log = log;
  }

  use(verifier: QuorumVerifier, next: QuorumVerifier | undefined): void {
    this.inForce = verifier;
    this.all = next !== undefined && next.version > verifier.version ? [verifier, next] : [verifier];
    this.sids = [...new Set(this.all.flatMap(({ voters }) => [...voters]))];
    this.text = verifier.text();
    this.bytes = Buffer.from(this.text, 'utf8');
  }

  get present(): QuorumVerifier {
    return this.inForce;
  }

  /** Each of these has to have its quorum. */
  get verifiers(): readonly QuorumVerifier[] {
    return this.all;
  }

  /** Of any of them, each once. */
  get voters(): readonly number[] {
    return this.sids;
  }

  /** What notifications carry. */
  get config(): Buffer {
    return this.bytes;
  }

  isVoter(sid: number): boolean {
    for (const verifier of this.all) {
      if (verifier.voters.has(sid)) return true;
    }
    return false;
  }

  /** Servers of weight 0 are never elected (ZOOKEEPER-1465). */
  mayLead(sid: number): boolean {
    return this.all.some((verifier) => verifier.weightOf(sid) > 0);
  }

  /** The members in a notification of `from`, if they are newer than those in force. */
  newerMembers(from: number, text: string): QuorumVerifier | undefined {
    if (text === this.text || text === this.passedOverText) return undefined;
    this.passedOverText = text;
    let verifier: QuorumVerifier;
    try {
      const { multiAddress, standaloneEnabled } = this.options;
      verifier = parseQuorumText(text, { multiAddress, standaloneEnabled, otherKeys: 'refuse' });
    } catch (error) {
      this.log.warn({ from, reason: messageOf(error) }, 'the configuration in a notification is not usable');
      return undefined;
    }
    if (verifier.version <= this.inForce.version) return undefined;
    this.log.info({ from, version: zxidHex(verifier.version) }, 'a newer configuration came with a notification');
    this.passedOverText = undefined;
    return verifier;
  }

  /** The members in force have another version. */
  renumber(verifier: QuorumVerifier): void {
    this.use(verifier, this.all[1]);
  }
}
