import { FatalError } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import { Database } from '../../src/datatree/database.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import { readTxn, writeTxn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import { type Zxid, zxidHex } from '../../src/jute/zxid.ts';
import { Store } from '../../src/txnlog/store.ts';
import { defaultStoreOptions, type StoreOptions } from '../../src/txnlog/store-options.ts';
import { logTo } from '../fakes/log-to.ts';
import { SimClock } from '../sim/world/clock.ts';
import { SimDisk } from '../sim/world/disk.ts';
import { SimRandom } from '../sim/world/random.ts';
import { Scheduler, SimProcess } from '../sim/world/scheduler.ts';

/** One data directory on a simulated disk, and the processes that open it one after the other. */
export class Lab {
  readonly scheduler = new Scheduler();
  readonly disk: SimDisk;
  /** Of all processes: "warn cutting a torn tail off the log". */
  readonly lines: string[] = [];
  readonly log: Log;
  options: StoreOptions;
  process: SimProcess;
  clock: SimClock;
  /** What onFatal of the present process was called with. */
  fatal: FatalError | undefined;
  private processes = 0;

  constructor(seed = 1, options: Partial<StoreOptions> = {}) {
    this.disk = new SimDisk(new SimRandom(seed));
    this.log = logTo((level, message) => this.lines.push(`${level} ${message}`));
    const database = {
      extendedTypes: true,
      emulate353Ttl: false,
      digest: true,
      hashKey: { low: 1, high: 2 },
      log: this.log,
    };
    this.options = { ...defaultStoreOptions('/data', database), preAllocBytes: 8192, ...options };
    this.process = new SimProcess(this.scheduler, 'p0');
    this.clock = new SimClock(this.process);
  }

  /** A new process opens the directory. */
  open(): Store {
    this.process = new SimProcess(this.scheduler, `p${++this.processes}`);
    this.clock = new SimClock(this.process);
    this.fatal = undefined;
    const store = Store.open({ disk: this.disk.mount(this.clock), clock: this.clock }, this.options, this.log);
    store.handlers = {
      onDurable() {},
      onFatal: (error) => {
        this.fatal = error;
      },
    };
    return store;
  }

  /** Opened and recovered. */
  start(): { store: Store; database: Database } {
    const store = this.open();
    return { store, database: store.recover() };
  }

  kill(): void {
    this.process.kill('killed');
    this.disk.kill();
  }

  powerLoss(): void {
    this.process.kill('power');
    this.disk.powerLoss();
  }

  run(ms = 50): void {
    this.scheduler.runForMs(ms);
  }

  /** Appends and waits until it is on disk. */
  appendSynced(store: Store, ...zxids: number[]): void {
    for (const zxid of zxids) store.append(zxid as Zxid, payloadOf(zxid));
    this.run();
  }

  close(store: Store): void {
    let closed = false;
    store.close(() => {
      closed = true;
    });
    this.run();
    if (!closed) throw new Error('the store did not close');
  }

  files(dir = '/data/version-2'): string[] {
    return this.disk.list(dir);
  }
}

export function zxid(epoch: number, counter: number): Zxid {
  return (epoch * 0x100000000 + counter) as Zxid;
}

/** The transaction with this zxid: it creates a node named after it, so a tree shows which ones it has seen. */
export function payloadOf(zxid: number, dataBytes = 8): Buffer {
  const w = new Writer(128 + dataBytes);
  writeTxn(w, {
    header: { clientId: 0n, cxid: 1, zxid: zxid as Zxid, time: 1_700_000_000_000, type: OpCode.create },
    body: {
      kind: 'create',
      type: OpCode.create,
      path: nodeOf(zxid),
      data: Buffer.alloc(dataBytes, zxid & 0xff),
      acl: [...OPEN_ACL_UNSAFE],
      ephemeral: false,
      parentCVersion: -1,
      ttl: 0n,
    },
    digest: undefined,
  });
  return w.take();
}

export function nodeOf(zxid: number): string {
  return `/t${zxidHex(zxid as Zxid)}`;
}

/** Zxids of the transactions a tree has seen, in order. */
export function seenBy(database: Database): number[] {
  const root = database.tree.lookup('/');
  return database.tree
    .childNames(root)
    .filter((name) => name.startsWith('t'))
    .map((name) => Number.parseInt(name.slice(1), 16))
    .sort((a, b) => a - b);
}

export function databaseOf(options: StoreOptions, zxids: readonly number[]): Database {
  const database = new Database(options.database);
  for (const zxid of zxids) database.apply(readTxn(payloadOf(zxid)));
  return database;
}

export function fatalOf(action: () => unknown): FatalError {
  try {
    action();
  } catch (error) {
    if (error instanceof FatalError) return error;
    throw error;
  }
  throw new Error('expected a FatalError');
}
