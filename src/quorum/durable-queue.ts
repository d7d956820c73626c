import { assert } from '../base/assert.ts';
import { Fifo } from '../base/fifo.ts';
import { counterOf, ZXID_ZERO, type Zxid } from '../jute/zxid.ts';
import type { ToLeader, WhenDurable } from '../zab/learner/learner-ports.ts';
import { PacketType, QuorumPacket } from '../zab/wire/packets.ts';

/**
 * A learner may do some things only when its disk has everything that was appended before: one queue, so that an
 * acknowledgement never overtakes an earlier one. It belongs to one role and dies with it.
 *
 * A group that one sync made durable is acknowledged at once. Where the leader takes that, one packet says it for all.
 *
 * Always: appended and durable only grow; the zxids of those who wait never fall, so that the first one is the next to go.
 */
interface Waiting {
  readonly zxid: Zxid;
  readonly item: QuorumPacket | (() => void);
}

export class DurableQueue implements WhenDurable {
  private readonly link: ToLeader;
  private readonly waiting = new Fifo<Waiting>();
  private lastAppended: Zxid = ZXID_ZERO;
  private lastDurable: Zxid = ZXID_ZERO;
  private groupsAcks = false;

  constructor(link: ToLeader) {
    this.link = link;
  }

  onAppended(zxid: Zxid): void {
    assert(zxid > this.lastAppended, 'a role appends in the order of the zxids');
    this.lastAppended = zxid;
  }

  onDurable(zxid: Zxid): void {
    assert(zxid >= this.lastDurable, 'what is durable stays so for as long as the role lasts');
    assert(zxid <= this.lastAppended, 'a role hears of the disk what it appended');
    this.lastDurable = zxid;
    this.drain();
  }

  /** After everything appended so far, and after every earlier item; at once if nothing is in the way. */
  send(packet: QuorumPacket): void {
    this.waiting.push({ zxid: this.lastAppended, item: packet });
    this.drain();
  }

  groupAcks(): void {
    this.groupsAcks = true;
  }

  /** The same for a task. */
  run(task: () => void): void {
    this.waiting.push({ zxid: this.lastAppended, item: task });
    this.drain();
  }

  clear(): void {
    this.waiting.clear();
  }

  private drain(): void {
    /** Stands for those before it, and goes before anything else does. */
    let ack: QuorumPacket | undefined;
    for (
      let head = this.waiting.peek();
      head !== undefined && head.zxid <= this.lastDurable;
      head = this.waiting.peek()
    ) {
      this.waiting.shift();
      const { item } = head;
      if (item instanceof QuorumPacket && this.isOfGroup(item)) {
        ack = item;
        continue;
      }
      if (ack !== undefined) this.link.send(ack);
      ack = undefined;
      if (item instanceof QuorumPacket) this.link.send(item);
      else item();
    }
    if (ack !== undefined) this.link.send(ack);
  }

  /** An ACK of a proposal; those of NEWLEADER and UPTODATE name the epoch's start. */
  private isOfGroup({ type, zxid }: QuorumPacket): boolean {
    return this.groupsAcks && type === PacketType.ack && counterOf(zxid) !== 0;
  }
}
