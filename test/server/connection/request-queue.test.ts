import { describe, expect, it } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { RequestQueue } from '../../../src/server/connection/request-queue.ts';
import { operationOfClient, operationOfServer } from '../../../src/server/operations/operations.ts';
import { Request } from '../../../src/server/request.ts';

const FLOOR = 10 as Zxid;
/** So many zeros can be read as the record of every operation. */
const READABLE_BYTES = 24;

function asked(cxid: number, type: number, bytes = READABLE_BYTES): Request {
  const operation = type === OpCode.createSession ? operationOfServer(type) : operationOfClient(type);
  return new Request({ sessionId: 1n, authIds: [], owner: undefined }, cxid, operation, Buffer.alloc(bytes), 0);
}

function txn(cxid: number, type: number, zxid: number) {
  return { clientId: 1n, cxid, type, zxid: zxid as Zxid, time: 0 };
}

function queueOf(...requests: Request[]): RequestQueue {
  const queue = new RequestQueue();
  for (const request of requests) queue.push(request);
  submit(queue);
  return queue;
}

/** The cxids of what may go upstream now. */
function submit(queue: RequestQueue): number[] {
  const cxids: number[] = [];
  for (let next = queue.takeToSubmit(); next !== undefined; next = queue.takeToSubmit()) cxids.push(next.cxid);
  return cxids;
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

describe('what may go upstream', () => {
  it('is every write and sync at once, but for writes behind a sync that is not answered', () => {
    const queue = new RequestQueue();
    const ask = (cxid: number, type: number): void => queue.push(asked(cxid, type));
    ask(1, OpCode.create);
    ask(2, OpCode.exists);
    ask(3, OpCode.sync);
    ask(4, OpCode.sync);
    expect(submit(queue)).toEqual([1, 3, 4]);
    ask(5, OpCode.delete);
    ask(6, OpCode.exists);
    ask(7, OpCode.setData);
    ask(8, OpCode.sync);
    ask(9, OpCode.setData);
    expect(submit(queue)).toEqual([]);
    for (let i = 0; i < 3; i++) queue.shift();
    expect([queue.isReleased, submit(queue)]).toEqual([false, []]);
    queue.shift();
    expect([queue.isReleased, submit(queue)]).toEqual([true, [5, 7, 8]]);
    expect(queue.isReleased).toBe(false);
    for (let i = 0; i < 4; i++) queue.shift();
    expect(submit(queue)).toEqual([9]);
  });

  it('is not taken for answered by a transaction that looks like its own', () => {
    const queue = queueOf(asked(3, OpCode.sync));
    queue.push(asked(4, OpCode.create));
    queue.shift();
    expect(queue.isAnswerToHead(txn(4, OpCode.create, 11), FLOOR)).toBe(false);
    expect(submit(queue)).toEqual([4]);
    expect(queue.isAnswerToHead(txn(4, OpCode.create, 11), FLOOR)).toBe(true);
  });
});

describe('a queue whose connection is gone', () => {
  it('keeps what was submitted, in order, and drops what was not', () => {
    const queue = queueOf(
      asked(1, OpCode.create, 100),
      asked(2, OpCode.exists, 10),
      asked(3, OpCode.sync, 5),
      asked(-2, OpCode.ping),
      // Held back by the sync.
      asked(4, OpCode.closeSession, 3),
    );
    expect(queue.disown()).toHaveLength(3);
    expect(queue.length).toBe(2);
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
    submit(newer);
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
      submit(next);
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
    expect(submitted.filter((type) => !asked(1, type).isSubmitted)).toEqual([]);
    const local = [
      OpCode.exists,
      OpCode.getData,
      OpCode.multiRead,
      OpCode.setWatches,
      OpCode.ping,
      OpCode.notification,
    ];
    expect(local.filter((type) => asked(1, type).isSubmitted)).toEqual([]);
  });
});

describe('a bug of ours is', () => {
  it('an answer to what was not submitted yet', () => {
    const queue = new RequestQueue();
    queue.push(asked(1, OpCode.create));
    expect(() => queue.shift()).toThrow(AssertionFailure);
  });

  it('a queue that takes over what was asked earlier behind its own first request', () => {
    const queue = queueOf(asked(2, OpCode.create));
    expect(() => queue.inherit(queueOf(asked(1, OpCode.create)))).toThrow(AssertionFailure);
  });
});
