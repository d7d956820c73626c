import { silentLog } from '../../src/base/log.ts';
import { type ApplyResult, Database } from '../../src/datatree/database.ts';
import type { Watcher } from '../../src/datatree/watches/watcher.ts';
import {
  type CreateRequest,
  writeCreateRequest,
  writeMultiHeader,
  writePathVersion,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../../src/jute/client-records.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { type Acl, type Id, OPEN_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import { readTxn, type Txn, writeTxn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { AskedRead } from '../../src/server/answers/asked-read.ts';
import { writeCommitReply } from '../../src/server/answers/commit-replies.ts';
import { answerRead, stepOn } from '../../src/server/answers/reads.ts';
import type { SessionOwner } from '../../src/server/asker.ts';
import { type AuthOptions, AuthRegistry, DEFAULT_AUTH_OPTIONS } from '../../src/server/auth/auth-registry.ts';
import { ServerMetrics } from '../../src/server/metrics/server-metrics.ts';
import type { Operation } from '../../src/server/operations/operation.ts';
import { operationOfClient, operationOfServer } from '../../src/server/operations/operations.ts';
import type { Membership } from '../../src/server/prep/membership.ts';
import { Prep, type PrepOptions } from '../../src/server/prep/prep.ts';
import { Request } from '../../src/server/request.ts';
import { SessionTracker } from '../../src/server/sessions/session-tracker.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

/**
 * Prep, tree, reads and replies without what lies between them: a write is prepared, and applied when the test says
 * so, by way of its bytes. Ids, times and zxids are literals: the clock stands at 1000 ms and moves with the zxid.
 */
export interface SmallServerOptions {
  prep?: Partial<PrepOptions>;
  auth?: Partial<AuthOptions>;
  isStandalone?: boolean;
  members?: Membership;
}

export interface Answer {
  err: number;
  body: Buffer;
}

export const here: SessionOwner = { ownerName: 'here' };
export const ALICE = 0x100000000000001n;
export const BOB = 0x100000000000002n;
export const home: Id = { scheme: 'ip', id: '127.0.0.1' };

export class SmallServer {
  readonly database: Database;
  readonly sessions: SessionTracker;
  readonly auth: AuthRegistry;
  readonly prep: Prep;
  zxid = 0;
  readonly clock = new FakeClock();
  private readonly waiting: { txn: Txn; operation: Operation }[] = [];

  constructor(options: SmallServerOptions = {}) {
    const prep: PrepOptions = {
      extendedTypes: true,
      emulate353Ttl: false,
      digest: true,
      enforceQuota: false,
      reconfigEnabled: false,
      listClosedPaths: true,
      maxTxnBytes: 2_097_150,
      ...options.prep,
    };
    const log = silentLog;
    this.database = new Database({
      extendedTypes: prep.extendedTypes,
      emulate353Ttl: prep.emulate353Ttl,
      digest: prep.digest,
      hashKey: { low: 1, high: 2 },
      log,
    });
    this.sessions = new SessionTracker({ tickMs: 1000, isStandalone: options.isStandalone ?? false }, 0);
    this.auth = new AuthRegistry({ ...DEFAULT_AUTH_OPTIONS, ...options.auth });
    this.clock.now = 0;
    this.wallMs = 1000;
    const { database, sessions, auth, clock } = this;
    this.prep = new Prep({ database, sessions, auth, options: prep, members: options.members, log, clock });
  }

  get wallMs(): number {
    return this.clock.wall;
  }

  set wallMs(ms: number) {
    this.clock.wall = ms;
  }

  readonly meter = new ServerMetrics().requests.perNamespace;

  /** A session in use, its creation applied. */
  open(...sessionIds: bigint[]): this {
    for (const id of sessionIds) this.write(id, OpCode.createSession, Buffer.from([0, 0, 0x75, 0x30]));
    return this;
  }

  request(sessionId: bigint, type: number, body: Buffer, authIds: readonly Id[] = [home], owner = here): Request {
    return new Request({ sessionId, authIds, owner }, 7, operationOf(type), body, 0);
  }

  /** What the server itself asks. */
  ownRequest(sessionId: bigint, type: number, body: Buffer, authIds: readonly Id[] = []): Request {
    return new Request({ sessionId, authIds, owner: undefined }, 7, operationOf(type), body, 0);
  }

  /** Prepares and keeps for `apply`. */
  prepare(request: Request): Txn {
    this.zxid++;
    this.wallMs = 1000 + this.zxid;
    return this.prepareAt(request);
  }

  /** The same at the zxid and time that are set. */
  prepareAt(request: Request): Txn {
    const txn = this.prep.prepare(request, this.zxid as Zxid);
    this.waiting.push({ txn, operation: request.operation });
    return txn;
  }

  /** Applies the oldest transaction prepared, from its bytes. */
  apply(): { txn: Txn; result: ApplyResult; answer: Answer } {
    const next = this.waiting.shift();
    if (next === undefined) throw new Error('nothing is prepared');
    const w = new Writer();
    writeTxn(w, next.txn);
    const txn = readTxn(w.take());
    const result = this.database.apply(txn);
    this.prep.onApplied(txn.header.zxid);
    if (txn.header.type === OpCode.closeSession) this.sessions.remove(txn.header.clientId);
    const err = writeCommitReply(next.operation, txn, result, w);
    return { txn, result, answer: { err, body: w.take() } };
  }

  get pending(): number {
    return this.waiting.length;
  }

  applyAll(): void {
    while (this.waiting.length > 0) this.apply();
  }

  /** Prepares and applies, after everything prepared before. */
  write(sessionId: bigint, type: number, body: Buffer, ids: readonly Id[] = [home], owner = here): Answer {
    this.prepare(this.request(sessionId, type, body, ids, owner));
    while (this.waiting.length > 1) this.apply();
    return this.apply().answer;
  }

  /** The error of a write, its transaction applied. */
  err(sessionId: bigint, type: number, body: Buffer, ids: readonly Id[] = [home], owner = here): number {
    return this.write(sessionId, type, body, ids, owner).err;
  }

  read(
    sessionId: bigint,
    type: number,
    body: Buffer,
    watcher: Watcher = nobody,
    ids: readonly Id[] = [home],
    owner = here,
  ): Answer {
    const w = new Writer();
    const request = this.request(sessionId, type, body, ids, owner);
    let stepped: number | undefined;
    if ('begin' in request.operation) while (stepped === undefined) stepped = stepOn(request, watcher, this);
    const err = stepped ?? answerRead(AskedRead.of(request), watcher, this, w);
    return { err, body: w.take() };
  }
}

function operationOf(type: number): Operation {
  const forwarded = operationOfServer(type);
  return forwarded.kind === 'write' ? forwarded : operationOfClient(type);
}

export const nobody: Watcher = { onWatchEvent: () => {}, mayRead: () => true };

// Bodies of requests.

function bytes(write: (w: Writer) => void): Buffer {
  const w = new Writer();
  write(w);
  return w.take();
}

export function createBody(path: string, options: Partial<CreateRequest> = {}, withTTL = false): Buffer {
  const acl = 'acl' in options ? options.acl : [...OPEN_ACL_UNSAFE];
  const data = 'data' in options ? options.data : Buffer.alloc(0);
  const request = { path, data, acl, flags: options.flags ?? 0, ttl: options.ttl ?? -1n };
  return bytes((w) => writeCreateRequest(w, request, withTTL));
}

export function createTtlBody(path: string, flags: number, ttl: bigint): Buffer {
  return createBody(path, { flags, ttl }, true);
}

export function pathVersionBody(path: string, version = -1): Buffer {
  return bytes((w) => writePathVersion(w, { path, version }));
}

export function setDataBody(path: string, data: string, version = -1): Buffer {
  return bytes((w) => writeSetDataRequest(w, { path, data: Buffer.from(data), version }));
}

export function setAclBody(path: string, acl: Acl[] | undefined, version = -1): Buffer {
  return bytes((w) => writeSetAclRequest(w, { path, acl, version }));
}

export function multiBody(...items: (readonly [type: number, body: Buffer])[]): Buffer {
  return bytes((w) => {
    for (const [type, body] of items) {
      writeMultiHeader(w, type, false, -1);
      w.writeRaw(body);
    }
    writeMultiHeader(w, -1, true, -1);
  });
}

export function stringBody(...texts: (string | undefined)[]): Buffer {
  return bytes((w) => {
    for (const text of texts) w.writeString(text);
  });
}

/** path ustring, watch bool */
export function watchBody(path: string | undefined, watch = false): Buffer {
  return bytes((w) => {
    w.writeString(path);
    w.writeBool(watch);
  });
}

export function pathNumberBody(path: string | undefined, number: number): Buffer {
  return bytes((w) => {
    w.writeString(path);
    w.writeInt(number);
  });
}

/** A record whose path is null, and behind it whatever bytes. */
export function nullPathBody(rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), rest]);
}
