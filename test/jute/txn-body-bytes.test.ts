import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import { type TxnBody, txnBodyBytes, writeTxnBody } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('\u0000null'));
const data = fc.option(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { nil: undefined },
);
const acl = fc.option(fc.array(fc.record({ perms: fc.integer(), id: fc.record({ scheme: text, id: text }) })), {
  nil: undefined,
});
const version = fc.integer();
const part: fc.Arbitrary<TxnBody> = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    type: fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL),
    path: text,
    data,
    acl,
    ephemeral: fc.boolean(),
    parentCVersion: version,
    ttl: fc.constant(5n),
  }),
  fc.record({ kind: fc.constant('delete' as const), type: fc.constant(OpCode.delete), path: text }),
  fc.record({ kind: fc.constant('setData' as const), type: fc.constant(OpCode.setData), path: text, data, version }),
  fc.record({ kind: fc.constant('setACL' as const), type: fc.constant(OpCode.setACL), path: text, acl, version }),
  fc.record({ kind: fc.constant('check' as const), type: fc.constant(OpCode.check), path: text, version }),
  fc.record({ kind: fc.constant('error' as const), type: fc.constant(OpCode.error), err: version }),
);
const body: fc.Arbitrary<TxnBody> = fc.oneof(
  part,
  fc.record({
    kind: fc.constant('createSession' as const),
    type: fc.constant(OpCode.createSession),
    timeoutMs: version,
  }),
  fc.record({
    kind: fc.constant('closeSession' as const),
    type: fc.constant(OpCode.closeSession),
    paths: fc.option(fc.array(text), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('multi' as const), type: fc.constant(OpCode.multi), txns: fc.array(part) }),
);

it('the size of a body is that of the bytes that are written of it', () => {
  fc.assert(
    fc.property(body, (each) => {
      const w = new Writer();
      writeTxnBody(w, each);
      expect(txnBodyBytes(each)).toBe(w.length);
    }),
    { numRuns: 500 },
  );
});
