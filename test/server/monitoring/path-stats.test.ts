import { expect, test } from 'vitest';
import type { Timer } from '../../../src/io/clock.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { PathStats } from '../../../src/server/monitoring/path-stats.ts';
import { logTo } from '../../fakes/log-to.ts';

const OPTIONS = { slotMs: 15_000, slots: 2, depth: 6, sampleRate: 1, firstLogMs: 1, logEveryMs: 2, most: 2 };

class Host {
  readonly said: string[] = [];
  readonly timers = new Map<number, () => void>();
  drawn = 0;
  readonly read: string[] = [];
  readonly stats: PathStats;
  private readonly meter: { onRead(path: string, bytes: number): void };

  constructor(options: Partial<typeof OPTIONS> = {}) {
    const timer = (ms: number, task: () => void): Timer => {
      this.timers.set(ms, task);
      return { cancel: () => this.timers.delete(ms) } as unknown as Timer;
    };
    const clock = { after: timer, every: timer } as unknown as ConstructorParameters<typeof PathStats>[0]['clock'];
    const log = logTo((_level, message, { paths }) => this.said.push(`${message}: ${paths}`));
    const random = { below: () => this.drawn };
    this.stats = new PathStats({ clock, log, random }, { ...OPTIONS, ...options });
    this.meter = this.stats.besides({ onRead: (path, bytes) => this.read.push(`${path} ${bytes}`) });
  }

  reads(...paths: string[]): void {
    for (const path of paths) this.meter.onRead(path, 7);
  }

  pass(ms: number): void {
    this.timers.get(ms)?.();
  }
}

test('the most frequent beginnings, four components of a path, reads and writes apart', () => {
  const host = new Host();
  host.reads('/a/b/c/d/e', '/a/b/c/d', '/x', '/', '/x', '/x');
  host.stats.onWritten({ type: OpCode.delete, kind: 'delete', path: '/w/1' } as never);
  host.stats.onWritten({ kind: 'createSession', timeoutMs: 5 } as never);
  host.pass(1);
  expect(host.said).toEqual([
    'the paths that are read most: /x : 3, /a/b/c/d : 2',
    'the paths that are written most: /w/1 : 1',
  ]);
  expect(host.read).toHaveLength(6);
  host.pass(2);
  expect(host.said).toHaveLength(4);
});

test('a slot of time that is too old is dropped, and a request that is not drawn is not counted', () => {
  const host = new Host({ sampleRate: 0.5, depth: 1 });
  host.drawn = 499_999;
  host.reads('/old/one');
  host.pass(15_000);
  host.reads('/new/one');
  host.drawn = 500_000;
  host.reads('/not/drawn');
  host.pass(1);
  host.pass(15_000);
  host.pass(2);
  expect(host.said.filter((line) => line.includes('read'))).toEqual([
    'the paths that are read most: /old : 1, /new : 1',
    'the paths that are read most: /new : 1',
  ]);
});

test('a client can neither fill a slot nor write a line of any length', () => {
  const host = new Host();
  for (let i = 0; i < 1500; i++) host.reads(`/${i}`);
  host.reads(`/${'x'.repeat(9000)}`);
  host.pass(1);
  expect(host.said[0]).toMatch(/^the paths that are read most: \(others\) : 501, \/\d+ : 1$/);
  const other = new Host();
  other.reads(`/${'x'.repeat(9000)}`);
  other.pass(1);
  expect(other.said[0]).toBe(`the paths that are read most: /${'x'.repeat(255)} : 1`);
});

test('closed, it waits for nothing', () => {
  const host = new Host();
  host.pass(1);
  host.stats.close();
  expect([...host.timers.keys()].filter((ms) => ms !== 1)).toEqual([]);
});
