import { silentLog } from '../../src/base/log.ts';
import { SnapshotDecoder } from '../../src/datatree/snapshot-decoder.ts';
import { readInitialMessage, writeInitialMessage } from '../../src/election/initial-message.ts';
import { readNotification, writeNotification } from '../../src/election/notification.ts';
import type { Net, Stream, StreamHandlers } from '../../src/io/net.ts';
import { FrameCutter } from '../../src/jute/frames.ts';
import { type TxnBody, writeTxn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import { makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { PacketCutter } from '../../src/zab/packet-cutter.ts';
import { intBody, learnerInfo, PacketType, QuorumPacket, writePacket } from '../../src/zab/packets.ts';
import { SIM_EPOCH_MS } from './clock.ts';
import { SimProcess } from './scheduler.ts';
import type { Script } from './script.ts';

/**
 * Servers in the hands of a script: a learner or a leader that says on the quorum port whatever it is told to, whether
 * that is what Apache's would say, or an old server's, or nobody's.
 */
const TRAILER_BYTES = 14;
const QUORUM_PORT = 2888;
const ELECTION_PORT = 3888;
/** Above that of any peer in a simulated life. */
const BEST_EPOCH = 100_000;

/** The script's end of one connection. Snapshots are read over and counted. */
export class ScriptedLink implements StreamHandlers {
  readonly received: QuorumPacket[] = [];
  snapshots = 0;
  isOpen = false;
  isClosed = false;
  onPacket: (packet: QuorumPacket) => void = () => {};
  private stream: Stream | undefined;
  private readonly script: Script;
  private read = 0;
  private decoder: SnapshotDecoder | undefined;
  private trailerLeft = 0;
  private readonly cutter = new PacketCutter((packet) => this.take(packet));

  constructor(script: Script, stream?: Stream) {
    this.script = script;
    this.stream = stream;
  }

  attach(stream: Stream): void {
    this.stream = stream;
  }

  onOpen(): void {
    this.isOpen = true;
  }

  onClose(): void {
    this.isClosed = true;
  }

  onData(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.decoder !== undefined) {
        if (!this.decoder.push(rest)) return;
        rest = this.decoder.rest;
        this.decoder = undefined;
        this.trailerLeft = TRAILER_BYTES;
      } else if (this.trailerLeft > 0) {
        const skipped = Math.min(this.trailerLeft, rest.length);
        this.trailerLeft -= skipped;
        rest = rest.subarray(skipped);
        if (this.trailerLeft > 0) return;
        this.snapshots++;
        this.cutter.resume();
      } else {
        this.cutter.push(rest);
        if (!this.cutter.stopped) return;
        rest = this.cutter.takeRest();
        this.decoder = new SnapshotDecoder({
          extendedTypes: false,
          emulate353Ttl: false,
          digest: true,
          log: silentLog,
        });
      }
    }
  }

  /** It still takes what arrives and says nothing. */
  send(type: number, zxid: number = ZXID_NONE, data?: Buffer, authinfo?: QuorumPacket['authinfo']): void {
    const w = new Writer(64);
    writePacket(w, new QuorumPacket(type, zxid as Zxid, data, authinfo));
    this.write(w.take());
  }

  write(bytes: Buffer): void {
    this.stream?.write(bytes);
  }

  /** It stops reading, and goes on. */
  pause(): void {
    this.stream?.pause();
  }

  resume(): void {
    this.stream?.resume();
  }

  close(): void {
    this.stream?.end();
  }

  /** The next packet of this type that was not waited for yet; what came before it is passed over. */
  next(type: number, what = `packet ${type}`): QuorumPacket {
    let found: QuorumPacket | undefined;
    this.script.until(`${what} at the other end`, () => {
      while (found === undefined && this.read < this.received.length) {
        const packet = this.received[this.read++] as QuorumPacket;
        if (packet.type === type) found = packet;
      }
      return found !== undefined || this.isClosed;
    });
    this.script.expect(found !== undefined, true, `${what} came before the connection was closed`);
    return found as QuorumPacket;
  }

  /** How many packets of this type have come. */
  count(type: number): number {
    return this.received.filter((packet) => packet.type === type).length;
  }

  untilClosed(what: string, limitMs = 60_000): void {
    this.script.until(`the end of the connection after ${what}`, () => this.isClosed, limitMs);
  }

  private take(packet: QuorumPacket): boolean {
    const { type, zxid, data, authinfo } = packet;
    const kept = new QuorumPacket(type, zxid, data === undefined ? undefined : Buffer.from(data), authinfo);
    this.received.push(kept);
    this.onPacket(kept);
    return type !== PacketType.snap;
  }
}

/** A learner's end of a connection to the quorum port of `sid`, from a machine that is no member's. */
export function dialLeader(script: Script, sid: number): ScriptedLink {
  const { network, scheduler } = script.world.ensemble;
  const net = network.netOf(new SimProcess(scheduler, 'stranger'), network.addHost('stranger'));
  const link = new ScriptedLink(script);
  link.attach(net.dial(`zk${sid}`, QUORUM_PORT, 1000, link));
  script.until('a connection to the quorum port', () => link.isOpen || link.isClosed);
  return link;
}

export interface Introduction {
  readonly sid: number;
  readonly observer?: boolean;
  readonly acceptedEpoch?: number;
  readonly configVersion?: Zxid;
}

/** FOLLOWERINFO or OBSERVERINFO. */
export function introduce(link: ScriptedLink, { sid, observer, acceptedEpoch, configVersion }: Introduction): void {
  const type = observer === true ? PacketType.observerInfo : PacketType.followerInfo;
  link.send(type, makeZxid(acceptedEpoch ?? 0, 0), learnerInfo(sid, configVersion ?? ZXID_ZERO));
}

/** As far as the acknowledgement of NEWLEADER, as a learner that has everything up to `zxid`. The leader's epoch. */
export function join(link: ScriptedLink, who: Introduction & { readonly zxid: Zxid; readonly epoch: number }): number {
  introduce(link, who);
  const epoch = Math.floor(link.next(PacketType.leaderInfo, 'LEADERINFO').zxid / 0x100000000);
  link.send(PacketType.ackEpoch, who.zxid, intBody(who.epoch));
  link.next(PacketType.newLeader, 'NEWLEADER');
  link.send(PacketType.ack, makeZxid(epoch, 0));
  return epoch;
}

/** A transaction's bytes. `ledger` is told, so that logging it is no violation; `previous` is the one before it. */
export function makeTxn(script: Script, sid: number, zxid: Zxid, previous: Zxid, body: TxnBody): Buffer {
  const w = new Writer(128);
  const header = { clientId: 0n, cxid: 0, zxid, time: SIM_EPOCH_MS, type: body.type };
  writeTxn(w, { header, body, digest: undefined });
  const payload = w.take();
  script.world.observer.ledger.propose({ zxid, payload, previous, proposer: sid });
  return payload;
}

/**
 * Takes part in elections for the machine of `sid`, whose own process must be down. Whoever looks is told that this one
 * looks too, in the same round, and either has the best history of all, or is for whomever the other is for.
 */
export class ScriptedVoter {
  readonly sid: number;
  protected readonly script: Script;
  protected readonly process: SimProcess;
  protected readonly net: Net;
  /** What its notifications carry. */
  config: Buffer = Buffer.alloc(0);
  private readonly wins: boolean;
  private readonly streams = new Map<string, Stream>();

  constructor(script: Script, sid: number, toSids: readonly number[], wins: boolean) {
    const { network } = script.world.ensemble;
    const { host } = script.view(sid).machine;
    this.script = script;
    this.sid = sid;
    this.wins = wins;
    network.setPower(host, true);
    this.process = new SimProcess(script.world.ensemble.scheduler, `scripted ${sid}`);
    this.net = network.netOf(this.process, host);
    // Of two the one with the higher id dials.
    this.net.listen(
      { host: undefined, port: ELECTION_PORT },
      { onListening: () => {}, onError: () => {}, onStream: (stream) => this.accept(stream) },
    );
    for (const to of toSids) if (to < sid) this.dial(to);
  }

  stop(): void {
    this.process.kill();
  }

  /** To all who have a connection with it: it looks for a leader, in a round long gone. */
  look(): void {
    const vote = { state: 'looking', leader: this.sid, zxid: ZXID_ZERO, round: 1, peerEpoch: 0 } as const;
    for (const stream of this.streams.values()) say(stream, writeNotification(vote, this.config));
  }

  private accept(stream: Stream): StreamHandlers {
    let introduction = Buffer.alloc(0);
    let isIntroduced = false;
    const cutter = this.cutterFor(stream);
    return {
      onData: (chunk) => {
        if (isIntroduced) {
          cutter.push(chunk);
          return;
        }
        introduction = Buffer.concat([introduction, chunk]);
        const message = readInitialMessage(introduction);
        if (message === undefined || typeof message === 'string') return;
        isIntroduced = true;
        this.streams.set(String(message.sid), stream);
        cutter.push(introduction.subarray(message.bytes));
      },
      onClose: () => {},
    };
  }

  private dial(to: number): void {
    if (this.process.isDead) return;
    const stream: Stream = this.net.dial(`zk${to}`, ELECTION_PORT, 1000, {
      onOpen: () => {
        this.streams.set(String(to), stream);
        stream.write(writeInitialMessage(this.sid, [{ host: `zk${this.sid}`, port: ELECTION_PORT }], 1));
      },
      onData: (chunk) => cutter.push(chunk),
      onClose: () => {
        this.script.world.ensemble.scheduler.after(100_000, this.process, () => this.dial(to));
      },
    });
    const cutter = this.cutterFor(stream);
  }

  private cutterFor(stream: Stream): FrameCutter {
    return new FrameCutter(1 << 20, (frame) => {
      const heard = readNotification(frame);
      if (typeof heard === 'string' || heard.state !== 'looking') return true;
      const { leader, zxid, round, peerEpoch } = heard;
      const best = { leader: this.sid, zxid: makeZxid(BEST_EPOCH, 1), peerEpoch: BEST_EPOCH };
      const vote = { state: 'looking', round, ...(this.wins ? best : { leader, zxid, peerEpoch }) } as const;
      say(stream, writeNotification(vote, this.config));
      return true;
    });
  }
}

/** Wins every election; learners then come to its quorum port. */
export class ScriptedLeader extends ScriptedVoter {
  readonly links: ScriptedLink[] = [];
  private met = 0;

  constructor(script: Script, sid: number, toSids: readonly number[]) {
    super(script, sid, toSids, true);
    this.net.listen(
      { host: undefined, port: QUORUM_PORT },
      { onListening: () => {}, onError: () => {}, onStream: (stream) => this.acceptLearner(stream) },
    );
  }

  /** The next learner that comes. */
  nextLearner(): ScriptedLink {
    this.script.until('a learner', () => this.links.length > this.met);
    return this.links[this.met++] as ScriptedLink;
  }

  private acceptLearner(stream: Stream): StreamHandlers {
    const link = new ScriptedLink(this.script, stream);
    link.isOpen = true;
    this.links.push(link);
    return link;
  }
}

function say(stream: Stream, message: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeInt32BE(message.length);
  stream.write(Buffer.concat([head, message]));
}
