import { type ElectionAddress, writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { ELECTION_MESSAGE_MAX } from '../../../src/election/mesh/peer-mesh.ts';
import { type Notification, readNotification, writeNotification } from '../../../src/election/voting/notification.ts';
import type { Listener, Net, Stream, StreamHandlers } from '../../../src/io/net.ts';
import { FrameCutter } from '../../../src/jute/frames.ts';
import type { SimHost, SimNetwork } from '../world/net.ts';
import { type Scheduler, SimProcess } from '../world/scheduler.ts';

/**
 * Somebody on the network who is none of the peers and none of the clients: a port scanner, a server of another
 * ensemble, one that answers nothing, or one that says it were a peer. It does what it is told to, and keeps what it hears.
 */
export const QUORUM_PORT = 2888;
export const ELECTION_PORT = 3888;

const DIAL_TIMEOUT_MS = 5000;

/** A connection of such a host, dialled or taken. */
export class Call implements StreamHandlers {
  received: Buffer = Buffer.alloc(0);
  isOpen = false;
  isClosed = false;
  onReceived: () => void = () => {};
  stream: Stream | undefined;
  private unsent: Buffer[] = [];

  send(...pieces: Buffer[]): this {
    this.unsent.push(...pieces);
    if (this.isOpen) this.onOpen();
    return this;
  }

  end(): void {
    this.stream?.end();
  }

  destroy(): void {
    this.stream?.destroy();
  }

  onOpen(): void {
    this.isOpen = true;
    for (const piece of this.unsent) this.stream?.write(piece);
    this.unsent = [];
  }

  onData(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    this.onReceived();
  }

  onClose(): void {
    this.isOpen = false;
    this.isClosed = true;
  }
}

export class ScriptedHost {
  readonly host: SimHost;
  /** Connections dialled here and accepted, oldest first. */
  readonly accepted: Call[] = [];
  private readonly process: SimProcess;
  private readonly net: Net;

  /** On a host of its own, or as another process on one that is there. */
  constructor(network: SimNetwork, scheduler: Scheduler, name: string, host: SimHost = network.addHost(name)) {
    this.host = host;
    this.process = new SimProcess(scheduler, name);
    this.net = network.netOf(this.process, host);
  }

  /** Gone with all its connections; its kernel closes them. */
  kill(): void {
    this.process.kill();
  }

  pause(): void {
    this.process.pause();
  }

  dial(host: string, port: number, ...pieces: Buffer[]): Call {
    const call = new Call();
    call.stream = this.net.dial(host, port, DIAL_TIMEOUT_MS, call);
    return call.send(...pieces);
  }

  /** Accepts, and says nothing unless it is told to. */
  listen(port: number, onVisit: (call: Call) => void = () => {}): Listener {
    return this.net.listen(
      { host: undefined, port },
      {
        onListening: () => {},
        onError: (error) => {
          throw error;
        },
        onStream: (stream) => {
          const call = new Call();
          call.stream = stream;
          call.isOpen = true;
          this.accepted.push(call);
          onVisit(call);
          return call;
        },
      },
    );
  }
}

/** Bytes behind their length, as on the election port and the client port. */
export function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export type Word = Pick<Notification, 'state' | 'leader' | 'zxid' | 'round' | 'peerEpoch'>;

/** A notification of each age: 28 bytes, 40, with a version of 1, or as of today with a configuration behind it. */
export function notificationOf(age: 28 | 40 | 44 | 'today', word: Word, config = ''): Buffer {
  const bytes = writeNotification(word, Buffer.from(config));
  if (age === 'today') return bytes;
  if (age === 44) bytes.writeInt32BE(1, 36);
  return bytes.subarray(0, age);
}

/** Speaks the election protocol as the server `sid` would, on connections it dials itself: `sid` has to be the higher one. */
export class Impostor {
  readonly sid: number;
  readonly heard = new Map<number, Notification[]>();
  /** Its answer to each notification. */
  onWord: (from: number, word: Notification) => void = () => {};
  readonly stranger: ScriptedHost;
  private readonly calls = new Map<number, Call>();

  constructor(stranger: ScriptedHost, sid: number) {
    this.stranger = stranger;
    this.sid = sid;
  }

  connect(to: number, addresses: readonly ElectionAddress[] = [{ host: `zk${this.sid}`, port: ELECTION_PORT }]): Call {
    const hello = writeInitialMessage(this.sid, addresses, 1);
    const call = this.stranger.dial(`zk${to}`, ELECTION_PORT, hello);
    const words: Notification[] = this.heard.get(to) ?? [];
    this.heard.set(to, words);
    const cutter = new FrameCutter(ELECTION_MESSAGE_MAX, (bytes) => {
      const word = readNotification(Buffer.from(bytes));
      if (typeof word === 'string') throw new Error(`peer ${to} sent what is no notification: ${word}`);
      words.push(word);
      this.onWord(to, word);
      return true;
    });
    call.onReceived = () => {
      const chunk = call.received;
      call.received = Buffer.alloc(0);
      cutter.push(chunk);
    };
    this.calls.set(to, call);
    return call;
  }

  say(to: number, bytes: Buffer): void {
    this.calls.get(to)?.send(framed(bytes));
  }

  isConnected(to: number): boolean {
    return this.calls.get(to)?.isOpen === true;
  }
}
