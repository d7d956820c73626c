import { describe, expect, it } from 'vitest';
import type { FatalError } from '../../../src/base/errors.ts';
import { writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { PeerMesh, type PeerMeshOptions } from '../../../src/election/mesh/peer-mesh.ts';
import { parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import type { Stream } from '../../../src/io/net.ts';
import { logTo } from '../../fakes/log-to.ts';
import { SimClock } from '../../sim/world/clock.ts';
import { type SimHost, SimNetwork } from '../../sim/world/net.ts';
import { SimRandom } from '../../sim/world/random.ts';
import { Scheduler, SimProcess } from '../../sim/world/scheduler.ts';

const verifier = parseQuorumText('server.1=h1:1:3888\nserver.2=h2:1:3888\nserver.3=h3:1:3888', {
  multiAddress: false,
  standaloneEnabled: true,
  otherKeys: 'refuse',
});

class MeshWorld {
  readonly scheduler = new Scheduler();
  readonly network = new SimNetwork(this.scheduler, new SimRandom(5));
  readonly hosts = new Map<string, SimHost>();

  host(name: string): SimHost {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = this.network.addHost(name);
      this.hosts.set(name, host);
    }
    return host;
  }

  peer(self: number, options: Partial<PeerMeshOptions> = {}): MeshPeer {
    return new MeshPeer(this, self, options);
  }

  /** Someone on a host of its own who writes bytes by hand. */
  stranger(name = 'elsewhere'): { process: SimProcess; clock: SimClock; dial(to: string): Dialled } {
    const process = new SimProcess(this.scheduler, name);
    const net = this.network.netOf(process, this.host(name));
    return {
      process,
      clock: new SimClock(process),
      dial: (to) => {
        const dialled: Dialled = {
          received: Buffer.alloc(0),
          closed: undefined,
          stream: undefined as unknown as Stream,
        };
        dialled.stream = net.dial(to, 3888, 1000, {
          onData: (chunk) => {
            dialled.received = Buffer.concat([dialled.received, chunk]);
          },
          onClose: (error) => {
            dialled.closed = error?.code ?? 'orderly';
          },
        });
        return dialled;
      },
    };
  }

  run(ms: number): void {
    this.scheduler.runForMs(ms);
  }
}

interface Dialled {
  stream: Stream;
  received: Buffer;
  closed: string | undefined;
}

class MeshPeer {
  readonly process: SimProcess;
  readonly mesh: PeerMesh;
  readonly heard: string[] = [];
  readonly connected: number[] = [];
  readonly logged: string[] = [];
  dials = 0;
  listening = false;
  fatal: FatalError | undefined;

  constructor(world: MeshWorld, self: number, options: Partial<PeerMeshOptions>) {
    this.process = new SimProcess(world.scheduler, `mesh ${self}`);
    const log = logTo((level, message) => level === 'warn' && this.logged.push(message));
    const net = world.network.netOf(this.process, world.host(`h${self}`));
    this.mesh = new PeerMesh(
      {
        listen: (listenOptions, handlers) => net.listen(listenOptions, handlers),
        dial: (host, port, timeoutMs, handlers) => {
          this.dials++;
          return net.dial(host, port, timeoutMs, handlers);
        },
      },
      new SimClock(this.process),
      {
        self,
        addresses: [{ host: `h${self}`, port: 3888 }],
        listenOnAllIPs: false,
        bindRetries: 3,
        cnxTimeoutMs: 5000,
        tcpKeepAlive: false,
        multiAddress: false,
        ...options,
      },
      {
        onListening: () => {
          this.listening = true;
        },
        onConnected: (sid) => this.connected.push(sid),
        onMessage: (sid, message) => this.heard.push(`${sid}: ${message.toString()}`),
        onFatal: (error) => {
          this.fatal = error;
        },
      },
      log,
    );
    this.mesh.setMembers(verifier);
    this.mesh.start();
  }

  say(to: number, text: string): void {
    this.mesh.send(to, Buffer.from(text));
  }
}

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(4 + text.length);
  bytes.writeInt32BE(text.length);
  bytes.write(text, 4);
  return bytes;
}

function introduced(sid: number, host = `h${sid}`): Buffer {
  return writeInitialMessage(sid, [{ host, port: 3888 }], 1);
}

describe('the election mesh', () => {
  it('carries messages both ways over one connection, whoever speaks first', () => {
    for (const [first, second] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const world = new MeshWorld();
      const peers = new Map([1, 2].map((sid) => [sid, world.peer(sid)]));
      world.run(10);
      peers.get(first)!.say(second, 'hello');
      world.run(50);
      peers.get(second)!.say(first, 'welcome');
      world.run(50);
      expect(peers.get(second)!.heard).toEqual([`${first}: hello`]);
      expect(peers.get(first)!.heard).toEqual([`${second}: welcome`]);
      // The lower id asked and was dialled back: what it opened is closed again.
      expect(world.network.openStreams).toBe(2);
      expect(peers.get(1)!.connected).toEqual([2]);
    }
  });

  it('is dialled by the higher id: the lower one says who it is, closes and is dialled back', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.run(10);
    const one = world.stranger('h1');
    const dialled = one.dial('h2');
    dialled.stream.write(introduced(1));
    world.run(100);
    expect(dialled.closed).toBeDefined();
    expect(dialled.received.length).toBe(0);
    const three = world.stranger('h3').dial('h2');
    three.stream.write(Buffer.concat([introduced(3), frame('hi')]));
    two.say(3, 'to three');
    world.run(100);
    expect(three.received).toEqual(frame('to three'));
    expect(two.heard).toEqual(['3: hi']);
  });

  it('keeps one message for a peer that is away, the newest, and repeats the last one on a new connection', () => {
    const world = new MeshWorld();
    const one = world.peer(1);
    one.mesh.keepDialing = true;
    world.run(10);
    one.say(2, 'old');
    one.say(2, 'new');
    world.run(2000);
    const two = world.peer(2);
    world.run(6000);
    expect(two.heard).toEqual(['1: new']);
    two.process.kill();
    const again = world.peer(2);
    world.run(100);
    again.say(1, 'back');
    world.run(1000);
    expect(again.heard).toEqual(['1: new']);
    expect(one.heard.at(-1)).toBe('2: back');
  });

  it('dials again by itself while someone looks for a leader, and not afterwards', () => {
    const world = new MeshWorld();
    const three = world.peer(3);
    world.run(10);
    three.mesh.keepDialing = true;
    three.say(1, 'vote');
    world.run(20_000);
    three.mesh.keepDialing = false;
    three.say(1, 'vote');
    world.run(1000);
    const one = world.peer(1);
    world.run(20_000);
    expect(one.heard).toEqual([]);
    three.mesh.keepDialing = true;
    world.run(5000);
    expect(one.heard).toEqual(['3: vote']);
  });

  it('is delayed by no peer but the one that is behind a black hole or a name without an address', () => {
    const world = new MeshWorld();
    world.host('h2');
    world.network.setPower(world.host('h2'), false);
    world.network.setName('h2', 'hang');
    const [one, three] = [world.peer(1), world.peer(3)];
    world.run(10);
    for (const peer of [one, three]) {
      peer.mesh.keepDialing = true;
      peer.say(2, 'anyone?');
    }
    one.say(3, 'vote of one');
    three.say(1, 'vote of three');
    world.run(30);
    expect([one.heard, three.heard]).toEqual([['3: vote of three'], ['1: vote of one']]);
    world.network.setPower(world.host('h2'), true);
    world.network.setName('h2', { address: world.host('h2').address });
    const two = world.peer(2);
    world.run(10_000);
    expect(two.heard.sort()).toEqual(['1: anyone?', '3: anyone?']);
  });

  it('dials anew a peer that shows itself while a dial to where it was is under way', () => {
    const world = new MeshWorld();
    world.network.setName('h1', { address: '10.9.9.9' });
    const three = world.peer(3);
    world.run(10);
    three.mesh.keepDialing = true;
    three.say(1, 'vote');
    world.run(1000);
    world.host('h1');
    const one = world.peer(1);
    world.run(10);
    one.mesh.keepDialing = true;
    one.say(3, 'here');
    world.run(50);
    expect([one.heard, three.heard]).toEqual([['3: vote'], ['1: here']]);
  });

  it('reaches a peer whose name points elsewhere now, at the address it gave itself', () => {
    const world = new MeshWorld();
    const three = world.peer(3);
    world.run(10);
    world.host('h1');
    world.network.setName('h1', 'fail');
    const one = world.stranger('moved');
    world.network.setName('moved', { address: world.host('moved').address });
    const listening: Buffer[] = [];
    world.network.netOf(one.process, world.host('moved')).listen(
      { host: undefined, port: 3888 },
      {
        onListening() {},
        onError() {},
        onStream: () => ({ onData: (chunk) => listening.push(chunk), onClose() {} }),
      },
    );
    one.dial('h3').stream.write(introduced(1, 'moved'));
    world.run(100);
    expect(three.mesh.isConnected(1)).toBe(true);
    expect(Buffer.concat(listening)).toEqual(introduced(3));
  });

  it('replaces a connection that answers nothing while a leader is looked for', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    const one = world.stranger('h1');
    const connections: Buffer[] = [];
    world.network.netOf(one.process, world.host('h1')).listen(
      { host: undefined, port: 3888 },
      {
        onListening() {},
        onError() {},
        onStream: () => {
          const index = connections.push(Buffer.alloc(0)) - 1;
          return {
            onData: (chunk) => {
              connections[index] = Buffer.concat([connections[index] as Buffer, chunk]);
            },
            onClose() {},
          };
        },
      },
    );
    world.run(10);
    const sayEveryFourSeconds = (): void => {
      for (const text of ['a', 'b', 'c', 'd']) {
        two.say(1, text);
        world.run(4000);
      }
    };
    sayEveryFourSeconds();
    expect(connections.length).toBe(1);
    two.mesh.keepDialing = true;
    sayEveryFourSeconds();
    expect(connections.length).toBe(2);
    expect(connections[1]).toEqual(Buffer.concat([introduced(2), frame('d')]));
  });

  it('replaces a connection that has not even taken what was said before the search', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    const one = world.stranger('h1');
    let connections = 0;
    world.network.netOf(one.process, world.host('h1')).listen(
      { host: undefined, port: 3888 },
      {
        onListening() {},
        onError() {},
        onStream: (stream) => {
          connections++;
          stream.pause();
          return { onData() {}, onClose() {} };
        },
      },
    );
    world.network.windowBytes = 8;
    two.say(1, 'more than a kernel takes that nobody reads from');
    world.run(1000);
    two.mesh.keepDialing = true;
    for (const text of ['a', 'b', 'c', 'd']) {
      two.say(1, text);
      world.run(4000);
    }
    expect(connections).toBe(2);
  });

  it('does not believe in a connection to a peer that asks for one', () => {
    const world = new MeshWorld();
    const [one, two] = [world.peer(1), world.peer(2)];
    world.run(10);
    two.say(1, 'x');
    world.run(50);
    one.process.kill('power');
    expect(two.mesh.isConnected(1)).toBe(true);
    world.stranger('h1').dial('h2').stream.write(introduced(1));
    world.run(50);
    expect(two.mesh.isConnected(1)).toBe(false);
  });

  it('dials a peer that is away at longer and longer intervals, and soon again once it was heard', () => {
    const world = new MeshWorld();
    world.host('h1');
    const two = world.peer(2);
    world.run(10);
    two.mesh.keepDialing = true;
    two.say(1, 'vote');
    world.run(40_000);
    expect(two.dials).toBeLessThan(45);
    const one = world.peer(1);
    world.run(5000);
    one.say(2, 'here');
    world.run(100);
    one.process.kill();
    world.run(100);
    two.say(1, 'vote');
    const before = two.dials;
    world.run(1000);
    expect(two.dials - before).toBeGreaterThan(1);
  });

  it('lets a bug in what hears its messages through', () => {
    const world = new MeshWorld();
    const [one, two] = [world.peer(1), world.peer(2)];
    const thrown: unknown[] = [];
    two.process.onThrow = (error) => thrown.push(error);
    two.heard.push = () => {
      throw new Error('a bug');
    };
    world.run(10);
    one.say(2, 'x');
    world.run(50);
    expect(thrown.map(String)).toEqual(['Error: a bug']);
    expect(two.logged).toEqual([]);
  });

  it('stays with one connection when both dial at once', () => {
    for (let delay = 0; delay < 20; delay++) {
      const world = new MeshWorld();
      const [one, two] = [world.peer(1), world.peer(2)];
      world.run(10);
      one.mesh.keepDialing = true;
      two.mesh.keepDialing = true;
      one.say(2, 'a');
      world.run(delay / 5);
      two.say(1, 'b');
      world.run(3000);
      expect([one.heard.at(-1), two.heard.at(-1), world.network.openStreams]).toEqual(['2: b', '1: a', 2]);
    }
  });

  it.each([
    ['an unknown version', Buffer.from('fffffffffffefffe', 'hex')],
    ['addresses without end', Buffer.from(`ffffffffffff0000${'0000000000000003'}7fffffff`, 'hex')],
    ['addresses that are none', introduced(3, '[a')],
    ['the id of this server', introduced(2)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: h2\r\n\r\n')],
    ['a message of no bytes', Buffer.concat([introduced(3), Buffer.alloc(4)])],
    ['a message of 513 KiB', Buffer.concat([introduced(3), Buffer.from('00080400', 'hex')])],
    ['a message of negative length', Buffer.concat([introduced(3), Buffer.from('ffffffff', 'hex')])],
  ])('closes the stream that brings %s, and no other', (_, bytes) => {
    const world = new MeshWorld();
    const [one, two] = [world.peer(1), world.peer(2)];
    world.run(10);
    two.say(1, 'x');
    world.run(20);
    const dialled = world.stranger().dial('h2');
    dialled.stream.write(bytes);
    world.run(50);
    expect(dialled.closed).toBeDefined();
    expect(two.logged.length).toBe(1);
    one.say(2, 'still here');
    world.run(50);
    expect(two.heard).toEqual(['1: still here']);
  });

  it('closes a connection that does not say in time who it is', () => {
    const world = new MeshWorld();
    const two = world.peer(2, { cnxTimeoutMs: 2000 });
    world.run(10);
    const dialled = world.stranger().dial('h2');
    dialled.stream.write(introduced(3).subarray(0, 11));
    world.run(1900);
    expect(dialled.closed).toBe(undefined);
    world.run(200);
    expect([dialled.closed === undefined, two.logged]).toEqual([false, ['an election connection was refused']]);
  });

  it('accepts both versions of introduction, a bare id, and the words byte by byte', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.run(10);
    const bare = Buffer.alloc(8);
    bare.writeBigInt64BE(3n);
    const both = [
      { host: 'h3', port: 3888 },
      { host: 'h4', port: 3888 },
    ];
    for (const initial of [introduced(3), writeInitialMessage(3, both, 2), bare]) {
      const { process, clock, dial } = world.stranger('h3');
      const dialled = dial('h2');
      [...Buffer.concat([initial, frame('vote')])].forEach((byte, i) => {
        clock.after(20 + i * 3, () => dialled.stream.write(Buffer.from([byte])));
      });
      world.run(500);
      process.kill();
      world.run(50);
    }
    expect(two.heard).toEqual(['3: vote', '3: vote', '3: vote']);
  });

  it('talks to servers that are in no configuration, and forgets them when they are gone', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.run(10);
    const joiner = world.stranger('h9').dial('h2');
    joiner.stream.write(Buffer.concat([introduced(9), frame('may I?')]));
    world.run(50);
    two.say(9, 'yes');
    world.run(50);
    expect([two.heard, joiner.received]).toEqual([['9: may I?'], frame('yes')]);
    joiner.stream.destroy();
    world.run(50);
    two.say(9, 'nobody');
    world.run(6000);
    expect(two.mesh.isConnected(9)).toBe(false);
  });

  it('dials back an observer without an id, under an id of its own', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.run(10);
    const observer = world.stranger('watcher');
    let back = Buffer.alloc(0);
    world.network.netOf(observer.process, world.host('watcher')).listen(
      { host: undefined, port: 3888 },
      {
        onListening() {},
        onError() {},
        onStream: (stream) => {
          stream.write(frame('who leads?'));
          return {
            onData: (chunk) => {
              back = Buffer.concat([back, chunk]);
            },
            onClose() {},
          };
        },
      },
    );
    const initial = introduced(1, 'watcher');
    initial.writeBigInt64BE(2n ** 63n - 1n, 8);
    observer.dial('h2').stream.write(initial);
    world.run(100);
    expect([two.heard, back]).toEqual([['-1: who leads?'], introduced(2)]);
  });

  it('tries to bind its port as often as it may, a second apart', () => {
    const world = new MeshWorld();
    const other = world.stranger('h2');
    const occupied = world.network
      .netOf(other.process, world.host('h2'))
      .listen({ host: undefined, port: 3888 }, { onListening() {}, onError() {}, onStream: () => undefined });
    world.run(5);
    const unlucky = world.peer(2);
    world.run(1500);
    expect(unlucky.fatal).toBe(undefined);
    world.run(1000);
    expect([unlucky.fatal?.exitCode, unlucky.fatal?.message]).toEqual([
      14,
      'cannot listen on the election port h2:3888 after 3 attempts (electionPortBindRetry): listen EADDRINUSE: address already in use h2:3888',
    ]);
    const patient = world.peer(2, { bindRetries: 0, listenOnAllIPs: true });
    world.run(60_000);
    occupied.close();
    world.run(1500);
    expect([patient.listening, patient.fatal]).toEqual([true, undefined]);
  });

  it('waits for its own name to resolve, however long', () => {
    const world = new MeshWorld();
    world.host('h2');
    world.network.setName('h2', 'fail');
    const two = world.peer(2, { bindRetries: 1 });
    world.run(30_000);
    expect([two.listening, two.fatal]).toEqual([false, undefined]);
    world.network.setName('h2', { address: world.host('h2').address });
    world.run(1500);
    expect(two.listening).toBe(true);
  });

  it('introduces itself with all its addresses where several are allowed, and takes the one that answers', () => {
    const world = new MeshWorld();
    const addresses = [
      { host: 'h2', port: 3888 },
      { host: 'also-h2', port: 3889 },
    ];
    world.host('h2');
    world.network.setName('also-h2', { address: world.host('h2').address });
    const two = world.peer(2, { addresses, multiAddress: true });
    two.mesh.setMembers(
      parseQuorumText('server.1=dead:1:3888|h1:1:3888\nserver.2=h2:1:3888|also-h2:2:3889\nserver.3=h3:1:3888', {
        multiAddress: true,
        standaloneEnabled: true,
        otherKeys: 'refuse',
      }),
    );
    world.network.setName('dead', 'hang');
    const one = world.stranger('h1');
    let heard = Buffer.alloc(0);
    world.network.netOf(one.process, world.host('h1')).listen(
      { host: undefined, port: 3888 },
      {
        onListening() {},
        onError() {},
        onStream: () => ({
          onData: (chunk) => {
            heard = Buffer.concat([heard, chunk]);
          },
          onClose() {},
        }),
      },
    );
    world.run(10);
    two.say(1, 'vote');
    world.run(100);
    expect(heard).toEqual(Buffer.concat([writeInitialMessage(2, addresses, 2), frame('vote')]));
  });

  it('lets go of everything when it closes', () => {
    const world = new MeshWorld();
    const [one, two] = [world.peer(1), world.peer(2)];
    world.run(10);
    one.mesh.keepDialing = true;
    one.say(2, 'x');
    one.say(3, 'nobody there');
    world.run(100);
    one.mesh.close();
    one.mesh.close();
    world.run(20_000);
    expect([two.heard, world.network.openStreams, world.scheduler.pending]).toEqual([['1: x'], 0, 0]);
  });

  it('bounds how many it listens to that do not say who they are, of one address and in all', () => {
    const world = new MeshWorld();
    world.peer(2);
    world.run(10);
    const one = world.stranger();
    const ofOne = Array.from({ length: 200 }, () => one.dial('h2'));
    world.run(100);
    expect(ofOne.filter(({ closed }) => closed === undefined).length).toBe(8);
    const others = Array.from({ length: 150 }, (_, i) => world.stranger(`x${i}`).dial('h2'));
    world.run(100);
    const open = [...ofOne, ...others].filter(({ closed }) => closed === undefined);
    expect(open.length).toBe(128);
    // The crowd goes first.
    expect(ofOne.filter(({ closed }) => closed === undefined).length).toBeLessThan(2);
  });

  it('a member comes in beside a host that fills its places again and again', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.run(10);
    const stranger = world.stranger();
    const flood = (): void => {
      for (let i = 0; i < 20; i++) stranger.dial('h2');
      stranger.clock.after(5, flood);
    };
    flood();
    const member = world.stranger('h3').dial('h2');
    member.stream.write(Buffer.concat([introduced(3), frame('vote')]));
    world.run(100);
    expect([two.heard, member.closed]).toEqual([['3: vote'], undefined]);
  });

  it('bounds the servers that are in no configuration, and drops those that say nothing', () => {
    const world = new MeshWorld();
    const two = world.peer(2, { cnxTimeoutMs: 1000 });
    world.run(10);
    const stranger = world.stranger();
    const dialled = Array.from({ length: 40 }, (_, i) => {
      const each = stranger.dial('h2');
      each.stream.write(introduced(100 + i, 'elsewhere'));
      world.run(10);
      return each;
    });
    const member = world.stranger('h3').dial('h2');
    member.stream.write(introduced(3));
    world.run(100);
    expect(dialled.filter(({ closed }) => closed === undefined).length).toBe(16);
    dialled[0]?.stream.write(frame('vote'));
    world.run(1000);
    expect(dialled.map(({ closed }) => closed === undefined)).toEqual(dialled.map((_, i) => i === 0));
    expect([two.heard, member.closed]).toEqual([['100: vote'], undefined]);
  });

  it('says how it stands with the others', () => {
    const world = new MeshWorld();
    const two = world.peer(2);
    world.host('h1');
    world.network.setName('h3', 'hang');
    world.run(10);
    const troubles = (): (string | undefined)[] => two.mesh.reach().map(({ trouble }) => trouble);
    expect(two.mesh.reach().map(({ sid, address }) => [sid, address])).toEqual([
      [1, 'h1:3888'],
      [3, 'h3:3888'],
    ]);
    expect(troubles()).toEqual(['not tried yet', 'not tried yet']);
    two.say(1, 'x');
    two.say(3, 'x');
    world.run(6000);
    expect(troubles()).toEqual(['nobody listens there', 'timed out']);
    const one = world.peer(1);
    world.run(10);
    two.say(1, 'y');
    world.run(100);
    expect(troubles()).toEqual(['connected, and it has not said anything', 'timed out']);
    one.say(2, 'z');
    world.run(100);
    expect(troubles()).toEqual([undefined, 'timed out']);
    one.process.kill();
    world.run(100);
    expect(troubles()[0]).toMatch(/closed|broke/);
  });
});
