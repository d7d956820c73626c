import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { ZXID_ZERO, zxidText } from '../../jute/zxid.ts';
import { type Oracle, quorumWithOracle } from '../quorum/oracle.ts';
import { parseQuorumText } from '../quorum/quorum-config.ts';
import type { Quorum, QuorumVerifier } from '../quorum/quorum-verifier.ts';
import type { ElectionOptions } from './election-host.ts';

/**
 * The voters: the members in force, and with them those that are proposed and not known to be committed, whose quorum
 * is needed as well. It also judges the members that others send with their notifications; what is done with newer ones
 * is the host's affair.
 *
 * Anybody who reaches an election port can send some, and call himself by any id. So members are heard from voters in
 * force alone. They are believed when a quorum of those voters sends the same, or all of them but this server. That costs
 * nothing where they are true: a membership is decided with a quorum of the one before. This server does not know of it,
 * so it was not in that quorum. Members without this server are those of an ensemble that it is to join. It has nothing
 * but a file yet, which names itself and some of them, and it follows without a vote until it is taken in. Members that
 * this server remembers as proposed are in force when a quorum of them says so.
 */
export class Electorate {
  private readonly self: number;
  private readonly options: ElectionOptions;
  private readonly log: Log;
  private readonly oracle: Oracle | undefined;
  private inForce!: QuorumVerifier;
  private all: readonly QuorumVerifier[] = [];
  private counted: readonly Quorum[] = [];
  private sids: readonly number[] = [];
  private text = '';
  private bytes: Buffer = Buffer.alloc(0);
  /** By voter, the members it sent last; notifications repeat them. */
  private readonly heard = new Map<number, string>();
  /** The last text that was read, and what it says if it is of use. */
  private read: { readonly text: string; readonly newer: QuorumVerifier | undefined } | undefined = undefined;

  constructor(self: number, options: ElectionOptions, log: Log, oracle?: Oracle) {
    this.self = self;
    this.options = options;
    this.log = log;
    this.oracle = oracle;
  }

  use(verifier: QuorumVerifier, next: QuorumVerifier | undefined): void {
    this.inForce = verifier;
    this.all = next !== undefined && next.version > verifier.version ? [verifier, next] : [verifier];
    this.counted = this.all.map((each) => this.quorumOf(each));
    this.sids = [...new Set(this.all.flatMap(({ voters }) => [...voters]))];
    this.text = verifier.text();
    this.bytes = Buffer.from(this.text, 'utf8');
    this.heard.clear();
    this.read = undefined;
  }

  get present(): QuorumVerifier {
    return this.inForce;
  }

  /** Each of these has to have its quorum. */
  get verifiers(): readonly QuorumVerifier[] {
    return this.all;
  }

  /** The same, for what an oracle may decide. */
  get quorums(): readonly Quorum[] {
    return this.counted;
  }

  /** Of two voters one may lead without the other one, and whoever comes back hears of it from that one alone. */
  get mayHaveLoneLeader(): boolean {
    return this.oracle !== undefined && this.inForce.voters.size === 2;
  }

  /** Of any of them, each once. */
  get voters(): readonly number[] {
    return this.sids;
  }

  /** The membership as notifications carry it. */
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

  /** The members in a notification of `from`, if they are newer than those in force, and to be believed. */
  newerMembers(from: number, text: string): QuorumVerifier | undefined {
    const proposed = this.proposedAs(text);
    const isVoter = this.inForce.voters.has(from) || proposed?.voters.has(from) === true;
    if (text === this.text || !isVoter) return undefined;
    this.heard.set(from, text);
    const newer = proposed ?? this.readMembers(from, text);
    if (newer === undefined) return undefined;
    const saySo = new Set<number>();
    for (const [sid, each] of this.heard) if (each === text) saySo.add(sid);
    const isEveryOther = [...this.inForce.voters].every((sid) => sid === this.self || saySo.has(sid));
    const isDecided = proposed?.containsQuorum(saySo) === true;
    if (!isDecided && !isEveryOther && !this.inForce.containsQuorum(saySo)) return undefined;
    this.log.info({ from, version: zxidText(newer.version) }, 'a quorum has newer members');
    return newer;
  }

  private quorumOf(verifier: QuorumVerifier): Quorum {
    const { oracle } = this;
    return oracle === undefined ? verifier : quorumWithOracle(verifier, this.self, () => oracle.permits());
  }

  private proposedAs(text: string): QuorumVerifier | undefined {
    const next = this.all[1];
    return next !== undefined && next.text() === text ? next : undefined;
  }

  private readMembers(from: number, text: string): QuorumVerifier | undefined {
    if (this.read?.text === text) return this.read.newer;
    this.read = { text, newer: undefined };
    let newer: QuorumVerifier;
    try {
      const { multiAddress, standaloneEnabled } = this.options;
      newer = parseQuorumText(text, { multiAddress, standaloneEnabled, otherKeys: 'refuse' });
    } catch (error) {
      this.log.warn({ from, reason: messageOf(error) }, 'the configuration in a notification is not usable');
      return undefined;
    }
    if (newer.version <= this.inForce.version) return undefined;
    if (!newer.members.has(this.self) && this.inForce.version !== ZXID_ZERO) {
      const fields = { from, version: zxidText(newer.version) };
      this.log.warn(fields, 'members without this server came with a notification, and are not taken over');
      return undefined;
    }
    this.read = { text, newer };
    return newer;
  }

  /** The members in force have another version. */
  renumber(verifier: QuorumVerifier): void {
    this.use(verifier, this.all[1]);
  }
}
