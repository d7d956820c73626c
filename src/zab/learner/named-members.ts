import { ProtocolError } from '../../base/errors.ts';
import { type Zxid, zxidHex } from '../../jute/zxid.ts';
import type { Membership } from './learner-ports.ts';

/**
 * The members as a leader names them to one learner: with NEWLEADER, and in reconfigurations, which are known from their
 * proposal on and in force with their commit.
 */
export class NamedMembers {
  private readonly members: Membership;
  /** With NEWLEADER; Apache's leaders without a dynamic configuration name none. */
  private config: string | undefined = undefined;
  /** Reconfigurations logged and not committed: rare, so a plain list. */
  private reconfigs: { readonly zxid: Zxid; readonly payload: Buffer }[] = [];

  constructor(members: Membership) {
    this.members = members;
  }

  /** With NEWLEADER. */
  seen(config: string): void {
    this.config = config;
    this.members.seen(config);
  }

  /** At UPTODATE. False: this peer's role ends with what it puts in force. `committed`: the last zxid that is. */
  activate(leader: number, epoch: number, committed: Zxid): boolean {
    const { config } = this;
    return config === undefined || this.isOpen(config, committed) || this.members.activate(config, leader, epoch);
  }

  /**
   * Apache's leaders name with NEWLEADER what is proposed. While that is so it is in force for nobody: the quorum of the
   * new members alone could elect another leader beside one of the members of before.
   */
  private isOpen(config: string, committed: Zxid): boolean {
    return this.reconfigs.some(({ zxid }) => zxid > committed && config.endsWith(`version=${zxidHex(zxid)}`));
  }

  proposed(zxid: Zxid, payload: Buffer): void {
    this.reconfigs.push({ zxid, payload });
    this.members.seenInTxn(payload);
  }

  /** To an observer: committed as soon as it is told. */
  informed(zxid: Zxid, payload: Buffer): void {
    this.reconfigs.push({ zxid, payload });
  }

  /** It is committed. False: this peer's role is another with it. */
  committed(zxid: Zxid): boolean {
    const reconfig = this.reconfigs.find((candidate) => candidate.zxid === zxid);
    if (reconfig === undefined) throw new ProtocolError(`transaction ${zxidHex(zxid)} is no reconfiguration`);
    this.reconfigs = this.reconfigs.filter((candidate) => candidate.zxid > zxid);
    return this.members.activateTxn(reconfig.payload);
  }
}
