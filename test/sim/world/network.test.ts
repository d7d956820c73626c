import { describe, expect, it } from 'vitest';
import type { Net, NetError, Stream, StreamHandlers } from '../../../src/io/net.ts';
import { SimClock } from './clock.ts';
import { type SimHost, SimNetwork } from './net.ts';
import { SimRandom } from './random.ts';
import { Scheduler, SimProcess } from './scheduler.ts';

interface Node {
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly net: Net;
}

class World {
  readonly scheduler = new Scheduler();
  readonly network: SimNetwork;

  constructor(seed = 1) {
    this.network = new SimNetwork(this.scheduler, new SimRandom(seed).split('net'));
  }

  node(name: string, host: SimHost = this.network.addHost(name)): Node {
    const process = new SimProcess(this.scheduler, name);
    return { host, process, clock: new SimClock(process), net: this.network.netOf(process, host) };
  }
}

/** Handlers that write down what happens, in one line each. */
function recorder(log: string[], name: string): StreamHandlers & { text: string } {
  return {
    text: '',
    onOpen() {
      log.push(`${name} open`);
    },
    onData(chunk: Buffer) {
      this.text += chunk.toString('latin1');
    },
    onEnd() {
      log.push(`${name} end`);
    },
    onClose(error: NetError | undefined) {
      log.push(`${name} close ${error?.code ?? 'orderly'}`);
    },
  };
}

function listen(node: Node, port: number, onStream: (stream: Stream) => StreamHandlers | undefined): string[] {
  const log: string[] = [];
  node.net.listen(
    { host: undefined, port },
    {
      onListening: (bound) => log.push(`listening ${bound}`),
      onError: (error) => log.push(error.code),
      onStream,
    },
  );
  return log;
}

describe('the simulated network', () => {
  it('carries bytes both ways in order, in pieces of its own choosing', () => {
    const world = new World(3);
    const [a, b] = [world.node('a'), world.node('b')];
    const log: string[] = [];
    const atServer = recorder(log, 'server');
    const atClient = recorder(log, 'client');
    const pieces: number[] = [];
    listen(b, 100, (stream) => {
      stream.write(Buffer.from('welcome'));
      return {
        ...atServer,
        onData(chunk) {
          pieces.push(chunk.length);
          atServer.text += chunk.toString('latin1');
        },
      };
    });
    world.scheduler.runForMs(1);
    const stream = a.net.dial('b', 100, 1000, atClient);
    let sent = '';
    for (let i = 0; i < 200; i++) {
      a.clock.after(i * 0.7, () => {
        const text = `message ${i};`;
        sent += text;
        stream.write(Buffer.from(text));
      });
    }
    world.scheduler.runForMs(1000);
    expect(atServer.text).toBe(sent);
    expect(atClient.text).toBe('welcome');
    expect(pieces.some((length) => length < 5)).toBe(true);
    expect(pieces.some((length) => length > 14)).toBe(true);
    expect(log).toEqual(['client open']);
  });

  it('never calls a handler from inside a call to the stream', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    let depth = 0;
    const inside = (): void => expect(depth).toBe(0);
    listen(b, 100, () => ({ onData: inside, onEnd: inside, onClose: inside }));
    world.scheduler.runForMs(1);
    depth++;
    const stream = a.net.dial('b', 100, 1000, { onOpen: inside, onData: inside, onClose: inside });
    depth--;
    world.scheduler.runForMs(50);
    depth++;
    stream.write(Buffer.from('x'));
    stream.pause();
    stream.resume();
    stream.end();
    stream.destroy();
    depth--;
    world.scheduler.runForMs(50);
  });

  it('refuses a port that is in use, and a dial to one that is not', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    const second = world.node('b2', b.host);
    const first = listen(b, 100, () => undefined);
    const other = listen(second, 100, () => undefined);
    world.scheduler.runForMs(1);
    const log: string[] = [];
    a.net.dial('b', 101, 1000, recorder(log, 'client'));
    world.scheduler.runForMs(100);
    expect([first, other, log]).toEqual([['listening 100'], ['EADDRINUSE'], ['client close ECONNREFUSED']]);
    b.process.kill();
    const again = listen(second, 100, () => undefined);
    world.scheduler.runForMs(1);
    expect(again).toEqual(['listening 100']);
  });

  it('lets a dial to a machine without power, behind a cut cable or with a hanging name run into its timeout', () => {
    const world = new World();
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')];
    listen(b, 100, () => ({ onData() {}, onClose() {} }));
    listen(c, 100, () => ({ onData() {}, onClose() {} }));
    world.network.setPower(b.host, false);
    world.network.cut(c.host, a.host);
    world.network.setName('nowhere', 'hang');
    const log: string[] = [];
    a.net.dial('b', 100, 500, recorder(log, 'down'));
    a.net.dial('c', 100, 500, recorder(log, 'cut'));
    a.net.dial('nowhere', 100, 500, recorder(log, 'hang'));
    a.net.dial('nobody', 100, 500, recorder(log, 'fail'));
    world.scheduler.runForMs(499);
    expect(log).toEqual(['fail close ENOTFOUND']);
    world.scheduler.runForMs(2);
    expect(log.slice(1)).toEqual(['down close ETIMEDOUT', 'cut close ETIMEDOUT', 'hang close ETIMEDOUT']);
  });

  it('dials the last good address while a name does not resolve, and the new one when it has changed', () => {
    const world = new World();
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')];
    const reached: string[] = [];
    for (const node of [b, c]) {
      listen(node, 100, () => {
        reached.push(node.host.name);
        return { onData() {}, onClose() {} };
      });
    }
    const dial = (): void => {
      a.net.dial('b', 100, 1000, { onData() {}, onClose() {} });
      world.scheduler.runForMs(200);
    };
    dial();
    world.network.setName('b', 'fail');
    dial();
    world.network.setName('b', { address: c.host.address });
    dial();
    expect(reached).toEqual(['b', 'b', 'c']);
  });

  it('half-closes: the side that ended still hears nothing more, the other one answers and closes', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    const log: string[] = [];
    let accepted: Stream | undefined;
    const server = recorder(log, 'server');
    listen(b, 100, (stream) => {
      accepted = stream;
      return {
        ...server,
        onEnd() {
          log.push('server end');
          accepted?.write(Buffer.from('late'));
          accepted?.end();
        },
      };
    });
    world.scheduler.runForMs(1);
    const client = recorder(log, 'client');
    const stream = a.net.dial('b', 100, 1000, client);
    stream.write(Buffer.from('ruok'));
    stream.end();
    world.scheduler.runForMs(900);
    expect(log.sort()).toEqual(['client close orderly', 'client open', 'server close orderly', 'server end']);
    expect(world.network.openStreams).toBe(0);
  });

  it('holds bytes behind a cut cable, and delivers them or resets the connection when it is mended', () => {
    for (const lost of [false, true]) {
      const world = new World();
      const [a, b] = [world.node('a'), world.node('b')];
      const log: string[] = [];
      const server = recorder(log, 'server');
      listen(b, 100, () => server);
      world.scheduler.runForMs(1);
      const stream = a.net.dial('b', 100, 1000, recorder(log, 'client'));
      stream.write(Buffer.from('one,'));
      world.scheduler.runForMs(50);
      world.network.cut(a.host, b.host);
      stream.write(Buffer.from('two,'));
      world.scheduler.runForMs(5);
      stream.write(Buffer.from('three'));
      world.scheduler.runForMs(5000);
      expect(server.text).toBe('one,');
      world.network.heal(a.host, b.host, lost);
      world.scheduler.runForMs(50);
      expect(server.text).toBe(lost ? 'one,' : 'one,two,three');
      expect(log.slice(1).sort()).toEqual(lost ? ['client close ECONNRESET', 'server close ECONNRESET'] : []);
    }
  });

  it('gives a connection up whose bytes nobody acknowledges for long enough', () => {
    const world = new World();
    world.network.giveUpUs = 30_000_000;
    const [a, b] = [world.node('a'), world.node('b')];
    const log: string[] = [];
    listen(b, 100, () => recorder(log, 'server'));
    world.scheduler.runForMs(1);
    const stream = a.net.dial('b', 100, 1000, recorder(log, 'client'));
    world.scheduler.runForMs(50);
    b.process.kill('power');
    world.network.setPower(b.host, false);
    stream.write(Buffer.from('anyone?'));
    world.scheduler.runForMs(29_000);
    expect(log).toEqual(['client open']);
    world.scheduler.runForMs(2000);
    expect(log).toEqual(['client open', 'client close ETIMEDOUT']);
  });

  it('pushes back on a writer whose reader has paused', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    let reader: Stream | undefined;
    let read = 0;
    listen(b, 100, (stream) => {
      reader = stream;
      stream.pause();
      return {
        onData(chunk) {
          read += chunk.length;
        },
        onClose() {},
      };
    });
    world.scheduler.runForMs(1);
    let drained = 0;
    const stream = a.net.dial('b', 100, 1000, { onData() {}, onClose() {}, onDrain: () => drained++ });
    for (let i = 0; i < 16; i++) stream.write(Buffer.alloc(64 * 1024, i));
    world.scheduler.runForMs(500);
    expect([stream.bufferedBytes, read, drained]).toEqual([768 * 1024, 0, 0]);
    reader?.resume();
    world.scheduler.runForMs(500);
    expect([stream.bufferedBytes, read, drained]).toEqual([0, 1024 * 1024, 1]);
  });

  it('takes the time a slow cable needs', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    let arrivedAtMs = 0;
    listen(b, 100, () => ({
      onData() {
        arrivedAtMs = b.clock.nowMs();
      },
      onClose() {},
    }));
    world.scheduler.runForMs(1);
    world.network.setSpeed(a.host, b.host, { minDelayUs: 1000, maxDelayUs: 1000, bytesPerMs: 10 });
    const stream = a.net.dial('b', 100, 1000, { onData() {}, onClose() {} });
    world.scheduler.runForMs(50);
    stream.write(Buffer.alloc(1000));
    world.scheduler.runForMs(500);
    expect(Math.round(arrivedAtMs)).toBe(152);
  });

  it('closes what a killed process had open, and tells nobody when the machine lost power', () => {
    for (const death of ['killed', 'power'] as const) {
      const world = new World();
      const [a, b] = [world.node('a'), world.node('b')];
      const log: string[] = [];
      listen(b, 100, () => recorder(log, 'server'));
      world.scheduler.runForMs(1);
      a.net.dial('b', 100, 1000, {
        onData() {},
        onClose(error) {
          log.push(`client close ${error === undefined ? 'orderly' : 'error'}`);
        },
      });
      b.clock.every(1, () => log.push('server tick'));
      world.scheduler.runForMs(20);
      b.process.kill(death);
      const before = log.length;
      world.scheduler.runForMs(100);
      expect(log.slice(before).map((line) => line.split(' ')[0])).toEqual(death === 'power' ? [] : ['client']);
    }
  });

  it('accepts connections and bytes for a paused process, which sees them when it goes on', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    const log: string[] = [];
    const server = recorder(log, 'server');
    listen(b, 100, () => server);
    b.clock.after(20, () => log.push('server timer'));
    world.scheduler.runForMs(1);
    b.process.pause();
    const stream = a.net.dial('b', 100, 1000, recorder(log, 'client'));
    stream.write(Buffer.from('hello'));
    world.scheduler.runForMs(3000);
    expect([server.text, log]).toEqual(['', ['client open']]);
    b.process.resume();
    world.scheduler.runForMs(1);
    expect([server.text, log]).toEqual(['hello', ['client open', 'server timer']]);
  });
});

describe('the scheduler', () => {
  it('runs events by time, and those of one moment in the order they were made', () => {
    const world = new World();
    const { clock } = world.node('a');
    const log: string[] = [];
    clock.after(2, () => log.push('c'));
    clock.after(1, () => {
      log.push('a');
      clock.afterTurn(() => log.push('after a'));
    });
    clock.after(1, () => log.push('b'));
    const never = clock.after(1, () => log.push('cancelled'));
    never.cancel();
    const period = clock.every(10, () => {
      log.push(`tick ${clock.nowMs()}`);
      if (clock.nowMs() > 25) period.cancel();
    });
    world.scheduler.runForMs(100);
    expect(log).toEqual(['a', 'b', 'after a', 'c', 'tick 10', 'tick 20', 'tick 30']);
  });

  it('gives what a task throws to its process, and goes on', () => {
    const world = new World();
    const [a, b] = [world.node('a'), world.node('b')];
    const thrown: unknown[] = [];
    a.process.onThrow = (error) => {
      thrown.push(error);
      a.process.kill();
    };
    let others = 0;
    a.clock.after(1, () => {
      throw new Error('broken');
    });
    a.clock.after(2, () => others++);
    b.clock.after(2, () => others++);
    world.scheduler.runForMs(10);
    expect([thrown.length, others]).toEqual([1, 1]);
  });

  it('forgets cancelled events before they pile up', () => {
    const world = new World();
    const { clock } = world.node('a');
    for (let i = 0; i < 100_000; i++) clock.after(1000 + i, () => {}).cancel();
    expect(world.scheduler.pending).toBe(0);
  });

  it('has the same hash for the same seed, and another for another', () => {
    const run = (seed: number): string => {
      const world = new World(seed);
      const nodes = ['a', 'b', 'c'].map((name) => world.node(name));
      for (const node of nodes) {
        listen(node, 100, (stream) => ({ onData: (chunk) => stream.write(Buffer.from(chunk)), onClose() {} }));
      }
      world.scheduler.runForMs(1);
      for (const from of nodes) {
        for (const to of nodes) {
          const stream = from.net.dial(to.host.name, 100, 1000, { onData() {}, onClose() {} });
          from.clock.every(3, () => stream.write(Buffer.alloc(100, 7)));
        }
      }
      world.scheduler.runForMs(300);
      world.network.partition([nodes[0]!.host], [nodes[1]!.host]);
      world.scheduler.runForMs(300);
      world.network.healAll();
      world.scheduler.runForMs(300);
      return world.scheduler.hash;
    };
    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
  });
});

describe('seeded randomness', () => {
  it('splits into generators that do not disturb each other', () => {
    const once = new SimRandom(42);
    const net = once.split('net');
    const first = [net.next(), net.next()];
    const again = new SimRandom(42);
    again.split('disk').next();
    again.next();
    const netAgain = again.split('net');
    expect([netAgain.next(), netAgain.next()]).toEqual(first);
    expect(again.split('disk').next()).not.toBe(first[0]);
  });

  it('stays below its bound and reaches all of it', () => {
    const random = new SimRandom(1);
    const seen = new Set<number>();
    for (let i = 0; i < 1000; i++) seen.add(random.below(6));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    const large = random.below(2 ** 50);
    expect(Number.isInteger(large) && large >= 0 && large < 2 ** 50).toBe(true);
  });
});
