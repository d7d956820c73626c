import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { ContainerReaper } from '../../../src/server/prep/container-reaper.ts';
import type { Request } from '../../../src/server/request.ts';
import { ALICE, createBody, createTtlBody, pathVersionBody, SmallServer } from '../small-server.ts';

function* found(paths: string[], steps = 0): Generator<undefined, string[]> {
  for (let i = 0; i < steps; i++) yield;
  return paths;
}

function reaping(candidates: string[], maxPerMinute: number, steps = 0) {
  const submitted: Request[] = [];
  let asked = 0;
  const host = {
    candidates: () => {
      asked++;
      return found(candidates, steps);
    },
    submit: (request: Request) => submitted.push(request),
  };
  const reaper = new ContainerReaper({ checkIntervalMs: 60_000, maxPerMinute }, host, 0);
  return { reaper, submitted, asked: () => asked };
}

describe('the reaper', () => {
  it('asks once an interval, the first time after one', () => {
    const { reaper, submitted, asked } = reaping(['/box'], 10_000);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) reaper.onTick(nowMs);
    expect(asked()).toBe(0);
    reaper.onTick(60_000);
    reaper.onTick(61_000);
    expect(asked()).toBe(1);
    expect(submitted).toHaveLength(1);
    reaper.onTick(120_000);
    expect(asked()).toBe(2);
  });

  it('submits in the server’s own name', () => {
    const { reaper, submitted } = reaping(['/box'], 10_000);
    reaper.onTick(60_000);
    expect(submitted[0]).toMatchObject({
      asker: { sessionId: 0n, owner: undefined },
      cxid: 0,
      operation: { type: OpCode.deleteContainer },
    });
    expect(new Reader(submitted[0]!.body).readString()).toBe('/box');
  });

  it('spreads the deletions over the minute', () => {
    const paths = Array.from({ length: 100 }, (_, i) => `/box${i}`);
    const { reaper, submitted, asked } = reaping(paths, 60);
    reaper.onTick(60_000);
    expect(submitted).toHaveLength(1);
    reaper.onTick(60_999);
    expect(submitted).toHaveLength(1);
    reaper.onTick(63_000);
    expect(submitted).toHaveLength(4);
    reaper.onTick(121_000);
    expect(asked()).toBe(1);
    reaper.onTick(160_000);
    expect(submitted).toHaveLength(100);
  });

  it('looks at many in steps, one a tick, and submits when all are known', () => {
    const { reaper, submitted, asked } = reaping(['/a', '/b'], 60_000, 2);
    const sent = [60_000, 61_000, 62_000, 63_000].map((nowMs) => {
      reaper.onTick(nowMs);
      return submitted.length;
    });
    expect([sent, asked()]).toEqual([[0, 0, 1, 2], 1]);
    reaper.onTick(120_000);
    expect(asked()).toBe(2);
  });

  it('does not make up for checks missed in a stall', () => {
    const { reaper, asked } = reaping([], 10_000);
    reaper.onTick(600_000);
    reaper.onTick(600_001);
    expect(asked()).toBe(1);
    reaper.onTick(660_000);
    expect(asked()).toBe(2);
  });

  it('removes containers that became empty and nodes whose time is over, and nothing else', () => {
    const server = new SmallServer().open(ALICE);
    const container = (path: string) => createBody(path, { flags: 4 });
    server.write(ALICE, OpCode.createContainer, container('/used'));
    server.write(ALICE, OpCode.create, createBody('/used/child'));
    server.write(ALICE, OpCode.delete, pathVersionBody('/used/child'));
    server.write(ALICE, OpCode.createContainer, container('/unused'));
    server.write(ALICE, OpCode.createContainer, container('/full'));
    server.write(ALICE, OpCode.create, createBody('/full/child'));
    server.write(ALICE, OpCode.createTTL, createTtlBody('/short', 5, 1n));
    server.write(ALICE, OpCode.createTTL, createTtlBody('/long', 5, 1_000_000n));
    const host = {
      candidates: () => server.database.tree.containerCandidates(20_000, 0),
      submit: (request: Request) => void server.prepare(request),
    };
    new ContainerReaper({ checkIntervalMs: 10, maxPerMinute: 10_000 }, host, 0).onTick(1000);
    // Six milliseconds apart: the second is due later.
    expect(server.pending).toBe(1);
    const reaper = new ContainerReaper({ checkIntervalMs: 10, maxPerMinute: 10_000 }, host, 0);
    reaper.onTick(1000);
    reaper.onTick(2000);
    server.applyAll();
    expect(
      ['/used', '/unused', '/full', '/short', '/long'].map((path) => server.database.tree.lookup(path) !== -1),
    ).toEqual([false, true, true, false, true]);
  });
});
