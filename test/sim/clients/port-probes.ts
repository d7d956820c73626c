import { readConnectResponse, writeConnectRequest, writeRequestHeader } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { FrameCutter } from '../../../src/jute/frames.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { Violation } from '../judges/violation.ts';
import { CLIENT_PORT } from '../world/machine.ts';
import type { SimHost, SimNetwork } from '../world/net.ts';
import type { SimRandom } from '../world/random.ts';
import { type Scheduler, SimProcess } from '../world/scheduler.ts';
import type { SimClient } from './client.ts';

/**
 * Others who find the client port: probes, browsers, TLS clients, operators with four-letter words, old and broken
 * clients, and one that guesses at the sessions of others. None of them may get what is not theirs, or disturb those
 * who have a session; that the server goes on is for the rest of the world to notice.
 */
const PATIENCE_MS = 15_000;

export interface PortProbe {
  readonly name: string;
  /** Sent at once, in as many pieces. */
  readonly pieces: readonly Buffer[];
  /** Then: says nothing more, ends its side, or goes. */
  readonly after: 'waits' | 'ends' | 'goes';
  /** Its answer has to be nothing, or this. */
  readonly answer?: 'refused' | 'session' | string;
}

export class PortProbes {
  private readonly scheduler: Scheduler;
  private readonly network: SimNetwork;
  private readonly host: SimHost;
  private readonly random: SimRandom;
  private readonly servers: readonly string[];
  private readonly clients: ReadonlyMap<bigint, SimClient>;
  private readonly w = new Writer(256);
  private count = 0;
  private isGone = false;

  constructor(
    scheduler: Scheduler,
    network: SimNetwork,
    random: SimRandom,
    servers: readonly string[],
    clients: ReadonlyMap<bigint, SimClient>,
  ) {
    this.scheduler = scheduler;
    this.network = network;
    this.host = network.addHost('visitors');
    this.random = random;
    this.servers = servers;
    this.clients = clients;
  }

  comeEvery(ms: number): void {
    this.scheduler.after(this.random.between(1, ms * 2) * 1000, undefined, () => {
      if (this.isGone) return;
      this.come(this.random.pick(this.servers), this.nextProbe());
      this.comeEvery(ms);
    });
  }

  leave(): void {
    this.isGone = true;
  }

  /** All kinds, one after another. */
  everyProbe(): PortProbe[] {
    return [
      this.word('ruok', 'imok'),
      this.word('srvr'),
      this.word('isro'),
      this.word('stmk'),
      { name: 'half a word', pieces: [Buffer.from('ru')], after: 'waits' },
      { name: 'a word in two pieces', pieces: [Buffer.from('ru'), Buffer.from('ok')], after: 'waits', answer: 'imok' },
      {
        name: 'a word with more behind it',
        pieces: ['ruok', 'and', 'so', 'on'].map((text) => Buffer.from(text)),
        after: 'waits',
        answer: 'imok',
      },
      { name: 'stmk with a mask', pieces: [Buffer.from('stmk'), Buffer.alloc(8)], after: 'waits' },
      { name: 'a word, and gone', pieces: [Buffer.from('mntr')], after: 'goes' },
      { name: 'HTTP', pieces: [Buffer.from('GET /commands HTTP/1.1\r\nHost: zk\r\n\r\n')], after: 'waits' },
      { name: 'TLS', pieces: [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])], after: 'waits' },
      { name: 'almost TLS', pieces: [Buffer.from([0x16, 0x04, 0x01, 0x02])], after: 'waits' },
      { name: 'a negative length', pieces: [Buffer.from([0xff, 0xff, 0xff, 0xfe])], after: 'waits' },
      { name: 'a length beyond all limits', pieces: [Buffer.from([0x7f, 0, 0, 0])], after: 'waits' },
      { name: 'nothing', pieces: [], after: 'waits' },
      { name: 'nothing, and its end', pieces: [], after: 'ends' },
      { name: 'half a frame', pieces: [Buffer.from([0, 0, 0, 44, 0, 0])], after: 'waits' },
      { name: 'half a frame, and its end', pieces: [Buffer.from([0, 0, 0, 44, 0, 0])], after: 'ends' },
      { name: 'an empty frame', pieces: [Buffer.alloc(4)], after: 'waits' },
      { name: 'a request before all else', pieces: [this.request(OpCode.getChildren)], after: 'waits' },
      { name: 'a ConnectRequest that is cut off', pieces: [this.connect({}).subarray(0, 30)], after: 'ends' },
      { name: 'one from the future', pieces: [this.connect({ seen: 2 ** 50 })], after: 'waits' },
      { name: 'an old client', pieces: [this.connect({ isOld: true })], after: 'ends', answer: 'session' },
      {
        name: 'a session with requests behind it',
        pieces: [this.connect({}), this.request(OpCode.ping), this.request(OpCode.whoAmI)],
        after: 'ends',
        answer: 'session',
      },
      { name: 'a session, and gone', pieces: [this.connect({})], after: 'goes' },
      {
        name: 'a session that never was',
        pieces: [this.connect({ sessionId: 77n })],
        after: 'waits',
        answer: 'refused',
      },
      {
        name: 'another password',
        pieces: [this.connect({ sessionId: this.sessionOfAnother() })],
        after: 'waits',
        answer: 'refused',
      },
      {
        name: 'no password',
        pieces: [this.connect({ sessionId: this.sessionOfAnother(), password: undefined })],
        after: 'waits',
        answer: 'refused',
      },
    ];
  }

  come(server: string, probe: PortProbe): void {
    const process = new SimProcess(this.scheduler, `visitor ${++this.count}`);
    const heard: Buffer[] = [];
    const stream = this.network.netOf(process, this.host).dial(server, CLIENT_PORT, 1000, {
      onOpen: () => {
        for (const [i, piece] of probe.pieces.entries()) {
          this.scheduler.after(i * 30_000, process, () => stream.write(piece));
        }
        this.scheduler.after(probe.pieces.length * 30_000, process, () => {
          if (probe.after === 'ends') stream.end();
          if (probe.after === 'goes') stream.destroy();
        });
      },
      onData: (chunk) => {
        heard.push(Buffer.from(chunk));
      },
      onEnd: () => {
        if (probe.after !== 'waits' || probe.pieces.length < 2) stream.end();
      },
      onClose: () => this.judge(probe, Buffer.concat(heard)),
    });
    this.scheduler.after(PATIENCE_MS * 1000, process, () => process.kill());
  }

  private nextProbe(): PortProbe {
    return this.random.pick(this.everyProbe());
  }

  /** The connection may have been lost before anything came; what came has to be right. */
  private judge({ name, answer }: PortProbe, heard: Buffer): void {
    if (heard.length === 0 || answer === undefined) return;
    if (answer !== 'refused' && answer !== 'session') {
      if (!answer.startsWith(heard.toString())) this.fail(name, `was told ${heard.toString()} instead of ${answer}`);
      return;
    }
    const cutter = new FrameCutter(1 << 20, (frame) => {
      const { timeoutMs } = readConnectResponse(new Reader(frame));
      if (answer === 'refused' && timeoutMs !== 0) this.fail(name, 'was given a session');
      return false;
    });
    cutter.push(heard);
  }

  private fail(name: string, what: string): never {
    throw new Violation('SessionsLive', `a probe (${name}) ${what}`);
  }

  word(word: string, answer?: string): PortProbe {
    const probe: PortProbe = { name: `the word ${word}`, pieces: [Buffer.from(word)], after: 'waits' };
    return answer === undefined ? probe : { ...probe, answer };
  }

  private sessionOfAnother(): bigint {
    const ids = [...this.clients.keys()];
    return ids.length === 0 ? 78n : (ids[this.random.below(ids.length)] as bigint);
  }

  private connect(fields: {
    seen?: number;
    sessionId?: bigint;
    password?: Buffer | undefined;
    isOld?: boolean;
  }): Buffer {
    const { w } = this;
    const at = w.beginFrame();
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: (fields.seen ?? ZXID_ZERO) as Zxid,
      timeoutMs: 3000,
      sessionId: fields.sessionId ?? 0n,
      password: 'password' in fields ? fields.password : Buffer.alloc(16, 7),
      readOnly: fields.isOld === true ? undefined : true,
    });
    w.endFrame(at);
    return Buffer.from(w.take());
  }

  private request(type: number): Buffer {
    const { w } = this;
    const at = w.beginFrame();
    writeRequestHeader(w, 1, type);
    w.endFrame(at);
    return Buffer.from(w.take());
  }
}
