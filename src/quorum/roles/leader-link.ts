import type { HostPort } from '../../election/quorum/server-spec.ts';
import type { Timer } from '../../io/clock.ts';
import type { ToLeader } from '../../zab/learner/learner-ports.ts';
import { LinkStream } from '../../zab/wire/link-stream.ts';
import { PacketRecord } from '../../zab/wire/packet-record.ts';
import { PacketType, type QuorumPacket } from '../../zab/wire/packets.ts';
import type { RawSink } from '../../zab/wire/sources.ts';
import { type PeerParts, packetsKept } from '../peer-parts.ts';
import { AnyDial } from './any-dial.ts';

/** The connection of a learner to its leader, and the dialling that leads to it: several times, within a limit. */
export interface LeaderLinkOptions {
  readonly addresses: readonly HostPort[];
  /** For all attempts together. */
  readonly limitMs: number;
  /** Between two attempts. */
  readonly delayMs: number;
}

/** Those whom the leader's words are for. */
export interface LeaderLinkEnds {
  readonly learner: {
    onOpen(): void;
    /** False: no more until `resume` or `receiveRaw`. */
    onPacket(packet: QuorumPacket): boolean;
    onSnapshotBytes(): void;
  };
  readonly snapshots: { onRawEnd(): void };
  /** The connection is lost, or no attempt led to one. */
  onClose(reason: string): void;
}

const ATTEMPTS = 5;
/**
 * A server that elects a leader knows it one message before the leader does, and so comes too early nearly every time. As
 * long as the first delay would last, the dial is repeated in parts of it, which count as the first attempt.
 */
const EARLY_DIALS = 10;

export class LeaderLink implements ToLeader {
  private readonly parts: PeerParts;
  private readonly options: LeaderLinkOptions;
  private readonly startedMs: number;
  private stream: LinkStream | undefined;
  private dialling: AnyDial | undefined;
  private redial: Timer | undefined;
  private attempts = 0;

  constructor(parts: PeerParts, options: LeaderLinkOptions) {
    this.parts = parts;
    this.options = options;
    this.startedMs = parts.clock.nowMs();
  }

  dial(ends: LeaderLinkEnds): void {
    const { clock, zabLog } = this.parts;
    const kept = packetsKept(this.parts.config);
    this.attempts++;
    const leftMs = Math.max(1, this.options.limitMs - (clock.nowMs() - this.startedMs));
    let isOpen = false;
    const stream = new LinkStream(undefined, clock, {
      record: kept === undefined ? undefined : new PacketRecord(clock, zabLog, kept),
      onOpen: () => {
        isOpen = true;
        ends.learner.onOpen();
      },
      onPacket: (packet) => {
        this.parts.probe?.onLeaderPacket(packet);
        return ends.learner.onPacket(packet);
      },
      onRawBytes: () => ends.learner.onSnapshotBytes(),
      onRawEnd: () => ends.snapshots.onRawEnd(),
      onClose: (reason) => {
        if (isOpen) ends.onClose(`lost the connection to the leader: ${reason}`);
        else this.onFailed(ends, reason);
      },
    });
    this.stream = stream;
    this.dialling = new AnyDial(this.parts, this.options.addresses, leftMs, stream, (chosen) => stream.attach(chosen));
  }

  send(packet: QuorumPacket): void {
    if (packet.type === PacketType.ack) this.parts.probe?.onAck(packet.zxid);
    this.stream?.send(packet);
  }

  /** Behind the packet that was stopped at, a raw snapshot follows: it goes to `sink`. */
  receiveRaw(sink: RawSink): void {
    this.stream?.receiveRaw(sink);
  }

  /** Packets are taken again. */
  resume(): void {
    this.stream?.resume();
  }

  /** Nothing is heard of it any more. */
  close(): void {
    this.dialling?.giveUp();
    this.redial?.cancel();
    this.stream?.destroy();
  }

  private onFailed(ends: LeaderLinkEnds, reason: string): void {
    const { clock, log } = this.parts;
    const { delayMs, limitMs } = this.options;
    const waitedMs = clock.nowMs() - this.startedMs;
    if (waitedMs < delayMs && waitedMs < limitMs) {
      this.attempts = 0;
      this.redial = clock.after(delayMs / EARLY_DIALS, () => this.dial(ends));
      return;
    }
    const leader = this.options.addresses.map(({ host, port }) => `${host}:${port}`).join('|');
    if (this.attempts >= ATTEMPTS || waitedMs >= limitMs) {
      ends.onClose(`cannot connect to the leader at ${leader}: ${reason}`);
      return;
    }
    log.info({ leader, attempt: this.attempts, reason }, 'leader not reached yet');
    this.redial = clock.after(delayMs, () => this.dial(ends));
  }
}
