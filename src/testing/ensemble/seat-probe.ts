import type { Zxid } from '../../jute/zxid.ts';
import type { PeerProbe } from '../../quorum/peer-probe.ts';
import type { Primary } from '../../quorum/roles/primary.ts';

/** The state of a peer, as the switches have to know it to say when they took effect. */
export class SeatState {
  /** Orders the writes, where this peer does. */
  primary: Primary | undefined = undefined;
  isServing = false;
  lastApplied = 0 as Zxid;

  /** It has no role. */
  rest(): void {
    this.primary = undefined;
    this.isServing = false;
  }
}

function passOver(): void {}

/** Listens to a peer, and keeps `state` as it is. */
export function probeInto(state: SeatState): PeerProbe {
  return {
    limits: {},
    onRoleBegan: () => state.rest(),
    onRoleEnded: () => state.rest(),
    onPrimary: (primary) => {
      state.primary = primary;
      state.isServing = true;
    },
    onServing: () => {
      state.isServing = true;
    },
    onApplied: (zxid) => {
      state.lastApplied = zxid;
    },
    onAppend: passOver,
    onDurable: passOver,
    onCommit: passOver,
    onReplaced: passOver,
    onLeaderLink: passOver,
    onLeaderPacket: passOver,
    onAck: passOver,
    onEstablished: passOver,
    onCutting: passOver,
    onCut: passOver,
    onInstalling: passOver,
    onReplacing: passOver,
    onInstalled: passOver,
    onAcceptedEpoch: passOver,
    onCurrentEpoch: passOver,
  };
}
