import { describe, expect, it } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { isSubmitted, RequestQueue } from '../../src/server/client-queue.ts';
import { Request } from '../../src/server/request.ts';

const FLOOR = 10 as Zxid;

function asked(cxid: number, type: number, bytes = 0): Request {
  return new Request(1n, cxid, type, Buffer.alloc(bytes), [], undefined, 0);
}

function txn(cxid: number, type: number, zxid: number) {
  return { clientId: 1n, cxid, type, zxid: zxid as Zxid, time: 0 };
}

function queueOf(...requests: Request[]): RequestQueue {
  const queue = new RequestQueue();
  for (const request of requests) queue.push(request);
  return queue;
}

describe('the head of the queue is answered by', () => {
  it('the transaction with its cxid and type, or the error that took its place', () => {
    const queue = queueOf(asked(5, OpCode.create), asked(6, OpCode.delete));
    expect(queue.isAnswerToHead(txn(5, OpCode.create, 11), FLOOR)).toBe(true);
    expect(queue.isAnswerToHead(txn(5, OpCode.error, 11), FLOOR)).toBe(true);
    expect(queue.isAnswerToHead(txn(5, OpCode.delete, 11), FLOOR)).toBe(false);
    expect(queue.isAnswerToHead(txn(6, OpCode.delete, 11), FLOOR)).toBe(false);
  });

  it('no transaction that was on its way before the connection was attached', () => {
    const queue = queueOf(asked(5, OpCode.create));
    expect(queue.isAnswerToHead(txn(5, OpCode.create, 10), FLOOR)).toBe(false);
  });

  it('exactly its own zxid where that is known', () => {
    const request = asked(5, OpCode.create);
    request.zxid = 13 as Zxid;
    const queue = queueOf(request);
    expect(queue.isAnswerToHead(txn(5, OpCode.create, 12), FLOOR)).toBe(false);
    expect(queue.isAnswerToHead(txn(5, OpCode.error, 13), FLOOR)).toBe(true);
  });

  it('no transaction when it is a sync, or when there is none', () => {
    expect(queueOf(asked(5, OpCode.sync)).isAnswerToHead(txn(5, OpCode.error, 11), FLOOR)).toBe(false);
    expect(queueOf().isAnswerToHead(txn(5, OpCode.create, 11), FLOOR)).toBe(false);
  });
});

describe('a queue whose connection is gone', () => {
  it('keeps what was submitted, in order, and drops what was not', () => {
    const queue = queueOf(
      asked(1, OpCode.create, 100),
      asked(2, OpCode.exists, 10),
      asked(3, OpCode.sync, 5),
      asked(-2, OpCode.ping),
      asked(4, OpCode.closeSession),
    );
    expect(queue.disown()).toBe(2);
    expect(queue.length).toBe(3);
    expect(queue.own).toBe(0);
    expect(queue.bytes).toBe(105);
    expect(queue.isHeadInherited).toBe(true);
  });

  it('is taken over by the next connection, whose own requests come behind', () => {
    const older = queueOf(asked(1, OpCode.create, 100));
    older.disown();
    const newer = new RequestQueue();
    newer.inherit(older);
    newer.push(asked(1, OpCode.create, 1));
    expect([newer.length, newer.own, newer.bytes, older.length]).toEqual([2, 1, 101, 0]);
    // What the older connection asked was proposed before the newer one was attached.
    expect(newer.isAnswerToHead(txn(1, OpCode.create, 9), FLOOR)).toBe(true);
    newer.shift();
    expect(newer.isHeadInherited).toBe(false);
    expect(newer.isAnswerToHead(txn(1, OpCode.create, 9), FLOOR)).toBe(false);
  });

  it('can be taken over again and again', () => {
    let queue = queueOf(asked(1, OpCode.create));
    for (let i = 0; i < 3; i++) {
      queue.disown();
      const next = new RequestQueue();
      next.inherit(queue);
      next.push(asked(1, OpCode.setData));
      queue = next;
    }
    expect([queue.length, queue.own]).toEqual([4, 1]);
  });
});

describe('submitted are', () => {
  it('writes, syncs and the creation of the session; the rest is answered here', () => {
    const submitted = [
      OpCode.create,
      OpCode.create2,
      OpCode.createTTL,
      OpCode.createContainer,
      OpCode.delete,
      OpCode.setData,
      OpCode.setACL,
      OpCode.multi,
      OpCode.reconfig,
      OpCode.sync,
      OpCode.createSession,
      OpCode.closeSession,
    ];
    expect(submitted.filter((type) => !isSubmitted(asked(1, type)))).toEqual([]);
    const local = [
      OpCode.exists,
      OpCode.getData,
      OpCode.multiRead,
      OpCode.setWatches,
      OpCode.ping,
      OpCode.notification,
    ];
    expect(local.filter((type) => isSubmitted(asked(1, type)))).toEqual([]);
  });
});
