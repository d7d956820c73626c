import type { Zxid } from '../../jute/zxid.ts';
import type { PeerProbe } from '../../quorum/peer-probe.ts';
import type { Primary } from '../../quorum/roles/primary.ts';

/** Listens to a peer, for the switches that have to know when they took effect. */
export class SeatProbe implements PeerProbe {
  readonly limits = {};
  /** Orders the writes, where this peer does. */
  primary: Primary | undefined = undefined;
  isServing = false;
  lastApplied = 0 as Zxid;

  onRoleBegan(): void {
    this.onRoleEnded();
  }

  onRoleEnded(): void {
    this.primary = undefined;
    this.isServing = false;
  }

  onPrimary(primary: Primary): void {
    this.primary = primary;
    this.isServing = true;
  }

  onServing(): void {
    this.isServing = true;
  }

  onApplied(zxid: Zxid): void {
    this.lastApplied = zxid;
  }

  onAppend(): void {}
  onDurable(): void {}
  onCommit(): void {}
  onReplaced(): void {}
  onLeaderLink(): void {}
  onLeaderPacket(): void {}
  onAck(): void {}
  onEstablished(): void {}
  onCutting(): void {}
  onCut(): void {}
  onInstalling(): void {}
  onReplacing(): void {}
  onInstalled(): void {}
  onAcceptedEpoch(): void {}
  onCurrentEpoch(): void {}
}
