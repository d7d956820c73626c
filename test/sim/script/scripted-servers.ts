import { silentLog } from '../../../src/base/log.ts';
import { SnapshotDecoder } from '../../../src/datatree/snapshot/snapshot-decoder.ts';
import { readInitialMessage, writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { readNotification, writeNotification } from '../../../src/election/voting/notification.ts';
import type { Net, Stream, StreamHandlers } from '../../../src/io/net.ts';
import { CreateMode, OpCode } from '../../../src/jute/codes.ts';
import { FrameCutter } from '../../../src/jute/frames.ts';
import { type TxnBody, writeTxn } from '../../../src/jute/txns.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import { PacketCutter } from '../../../src/zab/wire/packet-cutter.ts';
import {
  intBody,
  learnerInfo,
  PacketType,
  PROTOCOL_VERSION,
  QuorumPacket,
  writePacket,
} from '../../../src/zab/wire/packets.ts';
import { databaseOf } from '../judges/observer.ts';
import { SIM_EPOCH_MS } from '../world/clock.ts';
import { SimProcess } from '../world/scheduler.ts';
import type { Script } from './script.ts';

/**
 * Servers in the hands of a script: a learner or a leader that says on the quorum port whatever it is told to: words of
 * an Apache server, of an old one, or of none that exists.
 */
const TRAILER_BYTES = 14;
const QUORUM_PORT = 2888;
const ELECTION_PORT = 3888;
/** The session of those who wrote through a scripted leader. */
export const NOBODYS_SESSION = 0x5c0n;
/** Above that of any peer in a simulated life. */
const BEST_EPOCH = 100_000;
const BEST_ZXID = makeZxid(BEST_EPOCH, 1);

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
          hashKey: { low: 1, high: 2 },
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

/** A learner's end of a connection to the quorum port of `sid`, or to its port for observers, from a machine that is no member's. */
export function dialLeader(script: Script, sid: number, port = QUORUM_PORT): ScriptedLink {
  const { network, scheduler } = script.world.ensemble;
  const net = network.netOf(new SimProcess(scheduler, 'stranger'), network.addHost('stranger'));
  const link = new ScriptedLink(script);
  link.attach(net.dial(`zk${sid}`, port, 1000, link));
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

/** A transaction's bytes. The judges are told, so that logging and applying it is no violation. */
export function makeTxn(script: Script, sid: number, zxid: Zxid, previous: Zxid, body: TxnBody): Buffer {
  const { observer, history, ensemble } = script.world;
  const w = new Writer(128);
  const cxid = history.ops.length;
  const header = { clientId: NOBODYS_SESSION, cxid, zxid, time: SIM_EPOCH_MS, type: body.type };
  writeTxn(w, { header, body, digest: undefined });
  const payload = w.take();
  observer.ledger.propose({ zxid, payload, previous, proposer: sid });
  if (body.kind === 'setData' || body.kind === 'create') {
    const data = body.data?.toString() ?? '';
    history.ops.push({
      action:
        body.kind === 'setData'
          ? { op: 'setData', path: body.path, data, version: -1 }
          : { op: 'create', path: body.path, data, flags: body.ephemeral ? CreateMode.ephemeral : 0 },
      sessionId: NOBODYS_SESSION,
      xid: cxid,
      connection: 0,
      askedUs: ensemble.scheduler.nowUs,
      answeredUs: undefined,
      zxid: undefined,
      result: undefined,
      ids: [],
    });
  }
  return payload;
}

/** The tree of `sid` as a snapshot, with nodes more: as Apache's fuzzy ones may have them. */
export function snapshotWith(
  script: Script,
  sid: number,
  nodes: readonly (readonly [path: string, owner: bigint])[],
): Buffer {
  const { peer } = script.view(sid);
  if (peer === undefined) throw new Error(`${sid} is down`);
  const cut = databaseOf(peer).startCut();
  const pieces: Buffer[] = [];
  for (let bytes = cut.next(1 << 20); bytes !== undefined; bytes = cut.next(1 << 20)) pieces.push(bytes);
  const whole = Buffer.concat(pieces);
  const w = new Writer(256);
  for (const [path, owner] of nodes) {
    w.writeString(path);
    w.writeBuffer(Buffer.alloc(0));
    w.writeLong(-1n);
    for (let i = 0; i < 4; i++) w.writeLong(0n);
    for (let i = 0; i < 3; i++) w.writeInt(0);
    w.writeLong(owner);
    w.writeLong(0n);
  }
  const end = whole.length - 5;
  return Buffer.concat([whole.subarray(0, end), w.take(), whole.subarray(end)]);
}

/**
 * Takes part in elections for the machine of `sid`, whose own process must be down. A server that looks is told that
 * this one looks too, in the same round, and votes for `votesFor`, who has the best history of all; or for whomever the
 * other is for.
 */
export class ScriptedVoter {
  readonly sid: number;
  protected readonly script: Script;
  protected readonly process: SimProcess;
  protected readonly net: Net;
  /** The values that its notifications carry. */
  config: Buffer = Buffer.alloc(0);
  private readonly votesFor: number | undefined;
  private readonly streams = new Map<string, Stream>();

  constructor(script: Script, sid: number, toSids: readonly number[], votesFor?: number) {
    const { network } = script.world.ensemble;
    const { host } = script.view(sid).machine;
    this.script = script;
    this.sid = sid;
    this.votesFor = votesFor;
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
    const vote = { state: 'looking', leader: this.sid, zxid: ZXID_ZERO, round: 1n, peerEpoch: 0 } as const;
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
        if (message.sid !== undefined && message.sid < this.sid) {
          // It wants to be dialled, for instance because it has lost power since.
          this.dial(message.sid);
          stream.destroy();
          return;
        }
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
        if (this.streams.get(String(to)) !== stream && this.streams.has(String(to))) return;
        this.streams.delete(String(to));
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
      const vote =
        this.votesFor === undefined
          ? ({ state: 'looking', round, leader, zxid, peerEpoch } as const)
          : ({ state: 'looking', round, leader: this.votesFor, zxid: BEST_ZXID, peerEpoch: BEST_EPOCH } as const);
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
    super(script, sid, toSids, sid);
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

export type Stage = 'leaderInfo' | 'plan' | 'diff' | 'newLeader' | 'upToDate';

/** A learner that a scripted leader has brought so far. */
export interface Led {
  readonly link: ScriptedLink;
  readonly epoch: number;
  /** The learner's last transaction. */
  readonly own: Zxid;
  /** The next transaction, behind `own` or the one made before. */
  readonly next: (body?: TxnBody, as?: Zxid) => { readonly zxid: Zxid; readonly payload: Buffer };
}

/** The next learner that comes, `sid`, is led as a leader of Apache's would, with the history it has, up to `stage`. */
export function lead(script: Script, leader: ScriptedLeader, sid: number, stage: Stage, config = ''): Led {
  const { ledger } = script.world.observer;
  const view = script.view(sid);
  const link = leader.nextLearner();
  if (view.voter) link.next(PacketType.followerInfo, 'FOLLOWERINFO');
  else link.next(PacketType.observerInfo, 'OBSERVERINFO');
  const epoch = view.acceptedEpoch + 1;
  const own = view.logTip;
  let made = own;
  const next: Led['next'] = (body, as) => {
    const zxid = as ?? (made < makeZxid(epoch, 1) ? makeZxid(epoch, 1) : ((made + 1) as Zxid));
    const data = Buffer.from(zxidHex(zxid));
    const plain = { kind: 'setData', type: OpCode.setData, path: '/node', data, version: 1 } as const;
    const payload = makeTxn(script, leader.sid, zxid, made, body ?? plain);
    made = zxid;
    return { zxid, payload };
  };
  const led = { link, epoch, own, next };
  if (stage === 'leaderInfo') return led;
  link.send(PacketType.leaderInfo, makeZxid(epoch, 0), intBody(PROTOCOL_VERSION));
  script.expect(link.next(PacketType.ackEpoch, 'ACKEPOCH').zxid, own, 'the zxid of ACKEPOCH');
  if (stage === 'plan') return led;
  link.send(PacketType.diff, own);
  if (stage === 'diff') return led;
  link.send(PacketType.newLeader, makeZxid(epoch, 0), Buffer.from(config));
  link.next(PacketType.ack, 'the acknowledgement of NEWLEADER');
  ledger.epochBegins(epoch, own);
  ledger.deliver(own, 'the scripted leader');
  if (stage === 'newLeader') return led;
  link.send(PacketType.upToDate);
  link.next(PacketType.ack, 'the acknowledgement of UPTODATE');
  return led;
}

function say(stream: Stream, message: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeInt32BE(message.length);
  stream.write(Buffer.concat([head, message]));
}
