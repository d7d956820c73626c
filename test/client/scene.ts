import { type ClientOptions, ZooKeeperClient } from '../../src/client/client.ts';
import { ZooKeeperError } from '../../src/client/errors.ts';
import type { SessionState } from '../../src/client/session/session-options.ts';
import {
  readConnectRequest,
  writeConnectResponse,
  writeReplyHeader,
  writeWatcherEvent,
} from '../../src/jute/client-records.ts';
import { KeeperState, Xid } from '../../src/jute/codes.ts';
import type { Stat } from '../../src/jute/data-records.ts';
import type { Reader } from '../../src/jute/reader.ts';
import type { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeNet } from '../fakes/fake-net.ts';
import { firstChoice, sendFrame, takeFrame } from './server-end.ts';

export const STAT: Stat = {
  czxid: 1 as Zxid,
  mzxid: 2 as Zxid,
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 8n,
  dataLength: 9,
  numChildren: 10,
  pzxid: 11 as Zxid,
};

export interface Expected {
  readonly xid: number;
  readonly type: number;
  readonly body: Reader;
}

/** A client and the server it talks to, which is the test. */
export class Scene {
  readonly clock = new FakeClock();
  readonly net = new FakeNet('dial');
  readonly states: SessionState[] = [];
  readonly client: ZooKeeperClient;

  constructor(connectString = 'a:1', options: ClientOptions = {}) {
    this.client = new ZooKeeperClient(connectString, {
      sessionTimeoutMs: 9000,
      onState: (state) => this.states.push(state),
      world: { clock: this.clock, net: this.net, random: firstChoice },
      ...options,
    });
  }

  /** Accepts the connection and grants the session. */
  greet(sessionId = 0x100n, timeoutMs = 9000, readOnly = false): ReturnType<typeof readConnectRequest> {
    this.net.last.accept();
    const request = readConnectRequest(takeFrame(this.net.last) as Reader);
    sendFrame(this.net.last, (w) =>
      writeConnectResponse(w, {
        protocolVersion: 0,
        timeoutMs,
        sessionId,
        password: Buffer.alloc(16, 7),
        readOnly,
      }),
    );
    return request;
  }

  expectRequest(): Expected {
    const body = takeFrame(this.net.last);
    if (body === undefined) throw new Error('the client sent nothing');
    return { xid: body.readInt(), type: body.readInt(), body };
  }

  reply(xid: number, zxid: number, err: number, write: (w: Writer) => void = () => {}): void {
    sendFrame(this.net.last, (w) => {
      writeReplyHeader(w, xid, zxid as Zxid, err);
      write(w);
    });
  }

  event(type: number, path: string, zxid = 50): void {
    sendFrame(this.net.last, (w) => {
      writeReplyHeader(w, Xid.notification, zxid as Zxid, 0);
      writeWatcherEvent(w, type, KeeperState.syncConnected, path);
    });
  }
}

/** The ZooKeeperError that `promise` is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<ZooKeeperError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ZooKeeperError) return error;
    throw error;
  }
  throw new Error('it succeeded');
}
