import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { leadsOn } from '../election/quorum/leads-on.ts';
import { parseQuorumText, type QuorumConfigOptions } from '../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import { readTxn, type Txn, type TxnBody } from '../jute/txns.ts';
import { epochOf, type Zxid, zxidText } from '../jute/zxid.ts';
import type { Membership } from '../zab/learner/learner-ports.ts';

/**
 * The members, as far as this peer knows: the configuration in force, and the one seen last, which is newer
 * while a reconfiguration is proposed and not decided. A configuration with a higher version replaces the one before,
 * wherever it comes from: a leader's NEWLEADER, a reconfiguration, a notification in an election.
 */
export interface ConfigListener {
  /** A configuration in force: connections and files follow it. */
  activated(verifier: QuorumVerifier): void;
  /** One seen but not decided: a file remembers it, and its members are reached as well. */
  proposed(verifier: QuorumVerifier): void;
  /** The last proposal is known to be never decided. */
  forgotten(): void;
}

/** A peer is started with these. */
export interface KnownConfigs {
  readonly self: number;
  readonly active: QuorumVerifier;
  readonly lastSeen: QuorumVerifier | undefined;
}

export class ConfigBook implements Membership {
  private readonly self: number;
  private readonly options: QuorumConfigOptions;
  private readonly listener: ConfigListener;
  private readonly log: Log;
  private inForce: QuorumVerifier;
  private newest: QuorumVerifier | undefined;

  constructor(known: KnownConfigs, options: QuorumConfigOptions, listener: ConfigListener, log: Log) {
    const { active, lastSeen } = known;
    this.self = known.self;
    this.inForce = active;
    this.newest = lastSeen !== undefined && lastSeen.version > active.version ? lastSeen : undefined;
    this.options = options;
    this.listener = listener;
    this.log = log;
  }

  get active(): QuorumVerifier {
    return this.inForce;
  }

  /** Undefined while nothing newer than the active one is known. */
  get lastSeen(): QuorumVerifier | undefined {
    return this.newest;
  }

  /**
   * Whether this peer observes. One that was left out of the membership does not: it goes on as a follower without a
   * vote, as in Apache, so that its clients keep their sessions until an operator stops it.
   */
  get isObserver(): boolean {
    return isObserver(this.inForce, this.self);
  }

  /** Undefined: it is no membership. */
  versionOf(text: string): Zxid | undefined {
    return this.parse(text)?.version;
  }

  /** A configuration that is proposed, or a leader's that has not finished synchronising us. */
  seen(text: string): void {
    const verifier = this.parse(text);
    if (verifier === undefined || verifier.version <= (this.newest ?? this.inForce).version) return;
    this.newest = verifier;
    this.listener.proposed(verifier);
  }

  activate(text: string, leader: number, epoch: number): boolean {
    const before = this.inForce;
    const isSameRole = this.adopt(text);
    const { newest } = this;
    if (newest !== undefined && epochOf(newest.version) < epoch) {
      this.newest = undefined;
      this.log.info({ version: zxidText(newest.version) }, 'a membership that was proposed is dropped');
      this.listener.forgotten();
    }
    return isSameRole && (before === this.inForce || leadsOn(leader, before, this.inForce));
  }

  /** In force. False when this peer's part in the ensemble is another now: of those with a vote, or without. */
  adopt(text: string): boolean {
    const verifier = this.parse(text);
    return verifier === undefined || this.putInForce(verifier);
  }

  /** This peer leads, and a quorum of both memberships has the history in which the other one was proposed. */
  adoptProposed(): void {
    if (this.newest !== undefined) this.putInForce(this.newest);
  }

  /** The same members with a version. */
  renumbered(verifier: QuorumVerifier): void {
    this.newest = verifier;
    this.listener.proposed(verifier);
  }

  private putInForce(verifier: QuorumVerifier): boolean {
    if (verifier.version <= this.inForce.version) return true;
    const before = this.inForce;
    this.inForce = verifier;
    if (this.newest !== undefined && this.newest.version <= verifier.version) this.newest = undefined;
    this.log.info({ version: zxidText(verifier.version), members: verifier.members.size }, 'new membership in force');
    this.listener.activated(verifier);
    return isObserver(before, this.self) === isObserver(verifier, this.self);
  }

  seenInTxn(payload: Buffer): void {
    const text = configTextOf(readTxn(payload));
    if (text !== undefined) this.seen(text);
  }

  activateTxn(payload: Buffer): boolean {
    const text = configTextOf(readTxn(payload));
    return text === undefined || this.adopt(text);
  }

  private parse(text: string): QuorumVerifier | undefined {
    if (text === '') return undefined;
    try {
      return parseQuorumText(text, this.options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.log.warn({ reason: error.message }, 'a neighbour sent a membership that is none; ignored');
      return undefined;
    }
  }
}

function isObserver(verifier: QuorumVerifier, sid: number): boolean {
  return verifier.members.get(sid)?.role === 'observer';
}

/** A reconfiguration is a setData of the config znode. */
function configTextOf(txn: Txn): string | undefined {
  const body: TxnBody = txn.body;
  return body.kind === 'setData' && body.data !== undefined ? body.data.toString('utf8') : undefined;
}
