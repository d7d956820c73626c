import {
  writeCreateRequest,
  writeMultiHeader,
  writePathVersion,
  writePathWatch,
} from '../../../src/jute/client-records.ts';
import { CreateMode, ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Bad } from '../judges/history.ts';

/**
 * Requests that no client library sends, each with the one answer it gets: operations that are none, records that are
 * cut off or lie about their length, nulls where nobody expects them, and what must not stand in a multi. None of them
 * may do anything but fail, wherever it stands in a pipeline (ZOOKEEPER-2623; RaftKeeper's 400: an operation unknown
 * to a multi aborted where it was applied).
 */
type Write = (w: Writer) => void;

/** Answered where it comes in, or where it is read. */
function refused(what: string, type: number, write: Write, err: number = ErrorCode.marshallingError): Bad {
  return { op: 'bad', what, type, body: bytesOf(write), err, isWrite: false, closes: false };
}

/** Costs a transaction. */
function failed(what: string, type: number, write: Write, err: number = ErrorCode.marshallingError): Bad {
  return { ...refused(what, type, write, err), isWrite: true };
}

function unknown(what: string, type: number, write: Write = () => {}): Bad {
  return { ...refused(what, type, write, ErrorCode.unimplemented), closes: true };
}

function bytesOf(write: Write): Buffer {
  const w = new Writer(256);
  write(w);
  return Buffer.from(w.take());
}

const check: Write = (w) => writePathVersion(w, { path: '/k0', version: -1 });
const get: Write = (w) => writePathWatch(w, { path: '/k0', watch: false });

function create(path: string | undefined, hasAcl: boolean, flags: number): Write {
  return (w) => {
    w.writeString(path);
    w.writeBuffer(undefined);
    if (!hasAcl) w.writeInt(-1);
    else {
      w.writeInt(1);
      w.writeInt(31);
      w.writeString('world');
      w.writeString('anyone');
    }
    w.writeInt(flags);
  };
}

const fine: Write = (w) =>
  writeCreateRequest(w, { path: '/never', data: undefined, acl: [...OPEN_ACL_UNSAFE], flags: 0, ttl: 0n }, false);

function multi(...parts: readonly (readonly [type: number, write: Write])[]): Write {
  return (w) => {
    for (const [type, write] of parts) {
      writeMultiHeader(w, type, false, -1);
      write(w);
    }
    writeMultiHeader(w, -1, true, -1);
  };
}

const cutOff: Write = (w) => w.writeInt(3);
const lies: Write = (w) => w.writeInt(1_000_000);
const negative: Write = (w) => w.writeInt(-7);
const nothing: Write = () => {};

export const UNKNOWN_REQUESTS: readonly Bad[] = [
  unknown('a check outside of a multi', OpCode.check, check),
  unknown('operation 9999', 9999),
  unknown('operation 0', OpCode.notification),
  unknown('operation 10', 10),
  unknown('operation -1', OpCode.error),
  unknown("the server's own createSession", OpCode.createSession, (w) => w.writeInt(5000)),
  unknown("the server's own deleteContainer", OpCode.deleteContainer, (w) => w.writeString('/k0')),
];

export const BAD_REQUESTS: readonly Bad[] = [
  ...[OpCode.create, OpCode.create2, OpCode.createTTL, OpCode.createContainer].flatMap((type) => [
    refused(`a create of type ${type} that is cut off`, type, cutOff),
    refused(`a create of type ${type} of a path that is not all there`, type, lies),
  ]),
  ...[OpCode.delete, OpCode.setData, OpCode.setACL].map((type) =>
    refused(`a write of type ${type} that is cut off`, type, cutOff),
  ),
  refused('a setData with a negative length', OpCode.setData, (w) => {
    w.writeString('/k0');
    negative(w);
    w.writeInt(-1);
  }),
  refused('a reconfig that is cut off', OpCode.reconfig, cutOff),
  failed(
    'a reconfig',
    OpCode.reconfig,
    (w) => {
      for (let i = 0; i < 3; i++) w.writeString(undefined);
      w.writeLong(-1n);
    },
    ErrorCode.reconfigDisabled,
  ),
  failed('a create of null', OpCode.create, create(undefined, true, 0)),
  failed('a create without an ACL list', OpCode.create, create('/never', false, 0), ErrorCode.invalidACL),
  failed('a create with a mode that is none', OpCode.create, create('/never', true, 11), ErrorCode.badArguments),
  failed('a create with a negative mode', OpCode.create2, create('/never', true, -1), ErrorCode.badArguments),
  failed(
    'a createTTL of another mode',
    OpCode.createTTL,
    (w) => {
      create('/never', true, 0)(w);
      w.writeLong(-1n);
    },
    ErrorCode.badArguments,
  ),
  failed('a delete of null', OpCode.delete, (w) => {
    w.writeString(undefined);
    w.writeInt(-1);
  }),
  failed(
    'a setData of null',
    OpCode.setData,
    (w) => {
      w.writeString(undefined);
      w.writeBuffer(undefined);
      w.writeInt(-1);
    },
    ErrorCode.badArguments,
  ),
  failed(
    'a setACL of null',
    OpCode.setACL,
    (w) => {
      w.writeString(undefined);
      w.writeInt(-1);
      w.writeInt(-1);
    },
    ErrorCode.badArguments,
  ),
  failed(
    'a setACL without a list',
    OpCode.setACL,
    (w) => {
      w.writeString('/');
      w.writeInt(-1);
      w.writeInt(-1);
    },
    ErrorCode.invalidACL,
  ),
  failed('a multi with a read in it', OpCode.multi, multi([OpCode.create, fine], [OpCode.getData, get])),
  failed('a multi with operation 77 in it', OpCode.multi, multi([OpCode.create, fine], [77, nothing])),
  failed('a multi with a setACL in it', OpCode.multi, multi([OpCode.create, fine], [OpCode.setACL, lies])),
  failed('a multi with a multi in it', OpCode.multi, multi([OpCode.multi, multi()])),
  failed('a multi without an end', OpCode.multi, (w) => {
    writeMultiHeader(w, OpCode.create, false, -1);
    fine(w);
  }),
  failed('a multi of nothing at all', OpCode.multi, nothing),
  failed('a multi with a create that is cut off', OpCode.multi, (w) => {
    writeMultiHeader(w, OpCode.create, false, -1);
    cutOff(w);
  }),
  failed('a multi with a mode that is none', OpCode.multi, multi([OpCode.create, create('/never', true, 9)])),
  failed(
    'a multi with a mode that wants a ttl',
    OpCode.multi,
    multi([OpCode.create2, create('/never', true, CreateMode.persistentWithTTL)]),
  ),
  failed('a multi with a create of null', OpCode.multi, multi([OpCode.create, create(undefined, true, 0)])),
  failed(
    'a multi with a delete of null',
    OpCode.multi,
    multi(
      [OpCode.create, fine],
      [
        OpCode.delete,
        (w) => {
          w.writeString(undefined);
          w.writeInt(-1);
        },
      ],
    ),
  ),
  refused(
    'a multi with a create without an ACL list',
    OpCode.multi,
    multi([OpCode.create, create('/never', false, 0)]),
  ),
  ...[OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2].flatMap((type) => [
    refused(`a read of type ${type} that is cut off`, type, cutOff),
    refused(`a read of type ${type} of null`, type, (w) => {
      w.writeString(undefined);
      w.writeBool(true);
    }),
  ]),
  ...[OpCode.getACL, OpCode.getAllChildrenNumber].flatMap((type) => [
    refused(`a read of type ${type} that is cut off`, type, cutOff),
    refused(`a read of type ${type} of null`, type, (w) => w.writeString(undefined)),
  ]),
  ...[OpCode.checkWatches, OpCode.removeWatches, OpCode.addWatch].flatMap((type) =>
    [-1, 0, 6].flatMap((number) => {
      if (type === OpCode.addWatch && number === 0) return [];
      return refused(`a request of type ${type} with the number ${number}`, type, (w) => {
        w.writeString('/k0');
        w.writeInt(number);
      });
    }),
  ),
  ...[OpCode.checkWatches, OpCode.removeWatches].map((type) =>
    refused(
      `a request of type ${type} for null`,
      type,
      (w) => {
        w.writeString(undefined);
        w.writeInt(2);
      },
      ErrorCode.noWatcher,
    ),
  ),
  refused('a getEphemerals of null', OpCode.getEphemerals, (w) => w.writeString(undefined), ErrorCode.ok),
  refused(
    'an addWatch of null',
    OpCode.addWatch,
    (w) => {
      w.writeString(undefined);
      w.writeInt(0);
    },
    ErrorCode.ok,
  ),
  refused(
    'a setWatches2 with a path of null that nobody looks up',
    OpCode.setWatches2,
    (w) => {
      w.writeLong(0n);
      for (let i = 0; i < 3; i++) w.writeStrings([]);
      w.writeInt(1);
      w.writeString(undefined);
      w.writeStrings([]);
    },
    ErrorCode.ok,
  ),
  refused('a setWatches without lists', OpCode.setWatches, (w) => {
    w.writeLong(-5n);
    for (let i = 0; i < 3; i++) w.writeInt(-1);
  }),
  refused('a setWatches with a path of null', OpCode.setWatches, (w) => {
    w.writeLong(2n ** 62n);
    w.writeInt(1);
    w.writeString(undefined);
    w.writeStrings([]);
    w.writeStrings([]);
  }),
  refused('a setWatches2 that is cut off', OpCode.setWatches2, (w) => {
    w.writeLong(0n);
    for (let i = 0; i < 3; i++) w.writeStrings([]);
  }),
  refused('a setWatches2 without the lists of persistent watches', OpCode.setWatches2, (w) => {
    w.writeLong(2n ** 62n);
    for (let i = 0; i < 3; i++) w.writeStrings([]);
    w.writeInt(-1);
    w.writeInt(-1);
  }),
  refused('a multiRead with a write in it', OpCode.multiRead, multi([OpCode.create, fine])),
  refused(
    'a multiRead with a write behind a read',
    OpCode.multiRead,
    multi([OpCode.getData, get], [OpCode.create, fine]),
  ),
  refused(
    'a multiRead of null',
    OpCode.multiRead,
    multi([
      OpCode.getChildren,
      (w) => {
        w.writeString(undefined);
        w.writeBool(false);
      },
    ]),
  ),
  refused('a multiRead without an end', OpCode.multiRead, cutOff),
  refused('a whoAmI is fine, a sync that is cut off is not', OpCode.sync, cutOff),
];
