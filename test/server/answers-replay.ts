import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Watcher } from '../../src/datatree/watches/watcher.ts';
import { readAuthPacket } from '../../src/jute/client-records.ts';
import { CreateMode, ErrorCode, OpCode, Perm } from '../../src/jute/codes.ts';
import type { Acl, Id } from '../../src/jute/data-records.ts';
import { Reader } from '../../src/jute/reader.ts';
import { readTxn, writeTxn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { withAuthId } from '../../src/server/auth/auth-ids.ts';
import type { AuthRegistry } from '../../src/server/auth/auth-registry.ts';
import { operationOfClient } from '../../src/server/operations/operations.ts';
import { readParts } from '../../src/server/operations/writes/multi.ts';
import { type Answer, here, SmallServer } from './small-server.ts';

/**
 * Puts the requests of a recording (test/golden/answers) to our prep, tree, reads and replies, at the times Apache
 * logged, and compares answers, events and the logged transactions, byte by byte. Returns what differs.
 *
 * What may differ: the order of names that Apache keeps in hash sets.
 */
type EventTriple = [type: number, path: string, zxid: string];

interface OpenLine {
  slot: number;
  sessionId: string;
  timeoutMs: number;
}

interface RequestLine {
  slot: number;
  type: number;
  xid: number;
  body: string;
  answer: 'closed' | { zxid: string; err: number; body: string };
  before: EventTriple[];
  after: { [slot: string]: 'closed' | EventTriple[] };
}

class Client implements Watcher {
  readonly sessionId: bigint;
  ids: readonly Id[] = [{ scheme: 'ip', id: '127.0.0.1' }];
  events: EventTriple[] = [];
  private readonly auth: AuthRegistry;

  constructor(sessionId: bigint, auth: AuthRegistry) {
    this.sessionId = sessionId;
    this.auth = auth;
  }

  onWatchEvent(type: number, path: string, zxid: Zxid): void {
    this.events.push([type, path, String(zxid)]);
  }

  mayRead(acl: readonly Acl[]): boolean {
    return this.auth.permits(acl, Perm.read, this.ids);
  }
}

export class Replay {
  readonly differences: string[] = [];
  /** "operation error" -> how often. */
  readonly table = new Map<string, number>();
  private readonly server: SmallServer;
  private readonly clients = new Map<number, Client>();
  private readonly logged: Map<number, Buffer[]>;
  private readonly lines: (OpenLine | RequestLine)[];
  private at = 0;

  constructor(directory: string) {
    const text = gunzipSync(readFileSync(join(directory, 'answers.jsonl.gz'))).toString('utf8');
    this.lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as OpenLine | RequestLine);
    this.logged = payloadsOf(gunzipSync(readFileSync(join(directory, 'log.1.gz'))));
    this.server = new SmallServer({
      isStandalone: true,
      prep: { enforceQuota: true },
      auth: { superDigest: 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' },
    });
  }

  run(): void {
    for (const line of this.lines) {
      this.at++;
      if ('sessionId' in line) this.open(line);
      else this.request(line);
    }
    if (this.server.database.digestMismatches > 0) this.differ('the digest', 'as the tree comes to', 'another');
  }

  private open(line: OpenLine): void {
    const timeout = Buffer.alloc(4);
    timeout.writeInt32BE(line.timeoutMs);
    const client = new Client(BigInt(line.sessionId), this.server.auth);
    this.clients.set(line.slot, client);
    this.write(client, 0, OpCode.createSession, timeout);
  }

  private request(line: RequestLine): void {
    const client = this.clients.get(line.slot) as Client;
    const body = Buffer.from(line.body, 'hex');
    const ours = this.answer(client, line, body);
    const theirs = line.answer;
    if (ours !== undefined && theirs !== 'closed') {
      const key = `${line.type} ${theirs.err}`;
      this.table.set(key, (this.table.get(key) ?? 0) + 1);
      this.compare('err', ours.err, theirs.err);
      this.compare(
        'body',
        shownBody(line.type, ours),
        shownBody(line.type, { err: theirs.err, body: Buffer.from(theirs.body, 'hex') }),
      );
      this.compare('zxid', String(this.server.zxid), theirs.zxid);
    }
    this.compareEvents(line);
  }

  /** undefined for what the connection answers by itself. */
  private answer(client: Client, line: RequestLine, body: Buffer): Answer | undefined {
    switch (this.server.request(client.sessionId, line.type, body).kind) {
      case 'unreadable':
        return { err: ErrorCode.marshallingError, body: Buffer.alloc(0) };
      case 'write':
        return this.write(client, line.xid, line.type, body);
      case 'read':
      case 'sync':
        return this.server.read(client.sessionId, line.type, body, client, client.ids);
      case 'auth':
        this.authenticate(client, line, body);
        return undefined;
      case 'unknown':
        if (line.answer !== 'closed') this.compare('err', ErrorCode.unimplemented, line.answer.err);
        return undefined;
      default:
        return undefined;
    }
  }

  private write(client: Client, xid: number, type: number, body: Buffer): Answer {
    const { server } = this;
    const record = this.logged.get(server.zxid + 1)?.[0];
    const theirs = record === undefined ? undefined : readTxn(record);
    if (theirs === undefined) this.differ('the log', `zxid ${server.zxid + 1}`, 'nothing');
    server.zxid++;
    server.wallMs = theirs?.header.time ?? 0;
    const request = Object.assign(server.request(client.sessionId, type, body, client.ids, here), { cxid: xid });
    const txn = server.prepareAt(request);
    const w = new Writer();
    writeTxn(w, txn);
    const ours = w.take();
    if (theirs !== undefined && record !== undefined && !ours.equals(record)) {
      if (txn.body.kind === 'closeSession') txn.body.paths?.sort();
      if (theirs.body.kind === 'closeSession') theirs.body.paths?.sort();
      if (theirs.body.kind === 'error' || isMishashed(type, body)) theirs.digest = txn.digest;
      this.compare('the logged transaction', shown(txn), shown(theirs));
    }
    const applied = server.apply();
    return applied.answer;
  }

  private authenticate(client: Client, line: RequestLine, body: Buffer): void {
    if (line.answer === 'closed') return;
    const packet = readAuthPacket(new Reader(body));
    const proved = this.server.auth.authenticate(packet.scheme, packet.auth, '127.0.0.1');
    this.compare('auth', typeof proved === 'string' ? ErrorCode.authFailed : ErrorCode.ok, line.answer.err);
    if (typeof proved === 'string') return;
    for (const id of proved) client.ids = withAuthId(client.ids, id);
  }

  private compareEvents(line: RequestLine): void {
    const isClose = line.type === OpCode.closeSession;
    for (const [slot, client] of this.clients) {
      const after = line.after[slot];
      const ours = client.events.splice(0);
      if (after === 'closed') {
        this.server.database.tree.watches.removeWatcher(client);
        this.clients.delete(slot);
        continue;
      }
      const theirs = [...(slot === line.slot ? line.before : []), ...(after ?? [])];
      if (isClose) {
        ours.sort(byPath);
        theirs.sort(byPath);
      }
      this.compare(`events of ${slot}`, shown(ours), shown(theirs));
    }
  }

  private compare(what: string, ours: string | number, theirs: string | number): void {
    if (ours !== theirs) this.differ(what, theirs, ours);
  }

  private differ(what: string, expected: string | number, actual: string | number): void {
    this.differences.push(
      `line ${this.at}: ${what}: Apache ${expected}, ours ${actual}\n${shown(this.lines[this.at - 1])}`,
    );
  }
}

function byPath(a: EventTriple, b: EventTriple): number {
  return a[1] === b[1] ? a[0] - b[0] : a[1] < b[1] ? -1 : 1;
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)) ?? '';
}

/** The body of an answer with names sorted where Apache has them in a set. */
function shownBody(type: number, answer: Answer): string {
  const { err, body } = answer;
  if (err !== ErrorCode.ok) return body.toString('hex');
  const r = new Reader(body);
  switch (type) {
    case OpCode.getChildren:
    case OpCode.getChildren2:
    case OpCode.getEphemerals: {
      const names = r.readStrings()?.sort();
      return shown([names, r.readRest().toString('hex')]);
    }
    case OpCode.multiRead: {
      const items: unknown[] = [];
      for (;;) {
        const header = [r.readInt(), r.readBool(), r.readInt()];
        items.push(header);
        if (header[1] === true) break;
        if (header[0] === OpCode.getChildren) items.push(r.readStrings()?.sort());
        else if (header[0] === OpCode.error) items.push(r.readInt());
        else {
          items.push(r.readBuffer()?.toString('hex'));
          for (let i = 0; i < 17; i++) items.push(r.readInt());
        }
      }
      return shown(items);
    }
    default:
      return body.toString('hex');
  }
}

/**
 * Two ways in which Apache's digest is not what its own tree comes to. It takes the flags of a create for what kind of
 * node it will be, where the transaction goes by the type. And it knows the root by two names, so that in one multi a
 * change of "/" and a change of its children do not see each other.
 */
function isMishashed(type: number, body: Buffer): boolean {
  const operation = operationOfClient(type);
  if (operation.kind !== 'write') return false;
  const r = new Reader(body);
  let records: { type?: number; flags?: number; path?: string | undefined }[];
  try {
    records = type === OpCode.multi ? readParts(r).map((part) => part.record) : [operation.read(r)];
  } catch {
    return false;
  }
  return records.some(({ type: kind, flags, path }) => {
    if (path === '/' && records.length > 1) return true;
    if (kind === OpCode.createContainer) return flags !== CreateMode.container;
    return (kind === OpCode.create || kind === OpCode.create2) && flags === CreateMode.container;
  });
}

/** The payloads of a transaction log by zxid; a malformed request has the zxid of the transaction before it. */
function payloadsOf(log: Buffer): Map<number, Buffer[]> {
  const payloads = new Map<number, Buffer[]>();
  for (let at = 16; at + 12 < log.length; ) {
    const length = log.readInt32BE(at + 8);
    if (length === 0) break;
    const payload = log.subarray(at + 12, at + 12 + length);
    const zxid = Number(payload.readBigInt64BE(12));
    const known = payloads.get(zxid);
    if (known === undefined) payloads.set(zxid, [payload]);
    else known.push(payload);
    at += 12 + length + 1;
  }
  return payloads;
}
