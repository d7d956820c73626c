import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeInitialMessage } from '../../src/election/mesh/initial-message.ts';
import { writeNotification } from '../../src/election/voting/notification.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import type { SimRandom } from '../sim/world/random.ts';

/**
 * The bytes of an attacker, decided by a seed: recorded conversations with Apache's servers, cut, doubled, shuffled and
 * with bits turned over; and lies in words that can be understood, with the numbers at the ends of their ranges.
 */
export type Door = 'client' | 'quorum' | 'election' | 'http';

const GOLDEN = resolve(import.meta.dirname, '../golden/wire');
const EDGES = [0n, 1n, -1n, 4n, 0x7fffffffn, -0x80000000n, 0xffffffffn, 2n ** 53n - 1n, 2n ** 63n - 1n, -(2n ** 63n)];

/** Recorded messages of those who dialled, by the door they dialled. */
const recorded: Readonly<Record<'client' | 'quorum' | 'election', readonly Buffer[]>> = {
  client: readRecorded(/^client-/, ['client']),
  quorum: readRecorded(/-quorum-/, ['learner', 'leader']),
  election: readRecorded(/-election-/, []),
};

function readRecorded(name: RegExp, from: readonly string[]): Buffer[] {
  return readdirSync(GOLDEN)
    .filter((file) => name.test(file))
    .flatMap((file) => readFileSync(join(GOLDEN, file), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { readonly from?: string; readonly hex?: string })
    .filter((message) => message.hex !== undefined && (from.length === 0 || from.includes(message.from ?? '')))
    .map((message) => Buffer.from(message.hex as string, 'hex'));
}

/** The pieces of one connection, in the order they are sent. */
export function conversation(door: Door, random: SimRandom, members: readonly number[]): Buffer[] {
  switch (door) {
    case 'client':
      return random.below(5) === 0 ? [fourLetters(random)] : [connectRequest(random), ...mutated('client', random)];
    case 'quorum':
      return random.below(2) === 0 ? mutated('quorum', random) : learner(random, members);
    case 'election':
      return random.below(3) === 0 ? mutated('election', random) : voter(random, members);
    case 'http':
      return http(random);
  }
}

function mutated(door: keyof typeof recorded, random: SimRandom): Buffer[] {
  const count = 1 + random.below(20);
  return Array.from({ length: count }, () => spoil(pick(recorded[door], random), random));
}

function spoil(bytes: Buffer, random: SimRandom): Buffer {
  const copy = Buffer.from(bytes);
  switch (random.below(8)) {
    case 0:
      return copy.subarray(0, random.below(copy.length + 1));
    case 1:
      return Buffer.concat([copy, randomBytes(random, 64)]);
    case 2:
      for (let flips = 1 + random.below(8); flips > 0 && copy.length > 0; flips--) {
        const at = random.below(copy.length);
        copy[at] = (copy[at] as number) ^ (1 << random.below(8));
      }
      return copy;
    case 3:
    case 4:
      // A number at the end of its range, somewhere.
      if (copy.length >= 8) copy.writeBigInt64BE(edge(random), random.below(copy.length - 7));
      return copy;
    case 5:
      if (copy.length >= 4) copy.writeInt32BE(Number(BigInt.asIntN(32, edge(random))), 0);
      return copy;
    case 6:
      return Buffer.concat(Array.from({ length: 1 + random.below(50) }, () => copy));
    default:
      return copy;
  }
}

function connectRequest(random: SimRandom): Buffer {
  const bytes = Buffer.alloc(4 + 45);
  bytes.writeInt32BE(45, 0);
  bytes.writeInt32BE(random.below(4) === 0 ? Number(BigInt.asIntN(32, edge(random))) : 10_000, 16);
  if (random.below(4) === 0) bytes.writeBigInt64BE(edge(random), 20);
  bytes.writeInt32BE(16, 28);
  return random.below(4) === 0 ? spoil(bytes, random) : bytes;
}

const WORDS = ['ruok', 'srvr', 'stat', 'mntr', 'conf', 'isro', 'dirs', 'wchs', 'hash', 'envi', 'cons', 'dump', 'GET '];

function fourLetters(random: SimRandom): Buffer {
  return Buffer.concat([Buffer.from(pick(WORDS, random)), randomBytes(random, 16)]);
}

/** A learner, or somebody who says so: FOLLOWERINFO or OBSERVERINFO with numbers of all kinds, and what may follow. */
function learner(random: SimRandom, members: readonly number[]): Buffer[] {
  const info = Buffer.alloc(4 + 8 + 4 + 20 + 4);
  info.writeInt32BE(random.below(2) === 0 ? 11 : 16, 0);
  info.writeBigInt64BE(random.below(2) === 0 ? edge(random) : BigInt(random.below(2000)) << 32n, 4);
  info.writeInt32BE(20, 12);
  info.writeBigInt64BE(sid(random, members), 16);
  info.writeInt32BE(random.below(8) === 0 ? random.below(0x20000) : 0x10000, 24);
  info.writeBigInt64BE(random.below(4) === 0 ? edge(random) : 0n, 28);
  info.writeInt32BE(-1, 36);
  const pieces = [info];
  for (let i = random.below(6); i > 0; i--) {
    const packet = Buffer.alloc(20);
    packet.writeInt32BE(random.below(22), 0);
    packet.writeBigInt64BE(edge(random), 4);
    packet.writeInt32BE(random.below(3) === 0 ? random.below(1 << 28) : -1, 12);
    packet.writeInt32BE(-1, 16);
    pieces.push(packet);
  }
  return pieces;
}

/** A server that introduces itself for an election, and lies. */
function voter(random: SimRandom, members: readonly number[]): Buffer[] {
  const claimed = Number(BigInt.asUintN(50, sid(random, members)));
  const pieces = [writeInitialMessage(claimed, [{ host: '127.0.0.2', port: 1 + random.below(65535) }], 1)];
  for (let i = random.below(10); i > 0; i--) {
    const config =
      random.below(3) === 0 ? `server.${claimed}=127.0.0.2:1:2\nversion=${random.below(1 << 30).toString(16)}` : '';
    const notification = writeNotification(
      {
        state: pick(['looking', 'following', 'leading', 'observing'] as const, random),
        leader: 0,
        zxid: Number(BigInt.asUintN(52, edge(random))) as Zxid,
        round: edge(random),
        peerEpoch: random.below(1 << 22),
      },
      Buffer.from(config),
    );
    notification.writeBigInt64BE(sid(random, members), 4);
    const frame = Buffer.alloc(4);
    frame.writeInt32BE(notification.length, 0);
    pieces.push(frame, random.below(5) === 0 ? spoil(notification, random) : notification);
  }
  return pieces;
}

function http(random: SimRandom): Buffer[] {
  const get = Buffer.from(pick(['GET /metrics', 'GET /commands/monitor', 'POST /commands/shed', 'GET /%00'], random));
  const head = Buffer.concat([get, Buffer.from(' HTTP/1.1\r\nHost: x\r\n\r\n')]);
  return Array.from({ length: 1 + random.below(50) }, () => (random.below(3) === 0 ? spoil(head, random) : head));
}

function sid(random: SimRandom, members: readonly number[]): bigint {
  return random.below(2) === 0 ? BigInt(pick(members, random)) : edge(random);
}

function edge(random: SimRandom): bigint {
  return pick(EDGES, random);
}

function pick<T>(from: readonly T[], random: SimRandom): T {
  return from[random.below(from.length)] as T;
}

function randomBytes(random: SimRandom, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(most) }, () => random.below(256)));
}
