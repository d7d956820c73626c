import type { Log } from '../../src/base/log.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import { ELECTION_DEFAULTS, type ElectionOptions, type SettledState } from '../../src/election/voting/election-host.ts';
import { FastLeaderElection } from '../../src/election/voting/fast-leader-election.ts';
import { type Notification, readNotification, writeNotification } from '../../src/election/voting/notification.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { logTo } from '../fakes/log-to.ts';

/**
 * Runs an election script: commands at the left margin, and under each, indented, what happened. The rendered
 * trace must equal the file, so a change of behaviour shows as a diff of scripts.
 *
 *   ensemble 1 2 3 observer=4,5 weight=1:0 group=1:1,2,3 version=5      whom everyone started later knows
 *   start 1 zxid=100000005 epoch=1 [empty] [initialize] [observer]      server 1 begins to look
 *   3 says to 1: following leader=2 zxid=100000005 epoch=1 round=4      a message of a server that is not simulated
 *   3 garbles to 1: 00000000                                            the same with any bytes
 *   deliver | deliver 1>2 | drop 1>2 | drop                             messages under way; all of them, answers included
 *   connect 1 2                                                         a new connection between two servers
 *   wait 200                                                            time passes, deadlines are kept
 *   settle 1 epoch=2                                                    the leader's epoch is known to server 1
 *   members 1 1 2 version=5                                             server 1 has members 1 and 2 from now on
 *   stop 1                                                              gone, with what was under way to and from it
 *   quiet COMMAND                                                       without showing what it leads to
 */
export function runScript(text: string): string {
  const runner = new ScriptRunner();
  const rendered: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('  ')) continue;
    rendered.push(line);
    if (line === '' || line.startsWith('#')) continue;
    const quiet = line.startsWith('quiet ');
    const trace = runner.run(quiet ? line.slice('quiet '.length) : line);
    if (!quiet) rendered.push(...trace.map((each) => `  ${each}`));
  }
  return rendered.join('\n');
}

interface Underway {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

class ScriptRunner {
  private readonly peers = new Map<number, FastLeaderElection>();
  private underway: Underway[] = [];
  private verifier: QuorumVerifier | undefined;
  private nowMs = 0;
  private trace: string[] = [];
  private options: ElectionOptions = { ...ELECTION_DEFAULTS, adoptNewerConfig: true };

  run(line: string): string[] {
    this.trace = [];
    const [command = '', ...words] = line.split(/\s+/);
    const flags = flagsOf(words);
    if (words[0] === 'says' || words[0] === 'garbles') this.speak(Number(command), words);
    else if (command === 'ensemble') this.ensemble(words, flags);
    else if (command === 'option') this.options = { ...this.options, [words[0] as string]: Number(words[1]) };
    else if (command === 'start') this.start(Number(words[0]), flags);
    else if (command === 'deliver') this.deliver(words[0]);
    else if (command === 'drop') this.drop(words[0]);
    else if (command === 'connect') this.connect(Number(words[0]), Number(words[1]));
    else if (command === 'wait') this.wait(Number(words[0]));
    else if (command === 'settle') this.settle(Number(words[0]), flags);
    else if (command === 'members') this.members(Number(words[0]), words.slice(1), flags);
    else if (command === 'stop') this.stop(Number(words[0]));
    else throw new Error(`unknown command: ${line}`);
    return this.trace;
  }

  private ensemble(words: string[], flags: Map<string, string | undefined>): void {
    const lines = words.filter((word) => /^\d+$/.test(word)).map((sid) => `server.${sid}=h${sid}:1:2`);
    for (const sid of flags.get('observer')?.split(',') ?? []) lines.push(`server.${sid}=h${sid}:1:2:observer`);
    for (const [word, value] of flags) {
      const [number, rest] = value?.split(':') ?? [];
      if (word === 'weight') lines.push(`weight.${number}=${rest}`);
      if (word === 'group') lines.push(`group.${number}=${(rest as string).replaceAll(',', ':')}`);
    }
    if (flags.has('version')) lines.push(`version=${flags.get('version')}`);
    this.verifier = parseQuorumText(lines.join('\n'), {
      multiAddress: false,
      standaloneEnabled: false,
      otherKeys: 'refuse',
    });
  }

  private members(sid: number, words: string[], flags: Map<string, string | undefined>): void {
    this.ensemble(words, flags);
    this.peer(sid).setConfig(this.verifier as QuorumVerifier);
  }

  private start(sid: number, flags: Map<string, string | undefined>): void {
    let peer = this.peers.get(sid);
    if (peer === undefined) {
      peer = new FastLeaderElection(sid, this.options, {
        send: (to, bytes) => {
          this.trace.push(`${sid} > ${to}  ${render(bytes)}`);
          this.underway.push({ from: sid, to, bytes });
        },
        elected: ({ vote, state }) => {
          this.trace.push(`${sid} is ${state}: ${standing(vote)} round=${vote.round}`);
        },
        onLooking() {},
        onNewerConfig: (verifier) => {
          this.trace.push(`${sid} has a newer configuration: ${verifier.text().replaceAll('\n', ' ')}`);
        },
        log: this.logOf(sid),
      });
      this.peers.set(sid, peer);
    }
    const candidate = {
      participant: !flags.has('observer'),
      zxid: Number.parseInt(flags.get('zxid') ?? '0', 16) as Zxid,
      peerEpoch: Number(flags.get('epoch') ?? 0),
      empty: flags.has('empty'),
      initialize: flags.has('initialize'),
    };
    peer.start(candidate, this.verifier as QuorumVerifier, this.nowMs);
  }

  private speak(from: number, words: string[]): void {
    const to = this.peer(Number.parseInt(words[2] as string, 10));
    if (words[0] === 'garbles') {
      to.onNotification(from, Buffer.from(words[3] ?? '', 'hex'), this.nowMs);
      return;
    }
    const flags = flagsOf(words.slice(4));
    const vote = {
      state: words[3] as Notification['state'],
      leader: Number(flags.get('leader')),
      zxid: (flags.get('zxid') === '-1' ? -1 : Number.parseInt(flags.get('zxid') ?? '0', 16)) as Zxid,
      round: BigInt(flags.get('round') ?? 1),
      peerEpoch: Number(flags.get('epoch') ?? 0),
    };
    const config = flags.get('config')?.replaceAll(',', '\n') ?? '';
    let bytes = writeNotification(vote, Buffer.from(config));
    if (flags.has('bytes')) bytes = bytes.subarray(0, Number(flags.get('bytes')));
    to.onNotification(from, bytes, this.nowMs);
  }

  private deliver(path: string | undefined): void {
    if (path !== undefined) {
      for (const message of this.take(path)) this.hand(message);
      return;
    }
    for (let count = 0; this.underway.length > 0; count++) {
      if (count > 10_000) throw new Error('the servers talk without end');
      this.hand(this.underway.shift() as Underway);
    }
  }

  private hand(message: Underway): void {
    this.peers.get(message.to)?.onNotification(message.from, message.bytes, this.nowMs);
  }

  private drop(path: string | undefined): void {
    if (path === undefined) this.underway = [];
    else this.take(path);
  }

  private take(path: string): Underway[] {
    const [from, to] = path.split('>').map(Number);
    const taken = this.underway.filter((message) => message.from === from && message.to === to);
    this.underway = this.underway.filter((message) => !taken.includes(message));
    return taken;
  }

  private connect(a: number, b: number): void {
    this.peers.get(a)?.onConnected(b);
    this.peers.get(b)?.onConnected(a);
  }

  private wait(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      let next: FastLeaderElection | undefined;
      for (const peer of this.peers.values()) {
        if ((peer.deadlineMs ?? Number.POSITIVE_INFINITY) < (next?.deadlineMs ?? Number.POSITIVE_INFINITY)) next = peer;
      }
      const dueMs = next?.deadlineMs;
      if (next === undefined || dueMs === undefined || dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      next.onTick(this.nowMs);
    }
    this.nowMs = endMs;
  }

  private settle(sid: number, flags: Map<string, string | undefined>): void {
    const peer = this.peer(sid);
    const vote = peer.currentVote;
    const state = (flags.get('state') ?? (vote.leader === sid ? 'leading' : 'following')) as SettledState;
    peer.settle(state, { ...vote, peerEpoch: Number(flags.get('epoch') ?? vote.peerEpoch) });
  }

  private stop(sid: number): void {
    this.peers.delete(sid);
    this.underway = this.underway.filter(({ from, to }) => from !== sid && to !== sid);
  }

  private peer(sid: number): FastLeaderElection {
    const peer = this.peers.get(sid);
    if (peer === undefined) throw new Error(`server ${sid} was not started`);
    return peer;
  }

  private logOf(sid: number): Log {
    return logTo((level, message, fields) => {
      if (level === 'info' && message === 'the election is over') return;
      const details = Object.entries(fields)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
      this.trace.push(`${sid} logs: ${message}${details === '' ? '' : ` (${details})`}`);
    });
  }
}

/** `name=value` and bare names, whose value is undefined. */
function flagsOf(words: readonly string[]): Map<string, string | undefined> {
  const flags = new Map<string, string | undefined>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 0) flags.set(word, undefined);
    else flags.set(word.slice(0, at), word.slice(at + 1));
  }
  return flags;
}

function render(bytes: Buffer): string {
  const n = readNotification(bytes);
  if (typeof n === 'string') throw new Error(n);
  return `${n.state} ${standing(n)} round=${n.round}`;
}

function standing(vote: { leader: number; zxid: number; peerEpoch: number }): string {
  const zxid = vote.zxid === -1 ? '-1' : vote.zxid < 0 ? 'none' : vote.zxid.toString(16);
  return `leader=${vote.leader < 0 ? 'none' : vote.leader} zxid=${zxid} epoch=${vote.peerEpoch < 0 ? 'none' : vote.peerEpoch}`;
}
