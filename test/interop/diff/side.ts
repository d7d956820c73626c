// One of the two servers (or ensembles) of a differential run: its sessions, what is done to them, and its answers as
// the namer shows them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../harness/server.ts';
import { encodeRequest, type OpName, op } from '../raw/records.ts';
import { type Answer, RawSession, type WatchEvent } from '../raw/session.ts';
import { sessionPassword } from './java-random.ts';
import { Namer, nameOfType } from './namer.ts';
import type { HandshakeChoice, Reattach, Step } from './steps.ts';

/** Longer than any answer takes, short enough to wait for when there is none. */
const silenceMs = 3_000;

interface Slot {
  session: RawSession | null;
  sessionId: bigint;
  passwd: Buffer;
}

interface Heard {
  /** How the barrier was answered: its error code, or that it was not. */
  readonly answer: number | 'closed' | 'silence';
  readonly zxid: bigint;
  readonly events: readonly unknown[];
}

export interface Outcome {
  readonly answer: unknown;
  /** What each attached session heard on the side, by slot, and how its next ping was answered. */
  readonly after: { readonly [slot: number]: unknown };
}

/** Of the syncs in between, which take no number from the generator. */
const syncXid = 0x7ffffff0;

/** The answers after which a server closes the connection. */
function hangsUp(step: Step, answer: unknown): boolean {
  if (step.kind !== 'request' || typeof answer !== 'object' || answer === null) return false;
  const { err, zxid } = answer as { err?: number; zxid?: bigint };
  // An unknown operation; a TTL without extended types is answered the same, but with a zxid, and keeps its connection.
  return (err === -6 && zxid === -1n) || err === -115 || (err === 0 && step.type === op.closeSession);
}

export class Side {
  /** One server, or the members of an ensemble. */
  readonly servers: readonly Server[];
  readonly slots: Slot[];
  lastZxid = 0n;
  private readonly namer = new Namer();

  constructor(servers: readonly Server[], slotCount: number) {
    this.servers = servers;
    this.slots = Array.from({ length: slotCount }, () => ({ session: null, sessionId: 0n, passwd: Buffer.alloc(16) }));
  }

  private slot(index: number): Slot {
    return this.slots[index] as Slot;
  }

  async execute(step: Step): Promise<Outcome> {
    const answer = await this.act(step);
    if (hangsUp(step, answer)) {
      // A ping sent now may or may not slip in before the server closes.
      const session = this.slot(step.slot).session as RawSession;
      await Promise.race([session.whenClosed(), sleep(silenceMs)]);
    }
    const after: { [slot: number]: Heard } = {};
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        this.slots.map(async ({ session }, index) => {
          const before = after[index];
          if (session === null || (before !== undefined && before.zxid >= this.lastZxid)) return;
          const heard = await this.hear(session, index, step);
          after[index] = { ...heard, events: [...(before?.events ?? []), ...heard.events] };
        }),
      );
      // A leader may be behind a follower that has already answered: its own sync waits for nothing.
      if (Object.values(after).every(({ answer, zxid }) => answer !== 0 || zxid >= this.lastZxid)) break;
    }
    return { answer, after };
  }

  private async act(step: Step): Promise<unknown> {
    if (step.kind === 'open')
      return this.open(step.slot, step.handshake, 0n, Buffer.alloc(step.handshake.passwordLength));
    if (step.kind === 'reattach') return this.reattach(step.slot, step.how, step.handshake);
    const slot = this.slot(step.slot);
    const { session } = slot;
    if (session === null) return 'no session';
    if (step.kind === 'drop') {
      session.abandon();
      slot.session = null;
      await sleep(20);
      return 'dropped';
    }
    if (step.kind === 'frame') {
      session.write(step.bytes);
      return this.show('ping', await this.orSilence(session, session.nextReply()), step);
    }
    session.sendRaw(step.xid, step.type, step.body);
    return this.show(nameOfType.get(step.type) ?? 'ping', await this.orSilence(session, session.nextReply()), step);
  }

  private async orSilence(session: RawSession, answer: Promise<Answer>): Promise<Answer | 'silence'> {
    const late = Symbol();
    const timer = new AbortController();
    const first = await Promise.race([answer, sleep(silenceMs, late, { signal: timer.signal }).catch(() => late)]);
    timer.abort();
    if (first !== late) return first as Answer;
    session.abandon();
    return 'silence';
  }

  /** Everything the server had to say to this session by now. */
  private async hear(session: RawSession, index: number, step: Step): Promise<Heard> {
    // A ping's answer comes after everything before it; a learner is asked for a sync, which waits for its leader.
    const barrier =
      this.servers.length === 1
        ? () => session.ping()
        : () => session.callRaw(op.sync, encodeRequest('sync', { path: '/' }), syncXid);
    const answer = session.closed ? 'closed' : await this.orSilence(session, barrier());
    if (answer === 'closed' || answer === 'silence') {
      this.slot(index).session = null;
      return { answer, zxid: 0n, events: this.events(session.events.splice(0), step) };
    }
    if (answer.zxid > this.lastZxid) this.lastZxid = answer.zxid;
    return { answer: answer.err, zxid: answer.zxid, events: this.events(answer.events, step) };
  }

  private async reattach(index: number, how: Reattach, choice: HandshakeChoice): Promise<unknown> {
    const { sessionId, passwd } = this.slot(index);
    const wrong = Buffer.from(passwd);
    wrong[3] = (wrong[3] ?? 0) ^ 1;
    const ids = how === 'unknown id' ? 0x0100000000004242n : sessionId;
    const passwords: { readonly [how in Reattach]: Buffer | null } = {
      right: passwd,
      steal: passwd,
      'wrong password': wrong,
      'null password': null,
      'short password': passwd.subarray(0, 7),
      'unknown id': sessionPassword(ids),
    };
    return this.open(index, choice, ids, passwords[how]);
  }

  private async open(
    index: number,
    choice: HandshakeChoice,
    sessionId: bigint,
    passwd: Buffer | null,
  ): Promise<unknown> {
    const slot = this.slot(index);
    const { member, timeoutMs, readOnly, zxidAhead } = choice;
    const lastZxidSeen = this.lastZxid + zxidAhead;
    const port = (this.servers[member % this.servers.length] as Server).clientPort;
    let session = await RawSession.open({ port, timeoutMs, readOnly, lastZxidSeen, sessionId, passwd });
    // A member nobody is attached to may still be behind, and then turns a client away that has seen more.
    for (let tries = 0; session.granted === null && zxidAhead <= 0n && this.servers.length > 1 && tries < 20; tries++) {
      await sleep(50);
      session = await RawSession.open({ port, timeoutMs, readOnly, lastZxidSeen, sessionId, passwd });
    }
    const { granted } = session;
    if (granted === null) return 'closed';
    if (granted.sessionId === 0n) {
      await session.whenClosed();
      return { refused: granted.bytes.toString('hex') };
    }
    const old = slot.session;
    if (old !== null) {
      // Another member than the old one learns of the move only when the old connection asks something of it.
      if (this.servers.length > 1) old.abandon();
      await old.whenClosed();
    }
    slot.session = session;
    slot.sessionId = granted.sessionId;
    slot.passwd = granted.passwd;
    return {
      session: this.namer.session(granted.sessionId),
      highByte: granted.sessionId >> 56n,
      timeoutMs: granted.timeoutMs,
      length: granted.bytes.length,
      readOnly: granted.bytes[36] ?? 'not sent',
      passwordFollowsFromId: granted.passwd.equals(sessionPassword(granted.sessionId)),
    };
  }

  private show(name: OpName, answer: Answer | 'silence', step: Step): unknown {
    if (answer === 'closed' || answer === 'silence') return answer;
    return { ...this.namer.reply(name, answer), events: this.events(answer.events, step) };
  }

  private events(events: readonly WatchEvent[], step: Step): unknown[] {
    const shown = events.map(({ zxid, type, state, path }) => ({ zxid, type, state, path }));
    if (step.kind !== 'request' || step.type !== op.closeSession) return shown;
    // The ephemerals of a closed session go in no particular order.
    const key = (event: { type: number; path: string | null }): string => `${event.path} ${event.type}`;
    return shown.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  slotState(index: number): 'none' | 'attached' | 'detached' {
    const { session, sessionId } = this.slot(index);
    if (session !== null) return 'attached';
    return sessionId === 0n ? 'none' : 'detached';
  }

  /** The session is over: the slot may open a new one. */
  forget(index: number): void {
    const slot = this.slot(index);
    slot.session = null;
    slot.sessionId = 0n;
    slot.passwd = Buffer.alloc(16);
  }

  async leave(): Promise<void> {
    for (const { session } of this.slots) session?.abandon();
  }
}
