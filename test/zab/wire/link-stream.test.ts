import { describe, expect, onTestFinished, test } from 'vitest';
import { NetError } from '../../../src/io/net.ts';
import { ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { type LinkHandlers, LinkStream } from '../../../src/zab/wire/link-stream.ts';
import { PacketType, type QuorumPacket } from '../../../src/zab/wire/packets.ts';
import type { RawSink } from '../../../src/zab/wire/sources.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeStream } from '../../fakes/fake-stream.ts';
import { showPacket } from '../ensemble.ts';
import { hexOf, packet } from '../lone-hosts.ts';

interface Rig {
  readonly clock: FakeClock;
  readonly pipe: FakeStream;
  readonly link: LinkStream;
  readonly got: string[];
}

function rig(stopAt?: number, onStop?: (link: LinkStream) => void): Rig {
  const clock = new FakeClock();
  // Links have no timers.
  onTestFinished(() => expect(clock.timerCount).toBe(0));
  const pipe = new FakeStream('10.0.0.1', 2888);
  const got: string[] = [];
  const handlers: LinkHandlers = {
    onPacket: (given) => {
      got.push(showPacket(given));
      if (given.type !== stopAt) return true;
      onStop?.(link);
      return false;
    },
    onRawBytes: () => got.push('raw bytes'),
    onRawEnd: () => got.push('raw end'),
    onClose: (reason) => got.push(`closed: ${reason}`),
  };
  const link: LinkStream = new LinkStream(pipe, clock, handlers);
  return { clock, pipe, link, got };
}

const ack = (counter: number): QuorumPacket => packet('ack', counter as Zxid);
const bytes = (...packets: QuorumPacket[]): Buffer => Buffer.from(packets.map(hexOf).join(''), 'hex');
const TRAILER = Buffer.from('0000000a42656e57617348657265', 'hex');

/** Takes a snapshot of `length` bytes. */
class Collector implements RawSink {
  got = '';
  rest: Buffer = Buffer.alloc(0);
  private readonly length: number;

  constructor(length: number) {
    this.length = length;
  }

  push(chunk: Buffer): boolean {
    const take = Math.min(chunk.length, this.length - this.got.length);
    this.got += chunk.toString('latin1', 0, take);
    this.rest = chunk.subarray(take);
    return this.got.length === this.length;
  }
}

describe('outgoing', () => {
  test('what a turn sends goes out in one write, in order', () => {
    const { clock, pipe, link } = rig();
    link.send(ack(1));
    link.send(ack(2));
    expect(link.queuedBytes).toBe(40);
    expect(pipe.writes.length).toBe(0);
    clock.oneTurn();
    expect(pipe.writes.length).toBe(1);
    expect(pipe.hex).toBe(bytes(ack(1), ack(2)).toString('hex'));
    expect([link.queuedBytes, link.sentBytes]).toEqual([0, 40]);
  });

  test('long data is handed on as it is, not copied', () => {
    const { clock, pipe, link } = rig();
    const data = Buffer.alloc(100_000, 'x');
    link.send(packet('proposal', ZXID_ZERO, data));
    link.send(ack(1));
    clock.oneTurn();
    expect(pipe.writes).toContain(data);
    expect(pipe.hex).toBe(bytes(packet('proposal', ZXID_ZERO, data), ack(1)).toString('hex'));
  });

  test('a source is drawn on in its place, and no faster than the neighbour reads', () => {
    const { clock, pipe, link } = rig();
    const data = Buffer.alloc(50_000);
    let left = 40;
    link.send(ack(1));
    link.sendFrom({ next: () => (left-- > 0 ? packet('proposal', ZXID_ZERO, data) : undefined) });
    link.send(ack(2));
    pipe.isStalled = true;
    clock.turns(10);
    const drawn = 40 - left;
    expect(drawn).toBeLessThan(10);
    pipe.isStalled = false;
    pipe.bufferedBytes = 0;
    link.onDrain();
    clock.turns(20);
    expect(left).toBe(-1);
    expect(pipe.hex.startsWith(hexOf(ack(1))) && pipe.hex.endsWith(hexOf(ack(2)))).toBe(true);
    expect(Buffer.concat(pipe.writes).length).toBe(40 + 40 * 50_020);
  });

  test('a source that closes the link from inside is not asked again', () => {
    const { clock, pipe, link } = rig();
    link.sendFrom({
      next: () => {
        link.destroy();
        return undefined;
      },
    });
    link.send(ack(1));
    clock.turns(3);
    expect([pipe.state, pipe.hex]).toEqual(['destroyed', '']);
  });

  test('a raw snapshot has its trailer, and is cancelled with the link', () => {
    const { clock, pipe, link } = rig();
    const parts = ['sna', 'p'];
    let cancelled = 0;
    const raw = {
      next: () => (parts.length > 0 ? Buffer.from(parts.shift() as string) : undefined),
      cancel: () => cancelled++,
    };
    link.sendRaw(raw);
    link.send(ack(1));
    clock.turns(3);
    expect(pipe.hex).toBe(`${Buffer.from('snap').toString('hex')}${TRAILER.toString('hex')}${hexOf(ack(1))}`);
    pipe.isStalled = true;
    pipe.bufferedBytes = 1 << 20;
    link.sendRaw(raw);
    clock.oneTurn();
    link.onClose(undefined);
    expect(cancelled).toBe(1);
  });

  test('a raw snapshot that ends early never gets its trailer: the link closes with the reason', () => {
    const { clock, pipe, link, got } = rig();
    const parts = ['half'];
    link.sendRaw({
      defect: 'too much is kept for it',
      next: () => (parts.length > 0 ? Buffer.from(parts.shift() as string) : undefined),
      cancel: () => {},
    });
    clock.turns(3);
    expect([pipe.hex, got]).toEqual(['', ['closed: too much is kept for it']]);
  });

  test('what a turn was given leaves at its end, in one write, large data as it is', () => {
    const { clock, pipe, link } = rig();
    const given: (readonly Buffer[])[] = [];
    pipe.writeNow = (parts) => given.push(parts);
    pipe.write = () => expect.fail('a tick later the clients of this turn would be first');
    const data = Buffer.alloc(20_000, 7);
    for (const each of [ack(1), packet('proposal', 2 as Zxid, data), ack(3)]) link.send(each);
    clock.oneTurn();
    expect(given.length).toBe(1);
    expect(given[0]?.[1]).toBe(data);
    expect(Buffer.concat(given[0] as Buffer[])).toEqual(bytes(ack(1), packet('proposal', 2 as Zxid, data), ack(3)));
  });

  test('what is sent before the stream is open waits for it', () => {
    const clock = new FakeClock();
    const pipe = new FakeStream('10.0.0.1', 2888);
    const link = new LinkStream(undefined, clock, { onPacket: () => true, onClose: () => {} });
    link.send(ack(1));
    clock.oneTurn();
    link.attach(pipe);
    clock.oneTurn();
    expect(pipe.hex).toBe(hexOf(ack(1)));
  });
});

describe('incoming', () => {
  test('packets, until the consumer stops; then the stream is paused until it resumes', () => {
    const { clock, pipe, link, got } = rig(PacketType.trunc);
    link.onData(bytes(ack(1), packet('trunc', ZXID_ZERO), ack(2)));
    expect([got, pipe.isPaused]).toEqual([['ACK 0:1', 'TRUNC 0:0'], true]);
    link.resume();
    clock.oneTurn();
    expect([got.slice(2), pipe.isPaused]).toEqual([['ACK 0:2'], false]);
  });

  test.each([1, 7, 1000])('a raw snapshot in the midst of packets, in pieces of %i bytes', (pieceBytes) => {
    const sink = new Collector(8);
    const { clock, pipe, link, got } = rig(PacketType.snap, (self) => self.receiveRaw(sink));
    const stream = Buffer.concat([
      bytes(ack(1), packet('snap', ZXID_ZERO)),
      Buffer.from('snapshot'),
      TRAILER,
      bytes(ack(2)),
    ]);
    for (let at = 0; at < stream.length; at += pieceBytes) {
      link.onData(stream.subarray(at, at + pieceBytes));
      if (!got.includes('raw end')) clock.oneTurn();
    }
    expect(sink.got).toBe('snapshot');
    expect([got.at(-1), pipe.isPaused]).toEqual(['raw end', true]);
    link.resume();
    clock.oneTurn();
    expect([got.at(-1), pipe.isPaused]).toEqual(['ACK 0:2', false]);
  });

  test('a snapshot without its trailer ends the link', () => {
    const { clock, pipe, link, got } = rig(PacketType.snap, (self) => self.receiveRaw(new Collector(4)));
    link.onData(Buffer.concat([bytes(packet('snap', ZXID_ZERO)), Buffer.from('snapXXXXXXXXXXXXXX')]));
    clock.oneTurn();
    expect(got.at(-1)).toBe('closed: a snapshot that does not end with BenWasHere');
    expect(pipe.state).toBe('destroyed');
  });

  test('noise ends the link, once', () => {
    const { pipe, link, got } = rig();
    link.onData(Buffer.from('GET / HTTP/1.1\r\n'));
    link.onData(bytes(ack(1)));
    link.onClose(undefined);
    expect([got.length, pipe.state]).toEqual([1, 'destroyed']);
    expect(got[0]).toContain('no type of a quorum packet');
  });

  test('a closed or half-closed connection ends it as well, our own end does not tell us', () => {
    const lost = rig();
    lost.link.onClose(new NetError('ECONNRESET', 'reset by peer'));
    expect(lost.got).toEqual(['closed: reset by peer']);
    const half = rig();
    half.link.onEnd();
    expect(half.got).toEqual(['closed: the other side has closed the connection']);
    const own = rig();
    own.link.destroy();
    own.link.onClose(undefined);
    own.link.onData(bytes(ack(1)));
    own.link.send(ack(1));
    own.clock.oneTurn();
    expect([own.got, own.pipe.hex]).toEqual([[], '']);
  });
});
