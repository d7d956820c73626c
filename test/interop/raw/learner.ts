// A learner that keeps nothing: it dials a leader, goes through discovery and synchronisation, acknowledges every
// proposal, answers pings, and remembers each packet. What a leader really sends can be read from it.
import { connect, type Socket } from 'node:net';
import { Bytes, encode, type Shaped } from './jute.ts';
import { packetLength, packetName, quorumPacket, snapshotLength } from './quorum.ts';

export type Packet = Shaped<typeof quorumPacket>;
export type Step = { readonly fromLeader: boolean; readonly bytes: Buffer; readonly packet: Packet | 'snapshot' };

export class RawLearner {
  readonly steps: Step[] = [];
  private readonly socket: Socket;
  private received = Buffer.alloc(0);
  private snapshotNext = false;
  private readonly waiting: { name: string; tell: () => void }[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.onData(chunk));
  }

  /** Servers since 3.5 say 20 bytes about themselves, 3.4 the first 12 of them. */
  static async dial(port: number, sid: number, observer: boolean, infoBytes = 20, accepted = 0): Promise<RawLearner> {
    const socket = connect({ port, host: '127.0.0.1' });
    await new Promise<void>((ready, fail) => {
      socket.once('connect', ready);
      socket.once('error', fail);
    });
    const learner = new RawLearner(socket);
    const info = encode(
      { record: { serverid: 'long', protocolVersion: 'int', configVersion: 'long' } },
      { serverid: BigInt(sid), protocolVersion: 0x10000, configVersion: 0n },
    );
    learner.send(observer ? 16 : 11, BigInt(accepted) << 32n, info.subarray(0, infoBytes));
    return learner;
  }

  private send(type: number, zxid: bigint, data: Buffer | null): void {
    const packet = { type, zxid, data, authinfo: null };
    const bytes = encode(quorumPacket, packet);
    this.steps.push({ fromLeader: false, bytes, packet });
    this.socket.write(bytes);
  }

  /** Resolves when a packet of this name comes, from now on. */
  until(name: string): Promise<void> {
    return new Promise((tell) => {
      this.waiting.push({ name, tell });
    });
  }

  private onData(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    for (;;) {
      const length = this.snapshotNext ? snapshotLength(this.received) : packetLength(this.received);
      if (length === 0) return;
      const bytes = this.received.subarray(0, length);
      this.received = this.received.subarray(length);
      const packet = this.snapshotNext ? 'snapshot' : new Bytes(bytes).read(quorumPacket);
      this.snapshotNext = packet !== 'snapshot' && packet.type === 15;
      this.steps.push({ fromLeader: true, bytes, packet });
      if (packet !== 'snapshot') this.onPacket(packet);
    }
  }

  private onPacket(packet: Packet): void {
    const name = packetName[packet.type] ?? '';
    if (name === 'LEADERINFO') this.send(18, 0n, Buffer.from([0, 0, 0, 0]));
    if (name === 'NEWLEADER' || name === 'UPTODATE') this.send(3, this.newLeaderZxid(), null);
    if (name === 'PROPOSAL') this.send(3, packet.zxid, null);
    if (name === 'PING') this.send(5, packet.zxid, Buffer.alloc(0));
    for (const waiter of this.waiting.filter((each) => each.name === name)) {
      this.waiting.splice(this.waiting.indexOf(waiter), 1);
      waiter.tell();
    }
  }

  private newLeaderZxid(): bigint {
    for (const { packet } of this.steps) if (packet !== 'snapshot' && packet.type === 10) return packet.zxid;
    return 0n;
  }

  close(): void {
    this.socket.destroy();
  }
}
