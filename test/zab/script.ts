import { ZXID_ZERO } from '../../src/jute/zxid.ts';
import { Leader } from '../../src/zab/leader/leader.ts';
import type { Entry } from '../../src/zab/leader/leader-ports.ts';
import { Learner } from '../../src/zab/learner/learner.ts';
import { Ensemble, hierarchical, type Link, type Peer, payloadOf, showZxid, txnValue, zxid } from './ensemble.ts';
import { Invariants } from './invariants.ts';

/**
 * Scenes of ZAB to be read from top to bottom: commands, a line `----`, then everything that happened. Blank lines end a
 * scene; lines that begin with # are for the reader. All invariants are checked after every command.
 *
 *   ensemble voters 1 2 3 observers 4      or: ensemble groups 1,2,3 4,5,6 7,8,9; `fresh` first: the election lets voters
 *                                          without a history vote
 *   disk 1 epoch 2 accepted 2 log 1:1 1:2=x snapshot 1:1    what peer 1 finds at its start
 *   lead 3 [snap]                          peer 3 was elected [and gives everyone a SNAP]
 *   follow 1 3                             peer 1 connects to peer 3
 *   deliver [1 3 [2|newest]]               what is under way: all, from 1 to 3, the first two of those, or what is on the
 *                                          newest connection of the two
 *   sync [1 [2]]                           everyone's, peer 1's or the first two of its transactions get to the disk
 *   work 1                                 its log is cut, or the snapshot it received is installed
 *   settle                                 deliver, sync and work until nothing is left
 *   propose 3 a b                          two transactions
 *   barrier 3, ask 1                       a sync of a client of the leader, or of a learner
 *   tick 3 [4]                             half ticks of its clock
 *   break 1 3                              the connection ends, both sides see it
 *   vanish 1                               peer 1 leaves its leader, who does not see it
 *   crash 1, restart 1, wipe 1, snapshot 1
 *   show [1 2]                             disks, trees and roles
 *   quietly COMMAND                        without telling what happens
 */
export function runScript(text: string): string {
  const script = new Script();
  const scenes = text.trimEnd().split(/\n\n+/);
  return `${scenes.map((scene) => script.scene(scene)).join('\n\n')}\n`;
}

class Script {
  private world: Ensemble | undefined = undefined;
  private invariants = new Invariants();
  private readonly payloads = new Map<string, Buffer>();
  private lines: string[] = [];
  private isQuiet = false;

  scene(text: string): string {
    const input = text.split('\n');
    const end = input.indexOf('----');
    const commands = end === -1 ? input : input.slice(0, end);
    this.lines = [];
    for (const command of commands) {
      if (command.startsWith('#') || command === '') continue;
      this.command(command);
    }
    if (commands.every((line) => line.startsWith('#'))) return commands.join('\n');
    return [...commands, '----', ...(this.lines.length === 0 ? ['(nothing)'] : this.lines)].join('\n');
  }

  private command(text: string): void {
    const words = text.split(' ');
    this.isQuiet = words[0] === 'quietly';
    if (this.isQuiet) words.shift();
    const [verb, ...args] = words as [string, ...string[]];
    if (verb === 'ensemble') {
      this.start(args);
      return;
    }
    this.run(verb, args);
    this.ensemble.notice();
    this.invariants.check();
    this.isQuiet = false;
  }

  private get ensemble(): Ensemble {
    if (this.world === undefined) throw new Error('a script begins with its ensemble');
    return this.world;
  }

  private start(words: readonly string[]): void {
    const freshOnesCount = words[0] === 'fresh';
    const args = freshOnesCount ? words.slice(1) : words;
    this.invariants = new Invariants();
    const groups = args[0] === 'groups' ? args.slice(1).map((group) => group.split(',').map(Number)) : undefined;
    const at = args.indexOf('observers');
    const voters = groups?.flat() ?? args.slice(1, at === -1 ? undefined : at).map(Number);
    const observers = at === -1 ? [] : args.slice(at + 1).map(Number);
    const { invariants } = this;
    this.world = new Ensemble({
      voters,
      observers,
      roles: { Leader, Learner },
      freshOnesCount,
      ...(groups === undefined ? {} : { verifier: hierarchical(groups) }),
      watch: {
        note: (line) => {
          if (!this.isQuiet) this.lines.push(line);
        },
        leading: (peer, epoch) => invariants.leading(peer, epoch),
        established: (peer) => invariants.established(peer),
        proposed: (peer, entry) => invariants.proposed(peer, entry),
        committed: (peer, at_) => invariants.committed(peer, at_),
        replaced: (peer, before, after) => invariants.replaced(peer, before, after),
        acknowledged: (peer, at_) => invariants.acknowledged(peer, at_),
        barrierPassed: (peer, token) => invariants.barrierPassed(peer, token),
        syncReplied: (peer, question) => invariants.syncReplied(peer, question),
      },
    });
    invariants.world = this.world;
  }

  private run(verb: string, args: readonly string[]): void {
    const peer = (index: number): Peer => this.ensemble.peer(Number(args[index]));
    switch (verb) {
      case 'disk':
        this.disk(peer(0), args.slice(1));
        return;
      case 'lead':
        peer(0).lead({ forceSnapshotSync: args[1] === 'snap' });
        return;
      case 'follow':
        peer(0).follow(peer(1));
        return;
      case 'deliver':
        if (args.length === 0) this.deliverAll();
        else if (args[2] === 'newest') this.deliverOn(this.linkOf(peer(0), peer(1)), peer(0));
        else this.deliver(peer(0), peer(1), args[2] === undefined ? undefined : Number(args[2]));
        return;
      case 'sync':
        if (args.length === 0) for (const each of this.ensemble.peers.values()) each.syncDisk();
        else peer(0).syncDisk(args[1] === undefined ? undefined : Number(args[1]));
        return;
      case 'work':
        peer(0).finishWork();
        return;
      case 'settle':
        this.settle();
        return;
      case 'propose':
        for (const value of args.slice(1)) peer(0).propose(value);
        return;
      case 'barrier':
        this.invariants.askedNow(peer(0), peer(0).nextToken);
        peer(0).barrier();
        return;
      case 'ask':
        this.invariants.askedNow(peer(0), peer(0).nextToken);
        peer(0).sync();
        return;
      case 'tick':
        for (let i = 0; i < Number(args[1] ?? 1); i++) peer(0).halfTick();
        return;
      case 'break':
        this.ensemble.breakLink(this.linkOf(peer(0), peer(1)));
        return;
      case 'vanish':
        peer(0).vanish();
        return;
      case 'crash':
        peer(0).crash();
        return;
      case 'restart':
        peer(0).restart();
        return;
      case 'wipe':
        peer(0).wipe();
        this.invariants.disksAreKept = false;
        return;
      case 'snapshot':
        peer(0).takeSnapshot();
        return;
      case 'show':
        for (const each of this.ensemble.peers.values()) {
          if (args.length === 0 || args.includes(String(each.sid))) this.lines.push(show(each));
        }
        return;
      default:
        throw new Error(`no command ${verb}`);
    }
  }

  /** epoch, accepted, log and snapshot, in any order. */
  private disk(peer: Peer, args: readonly string[]): void {
    const disk = peer.disk;
    for (let i = 0; i < args.length; i++) {
      const next = (): string => args[++i] as string;
      if (args[i] === 'epoch') disk.currentEpoch = Number(next());
      else if (args[i] === 'accepted') disk.acceptedEpoch = Number(next());
      else if (args[i] === 'snapshot') {
        const at = zxid(next());
        disk.snapshots = [{ zxid: at, entries: disk.log.filter((entry) => entry.zxid <= at) }];
      } else if (args[i] === 'purged') {
        const at = disk.snapshots.at(-1)?.zxid ?? ZXID_ZERO;
        disk.log = disk.log.filter((entry) => entry.zxid > at);
      } else if (args[i] === 'log') {
        while (args[i + 1]?.includes(':')) disk.log.push(this.entry(next()));
      } else throw new Error(`disk: ${args[i]}`);
    }
    disk.hasCurrentEpochFile = disk.currentEpoch > 0;
    disk.acceptedEpoch = Math.max(disk.acceptedEpoch, disk.currentEpoch);
    peer.recover();
  }

  /** Equal texts are the same transaction. */
  private entry(text: string): Entry {
    const [at, value] = text.split('=') as [string, string | undefined];
    let payload = this.payloads.get(text);
    if (payload === undefined) {
      payload = payloadOf(zxid(at), value ?? `t${at.replace(':', '.')}`);
      this.payloads.set(text, payload);
    }
    const entry = { zxid: zxid(at), payload };
    this.invariants.wasBroadcast(entry);
    return entry;
  }

  private linkOf(a: Peer, b: Peer): Link {
    for (const link of [...this.ensemble.links.values()].reverse()) {
      if ((link.learner === a && link.leader === b) || (link.learner === b && link.leader === a)) return link;
    }
    throw new Error(`no link between ${a.sid} and ${b.sid}`);
  }

  private deliver(from: Peer, to: Peer, count = Number.POSITIVE_INFINITY): void {
    // The oldest that has something: a connection that was given up comes before the one that replaced it.
    for (const link of [...this.ensemble.links.values()]) {
      const isPair = (link.learner === from && link.leader === to) || (link.learner === to && link.leader === from);
      const toLeader = link.learner === from;
      let left = count;
      while (isPair && left-- > 0 && this.ensemble.canDeliver(link, toLeader)) this.ensemble.deliver(link, toLeader);
    }
  }

  private deliverOn(link: Link, from: Peer): void {
    const toLeader = link.learner === from;
    while (this.ensemble.canDeliver(link, toLeader)) this.ensemble.deliver(link, toLeader);
  }

  private deliverAll(): void {
    for (let again = true; again; ) {
      again = false;
      for (const link of [...this.ensemble.links.values()]) {
        for (const toLeader of [true, false]) {
          while (this.ensemble.canDeliver(link, toLeader)) {
            this.ensemble.deliver(link, toLeader);
            again = true;
          }
        }
      }
    }
  }

  private settle(): void {
    for (let again = true; again; ) {
      again = false;
      this.deliverAll();
      for (const peer of this.ensemble.peers.values()) {
        if (peer.work === undefined && peer.writing.length === 0) continue;
        if (peer.work !== undefined) peer.finishWork();
        else peer.syncDisk();
        this.ensemble.notice();
        again = true;
      }
    }
  }
}

function show(peer: Peer): string {
  if (!peer.isUp) return `${peer.sid}: down; disk ${showDisk(peer)}`;
  const role = peer.leader !== undefined ? `leads (${peer.leader.phase})` : (peer.learner?.phase ?? 'looking');
  const tree = peer.tree.length === 0 ? 'nothing' : peer.tree.map(txnValue).join(' ');
  return `${peer.sid}: ${role}; tree ${tree}; disk ${showDisk(peer)}`;
}

function showDisk({ disk }: Peer): string {
  const parts = [`epoch ${disk.currentEpoch} accepted ${disk.acceptedEpoch}`];
  for (const snapshot of disk.snapshots) parts.push(`snapshot ${showZxid(snapshot.zxid)}`);
  if (disk.log.length > 0)
    parts.push(`log ${disk.log.map((entry) => `${showZxid(entry.zxid)}=${txnValue(entry)}`).join(' ')}`);
  return parts.join(' ');
}
