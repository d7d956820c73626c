import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientWorld, connectRequest, create, exists, getData, PING, setData, sync } from '../client-harness.ts';

interface Line {
  readonly from?: 'client' | 'server';
  readonly sessionId?: string;
  readonly hex: string;
}

function recording(name: string): Line[] {
  const path = join(import.meta.dirname, `../../golden/wire/${name}.jsonl`);
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.from !== undefined);
}

/** ctime and mtime are of the day of the recording. */
function withoutTimes(hex: string): string {
  return hex.replace(/0000018b[0-9a-f]{8}|000001a1[0-9a-f]{8}/g, 'time............');
}

describe('kazoo against Apache 3.9.5', () => {
  it('would have been told the same by this server, byte for byte but for the times', () => {
    const lines = recording('client-kazoo-1');
    const world = new ClientWorld();
    // What other clients had done before; the session is created by the next transaction.
    world.seedZxid(46);
    const upstream = world.serve();
    upstream.isEager = true;
    upstream.nextIds = [BigInt(lines[1]?.sessionId ?? 0)];
    const client = world.connect();
    const told: string[] = [];
    const expected: string[] = [];
    for (const line of lines) {
      if (line.from === 'client') client.sendHex(line.hex);
      else expected.push(withoutTimes(line.hex));
      for (const frame of client.frames()) {
        const length = Buffer.alloc(4);
        length.writeInt32BE(frame.length);
        told.push(withoutTimes(Buffer.concat([length, frame]).toString('hex')));
      }
    }
    expect(told).toEqual(expected);
    expect(client.stream.state).toBe('ended');
  });
});

describe('a conversation', () => {
  it('has the same answers in whatever pieces it comes in', () => {
    const requests = Buffer.concat([
      connectRequest(),
      create(1, '/a', 'data'),
      getData(2, '/a', true),
      PING,
      setData(3, '/a', 'more'),
      sync(4, '/'),
      exists(5, '/b', true),
      create(6, '/b/c'),
      create(7, '/b'),
    ]);
    const converse = (cuts: readonly number[]): string => {
      const world = new ClientWorld();
      const upstream = world.serve();
      upstream.isEager = true;
      upstream.nextIds = [77n];
      const client = world.connect();
      let at = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        client.send(requests.subarray(at, cut));
        at = cut;
      }
      client.send(requests.subarray(at));
      return client.hex();
    };
    const whole = converse([]);
    fc.assert(
      fc.property(fc.array(fc.nat(requests.length)), (cuts) => {
        expect(converse(cuts)).toBe(whole);
      }),
      { numRuns: 100 },
    );
    expect(converse(Array.from({ length: requests.length }, (_, i) => i))).toBe(whole);
  });
});
