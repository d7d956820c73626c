import {
  writePathVersion,
  writePathWatch,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import { type Acl, readAcls, type Stat } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Chroot } from '../chroot.ts';
import type { CallOptions, MarkOptions, VersionOptions, WatchOptions } from '../client-options.ts';
import { ZooKeeperError } from '../errors.ts';
import type { Watchers } from '../watches/watchers.ts';
import { type Created, LostWrites } from './lost-writes.ts';
import {
  type CreateModeName,
  type CreateOptions,
  createOpOf,
  dataOf,
  type MultiOp,
  type MultiReadOp,
  type MultiReadResult,
  type MultiResult,
  multiError,
  ownDataAndStat,
  readMulti,
  readMultiRead,
  writeCreate,
  writeMulti,
  writeMultiRead,
} from './multi.ts';
import { readNodeStat } from './node-stat.ts';
import type { Requests } from './requests.ts';
import { ReadTransaction, Transaction } from './transaction.ts';

/** The questions and changes for nodes: one promise per operation, rejected with a ZooKeeperError. */
export class NodeOperations {
  protected readonly requests: Requests;
  protected readonly watchers: Watchers;
  protected readonly paths: Chroot;
  private readonly newMark: () => string;
  private readonly lost: LostWrites;

  constructor(requests: Requests, watchers: Watchers, paths: Chroot, newMark: () => string) {
    this.requests = requests;
    this.watchers = watchers;
    this.paths = paths;
    this.newMark = newMark;
    this.lost = new LostWrites(
      {
        sync: (path) => this.sync(path),
        exists: (path) => this.exists(path),
        getData: (path) => this.getData(path),
        getChildren: (path) => this.getChildren(path),
        getAcl: (path) => this.getAcl(path),
        sessionId: () => requests.sessionId,
      },
      paths,
    );
  }

  /** The path created: the one given, with a number behind it for the sequential modes. */
  create(
    path: string,
    data?: Uint8Array | string,
    options: CreateOptions & MarkOptions & CallOptions = {},
  ): Promise<string> {
    const readPath = (r: Reader): string => this.paths.clientPath(r.readRequiredString('path'));
    return this.createNode(path, data, options, false, readPath, (found) => found.path);
  }

  createWithStat(
    path: string,
    data?: Uint8Array | string,
    options: CreateOptions & MarkOptions & CallOptions = {},
  ): Promise<Created> {
    const read = (r: Reader): Created => ({
      path: this.paths.clientPath(r.readRequiredString('path')),
      stat: readNodeStat(r),
    });
    return this.createNode(path, data, options, true, read, (found) => found);
  }

  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.requests.call(
      {
        type: OpCode.delete,
        path,
        write: (w) => writePathVersion(w, { path: this.paths.serverPath(path), version: options.version ?? -1 }),
        read: () => undefined,
        whenLost: (askedAfter, body) => this.lost.delete(askedAfter, body),
      },
      options,
    );
  }

  /** undefined when there is no such node; then `watch` waits for its creation. */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | undefined> {
    return this.requests.call(
      {
        type: OpCode.exists,
        path,
        write: (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
        read: (r, err) => {
          this.watchers.add(err === ErrorCode.ok ? 'data' : 'exist', path, options.watch);
          return err === ErrorCode.ok ? readNodeStat(r) : undefined;
        },
        accepted: ErrorCode.noNode,
        whenLost: 'ask again',
      },
      options,
    );
  }

  getData(path: string, options: WatchOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.requests.call(
      {
        type: OpCode.getData,
        path,
        write: (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
        read: (r) => {
          this.watchers.add('data', path, options.watch);
          return ownDataAndStat(r);
        },
        whenLost: 'ask again',
      },
      options,
    );
  }

  setData(path: string, data: Uint8Array | string | undefined, options: VersionOptions = {}): Promise<Stat> {
    const version = options.version ?? -1;
    return this.requests.call(
      {
        type: OpCode.setData,
        path,
        write: (w) => writeSetDataRequest(w, { path: this.paths.serverPath(path), data: dataOf(data), version }),
        read: readNodeStat,
        whenLost: (askedAfter, body) => this.lost.setData(askedAfter, body),
      },
      options,
    );
  }

  /** Names without the path, in no particular order. */
  getChildren(path: string, options: WatchOptions = {}): Promise<string[]> {
    return this.getChildrenAndStat(path, options).then((answer) => answer.children);
  }

  getChildrenAndStat(path: string, options: WatchOptions = {}): Promise<{ children: string[]; stat: Stat }> {
    return this.requests.call(
      {
        type: OpCode.getChildren2,
        path,
        write: (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
        read: (r) => {
          this.watchers.add('child', path, options.watch);
          return { children: r.readStrings() ?? [], stat: readNodeStat(r) };
        },
        whenLost: 'ask again',
      },
      options,
    );
  }

  getAcl(path: string, options: CallOptions = {}): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.requests.call(
      {
        type: OpCode.getACL,
        path,
        write: (w) => w.writeString(this.paths.serverPath(path)),
        read: (r) => ({ acl: [...(readAcls(r) ?? [])], stat: readNodeStat(r) }),
        whenLost: 'ask again',
      },
      options,
    );
  }

  /** `version` is that of the ACL, `aversion` of the Stat. */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    const version = options.version ?? -1;
    return this.requests.call(
      {
        type: OpCode.setACL,
        path,
        write: (w) => writeSetAclRequest(w, { path: this.paths.serverPath(path), acl: [...acl], version }),
        read: readNodeStat,
        whenLost: (_askedAfter, body) => this.lost.setAcl(body),
      },
      options,
    );
  }

  /** Brings the server connected to up to everything that was acknowledged, to anyone, before this call. */
  sync(path: string, options: CallOptions = {}): Promise<void> {
    return this.requests.call(
      {
        type: OpCode.sync,
        path,
        write: (w) => w.writeString(this.paths.serverPath(path)),
        read: () => undefined,
        whenLost: 'ask again',
      },
      options,
    );
  }

  /** Paths of this session's ephemeral nodes that begin with `prefix`. */
  getEphemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    return this.requests.call(
      {
        type: OpCode.getEphemerals,
        path: prefix,
        write: (w) => w.writeString(this.paths.serverPath(prefix, prefix !== '/')),
        read: (r) => (r.readStrings() ?? []).map((path) => this.paths.clientPath(path)),
        whenLost: 'ask again',
      },
      options,
    );
  }

  /** How many nodes there are below `path`, at any depth. */
  getAllChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return this.requests.call(
      {
        type: OpCode.getAllChildrenNumber,
        path,
        write: (w) => w.writeString(this.paths.serverPath(path)),
        read: (r) => r.readInt(),
        whenLost: 'ask again',
      },
      options,
    );
  }

  // Several at once

  /** A typed multi: `transaction().check('/a', 3).setData('/a', 'x').commit()`. */
  transaction(): Transaction<[]> {
    return new Transaction(this, []);
  }

  /** Several reads in one request, with typed answers: `reads().getData('/a').getChildren('/b').run()`. */
  reads(): ReadTransaction<[]> {
    return new ReadTransaction(this, []);
  }

  /** All or nothing. Rejects with the code and path of the operation that failed. */
  multi(ops: readonly MultiOp[], options: CallOptions = {}): Promise<MultiResult[]> {
    return this.multiResults(ops, options).then((results) => {
      const code = multiError(results);
      if (code === ErrorCode.ok) return results;
      const failed = results.findIndex((result) => result.op === 'error' && result.code === code);
      throw new ZooKeeperError(code, ops[failed]?.path);
    });
  }

  /** The same, resolving with the results of a multi that failed as well. */
  multiResults(ops: readonly MultiOp[], options: CallOptions = {}): Promise<MultiResult[]> {
    return this.requests.call(
      {
        type: OpCode.multi,
        path: undefined,
        write: (w) => writeMulti(w, ops, (path) => this.paths.serverPath(path, true)),
        read: (r) => readMulti(r, (path) => this.paths.clientPath(path)),
      },
      options,
    );
  }

  /** Each read by itself; one that fails is an item with its code. */
  multiRead(ops: readonly MultiReadOp[], options: CallOptions = {}): Promise<MultiReadResult[]> {
    return this.requests.call(
      {
        type: OpCode.multiRead,
        path: undefined,
        write: (w) => writeMultiRead(w, ops, (path) => this.paths.serverPath(path)),
        read: readMultiRead,
        whenLost: 'ask again',
      },
      options,
    );
  }

  private createNode<T>(
    path: string,
    data: Uint8Array | string | undefined,
    options: CreateOptions & MarkOptions & CallOptions,
    withStat: boolean,
    read: (r: Reader) => T,
    fromFound: (found: Created) => T,
  ): Promise<T> {
    const type = createOpOf(options.mode ?? 'persistent', withStat);
    const { name, mark } = this.marked(path, options.mark);
    return this.requests.call(
      {
        type,
        path,
        write: (w) => writeCreate(w, this.paths.serverPath(name, isSequential(options.mode)), dataOf(data), options),
        read,
        whenLost: async (askedAfter, body) => {
          const finding = await this.lost.create(askedAfter, body, type === OpCode.createTTL, mark);
          return finding.is === 'done' ? { is: 'done', value: fromFound(finding.value) } : finding;
        },
      },
      options,
    );
  }

  /** The mark goes before the last name, as Curator has it. */
  private marked(path: string, mark: MarkOptions['mark']): { name: string; mark: string | undefined } {
    if (mark !== true) return { name: path, mark: mark === false ? undefined : mark };
    const made = this.newMark();
    const slash = path.lastIndexOf('/');
    return { name: `${path.slice(0, slash + 1)}_c_${made}-${path.slice(slash + 1)}`, mark: made };
  }
}

function isSequential(mode: CreateModeName | undefined): boolean {
  return mode?.toLowerCase().includes('sequential') === true;
}
