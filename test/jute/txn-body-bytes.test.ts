import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import { Reader } from '../../src/jute/reader.ts';
import { readsBackAlike, readTxnBody, type TxnBody, txnBodyBytes, writeTxnBody } from '../../src/jute/txns.ts';
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

it('a body that is said to read back alike does, and one with an ACL of other letters is not', () => {
  let alike = 0;
  fc.assert(
    fc.property(body, (each) => {
      if (!readsBackAlike(each)) return;
      alike++;
      const w = new Writer();
      writeTxnBody(w, each);
      const bytes = w.take();
      const read = readTxnBody(new Reader(bytes), each.type, bytes.length);
      // Fields that a create of this type does not have are not written.
      const unwritten =
        each.kind === 'create' && read.kind === 'create' ? { ephemeral: read.ephemeral, ttl: read.ttl } : {};
      expect(read).toEqual({ ...each, ...unwritten });
    }),
    { numRuns: 500 },
  );
  expect(alike).toBeGreaterThan(50);
  const create = { kind: 'create', type: OpCode.create, path: '/a', data: undefined } as const;
  const rest = { ephemeral: false, parentCVersion: 1, ttl: 0n } as const;
  const aclOf = (id: string) => [{ perms: 31, id: { scheme: 'digest', id } }];
  expect(readsBackAlike({ ...create, ...rest, acl: aclOf('a:b') })).toBe(true);
  expect(readsBackAlike({ ...create, ...rest, acl: aclOf('\u{1f600}:b') })).toBe(false);
  expect(readsBackAlike({ ...create, ...rest, path: '/\ud800', acl: aclOf('a:b') })).toBe(false);
});
