import { describe, expect, test } from 'vitest';
import { Reader } from '../../../src/jute/reader.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { PacketCutter } from '../../../src/zab/wire/packet-cutter.ts';
import {
  learnerInfo,
  PacketType,
  packetName,
  QuorumPacket,
  readDesignatedLeader,
  readEpoch,
  readIntBody,
  readLearnerInfo,
  readPacket,
  readRequest,
  readRevalidate,
  readRevalidated,
  requestBody,
  revalidateBody,
  revalidatedBody,
  writePacket,
  writeTouched,
} from '../../../src/zab/wire/packets.ts';
import { recording, recordingNames, SNAPSHOT_STREAM } from '../recordings.ts';

function bytesOf(packet: QuorumPacket): Buffer {
  const w = new Writer();
  writePacket(w, packet);
  return w.take();
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('quorum packets of Apache ZooKeeper 3.9.5', () => {
  test.each(recordingNames())('%s: read field by field, and written back byte for byte', (name) => {
    for (const recorded of recording(name)) {
      if (recorded.name === SNAPSHOT_STREAM) continue;
      const packet = readPacket(new Reader(hex(recorded.hex)));
      expect(packetName(packet.type)).toBe(recorded.name);
      expect(String(packet.zxid)).toBe(recorded.zxid);
      expect(packet.data?.toString('hex') ?? null).toBe(recorded.data);
      expect(packet.authinfo ?? null).toEqual(recorded.authinfo);
      expect(bytesOf(packet).toString('hex')).toBe(recorded.hex);
    }
  });

  test.each(recordingNames())('%s: found in the stream, whole, in pieces and byte by byte', (name) => {
    for (const from of ['learner', 'leader'] as const) {
      const sent = recording(name).filter((packet) => packet.from === from);
      const stream = hex(sent.map((packet) => packet.hex).join(''));
      for (const pieceBytes of stream.length < 40_000 ? [stream.length, 777, 1] : [stream.length, 777]) {
        expect(cutAll(stream, pieceBytes)).toEqual(sent.map((packet) => packet.hex));
      }
    }
  });
});

/** Everything in the stream as hex, packet by packet; a raw snapshot, which is told by its trailer, is one piece. */
function cutAll(stream: Buffer, pieceBytes: number): string[] {
  const found: string[] = [];
  let raw: Buffer | undefined;
  const cutter = new PacketCutter((packet) => {
    found.push(bytesOf(packet).toString('hex'));
    return packet.type !== PacketType.snap;
  });
  for (let at = 0; at < stream.length; at += pieceBytes) {
    const piece = stream.subarray(at, at + pieceBytes);
    if (raw === undefined) {
      cutter.push(piece);
      if (cutter.stopped) raw = cutter.takeRest();
    } else {
      raw = Buffer.concat([raw, piece]);
    }
    const end: number = raw === undefined ? -1 : raw.indexOf('BenWasHere');
    if (raw === undefined || end === -1) continue;
    found.push(raw.toString('hex', 0, end + 10));
    cutter.push(raw.subarray(end + 10));
    raw = undefined;
    cutter.resume();
  }
  return found;
}

describe('packets in a stream', () => {
  test('data within a chunk is a view into it, data across chunks is copied once', () => {
    const packets: QuorumPacket[] = [];
    const cutter = new PacketCutter((packet) => packets.push(packet) > 0);
    const bytes = bytesOf(new QuorumPacket(PacketType.proposal, 7 as Zxid, Buffer.from('transaction')));
    cutter.push(bytes);
    expect(packets[0]?.data?.buffer).toBe(bytes.buffer);
    cutter.push(bytes.subarray(0, 20));
    cutter.push(bytes.subarray(20));
    expect(packets[1]?.data?.toString()).toBe('transaction');
    expect(cutter.bufferedBytes).toBe(0);
  });

  test('what cannot be a packet is refused before anything is kept for it', () => {
    const refused = (text: string) => (): void => new PacketCutter(() => true).push(hex(text));
    expect(refused(Buffer.from('GET / HTTP/1.1\r\n').toString('hex'))).toThrow('no type of a quorum packet');
    expect(refused('00000003000000000000000070000000')).toThrow('unreasonable length 1879048192');
    expect(refused('000000030000000000000000fffffffe')).toThrow('unreasonable length -2');
    expect(refused('000000030000000000000000ffffffff7fffffff')).toThrow('unreasonable vector length');
    expect(refused('000000030000000000000000ffffffff00000001fffffff0')).toThrow('unreasonable length -16');
    expect(refused('000000037fffffffffffffffffffffffffffffff')).toThrow('zxid out of range');
  });

  test('what is longer than is due is refused as soon as it says so', () => {
    const refused = (text: string) => (): void => {
      const cutter = new PacketCutter(() => true);
      cutter.maxPacketBytes = 4096;
      cutter.push(hex(text));
    };
    expect(refused('0000000b000000000000000000001000')).not.toThrow();
    expect(refused('0000000b000000000000000000001001')).toThrow('unreasonable length 4097');
    const first = '0000000b0000000000000000ffffffff0000000100000ff0'.concat('78'.repeat(0xff0));
    expect(refused(`${first}00000010`)).toThrow('packet of more than 4096 bytes');
  });

  test('a packet of many strings is worked off once, however small the pieces it comes in', () => {
    const ids = Array.from({ length: 2000 }, (_, i) => ({ scheme: 'digest', id: `user:${i}` }));
    const whole = bytesOf(new QuorumPacket(PacketType.request, ZXID_NONE, Buffer.alloc(64, 7), ids));
    const packets: QuorumPacket[] = [];
    const cutter = new PacketCutter((packet) => packets.push(packet) > 0);
    let copied = 0;
    const { copy, readInt32BE } = Buffer.prototype;
    let read = 0;
    Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>) {
      const count = copy.apply(this, args);
      copied += count;
      return count;
    };
    Buffer.prototype.readInt32BE = function (this: Buffer, at?: number) {
      read++;
      return readInt32BE.call(this, at);
    };
    try {
      for (const byte of whole) cutter.push(Buffer.from([byte]));
    } finally {
      Object.assign(Buffer.prototype, { copy, readInt32BE });
    }
    expect(packets).toEqual([new QuorumPacket(PacketType.request, ZXID_NONE, Buffer.alloc(64, 7), ids)]);
    expect(copied).toBeLessThan(4 * whole.length);
    // Length of the data, count of the ids, two strings each, and the beginning a few times.
    expect(read).toBeLessThan(4 * ids.length + 500);
  });

  test('the consumer that stops gets nothing more until it resumes', () => {
    const seen: number[] = [];
    const cutter = new PacketCutter((packet) => {
      seen.push(packet.type);
      return packet.type !== PacketType.trunc;
    });
    const ack = bytesOf(new QuorumPacket(PacketType.ack, ZXID_ZERO));
    cutter.push(Buffer.concat([ack, bytesOf(new QuorumPacket(PacketType.trunc, ZXID_ZERO)), ack]));
    cutter.push(ack);
    expect(seen).toEqual([PacketType.ack, PacketType.trunc]);
    cutter.resume();
    expect(seen).toEqual([PacketType.ack, PacketType.trunc, PacketType.ack, PacketType.ack]);
  });
});

describe('bodies', () => {
  test('LearnerInfo has 0, 8, 12 or 20 bytes', () => {
    const whole = learnerInfo(3, 0x100000005 as Zxid);
    expect(whole.toString('hex')).toBe('0000000000000003000100000000000100000005');
    expect(readLearnerInfo(whole)).toEqual({ sid: 3, protocolVersion: 0x10000, configVersion: 0x100000005 });
    expect(readLearnerInfo(whole.subarray(0, 12))).toEqual({ sid: 3, protocolVersion: 0x10000, configVersion: 0 });
    expect(readLearnerInfo(whole.subarray(0, 8))).toEqual({ sid: 3, protocolVersion: 1, configVersion: 0 });
    expect(readLearnerInfo(Buffer.alloc(0))).toEqual({ sid: undefined, protocolVersion: 1, configVersion: 0 });
    expect(readLearnerInfo(undefined)).toEqual({ sid: undefined, protocolVersion: 1, configVersion: 0 });
  });

  test('a request of a learner: session, number, type, and the record behind them', () => {
    const body = requestBody(0x0100001602bb0004n, 5, 9, Buffer.from('/x'));
    expect(body.toString('hex')).toBe('0100001602bb000400000005000000092f78');
    const packet = new QuorumPacket(PacketType.request, ZXID_NONE, body);
    expect(readRequest(packet)).toEqual({ sessionId: 0x0100001602bb0004n, cxid: 5, type: 9, body: Buffer.from('/x') });
  });

  test('a session is revalidated', () => {
    const asked = revalidateBody(-1n, 8000);
    expect(asked.toString('hex')).toBe('ffffffffffffffff00001f40');
    expect(readRevalidate(new QuorumPacket(PacketType.revalidate, ZXID_NONE, asked))).toEqual({
      sessionId: -1n,
      timeoutMs: 8000,
    });
    const answered = revalidatedBody(-1n, true);
    expect(answered.toString('hex')).toBe('ffffffffffffffff01');
    expect(readRevalidated(new QuorumPacket(PacketType.revalidate, ZXID_NONE, answered)).valid).toBe(true);
  });

  test('the table of a PING is never null', () => {
    const w = new Writer();
    expect(writeTouched(w, []).length).toBe(0);
    expect(writeTouched(w, [[1n, 4000]]).toString('hex')).toBe('000000000000000100000fa0');
  });

  test('who leads after a reconfiguration, and its transaction', () => {
    const data = Buffer.concat([hex('0000000000000003'), Buffer.from('txn')]);
    const { leader, payload } = readDesignatedLeader(new QuorumPacket(PacketType.informAndActivate, 1 as Zxid, data));
    expect([leader, payload.toString()]).toEqual([3, 'txn']);
  });

  test('what is missing or beyond our range is refused', () => {
    expect(() => readIntBody(new QuorumPacket(PacketType.ackEpoch, ZXID_ZERO))).toThrow('ACKEPOCH without data');
    expect(() => readIntBody(new QuorumPacket(PacketType.ackEpoch, ZXID_ZERO, Buffer.alloc(3)))).toThrow('ends');
    const far = new QuorumPacket(PacketType.followerInfo, (2 ** 53 * 2) as Zxid);
    expect(() => readEpoch(far)).toThrow('FOLLOWERINFO with epoch 4194304, beyond 2097151');
  });
});
