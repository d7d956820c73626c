import type { AuthPacket } from '../../jute/client-records.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { ZooKeeperError } from '../errors.ts';
import type { Call } from './call-queue.ts';

/** The identities that a session was given by addAuth. Each connection proves all of them again before anything else. */
interface Identity {
  readonly packet: AuthPacket;
  /** undefined once answered: later connections repeat the packet and expect no news. */
  call: Call | undefined;
}

export class Identities {
  private readonly all: Identity[] = [];
  private toAnswer: Identity[] = [];
  private readonly send: (packet: AuthPacket) => void;

  constructor(send: (packet: AuthPacket) => void) {
    this.send = send;
  }

  add(packet: AuthPacket, call: Call, isConnected: boolean): void {
    const identity = { packet, call };
    this.all.push(identity);
    if (isConnected) this.prove(identity);
  }

  proveAll(): void {
    this.toAnswer = [];
    for (const identity of this.all) this.prove(identity);
  }

  onAccepted(r: Reader, zxid: Zxid): void {
    const identity = this.toAnswer.shift();
    const call = identity?.call;
    if (identity !== undefined) identity.call = undefined;
    call?.onReply(ErrorCode.ok, r, zxid);
  }

  fail(error: ZooKeeperError): void {
    for (const identity of this.all) {
      identity.call?.onFailure(error, false);
      identity.call = undefined;
    }
  }

  private prove(identity: Identity): void {
    this.toAnswer.push(identity);
    this.send(identity.packet);
  }
}
