import {
  writePathVersion,
  writePathWatch,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import { type Acl, readAcls, type Stat } from '../../jute/data-records.ts';
import type { Chroot } from '../chroot.ts';
import type { CallOptions, VersionOptions, WatchOptions } from '../client-options.ts';
import { ZooKeeperError } from '../errors.ts';
import type { Watchers } from '../watches/watchers.ts';
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

/** What can be asked about nodes: one promise per operation, rejected with a ZooKeeperError. */
export class NodeOperations {
  protected readonly requests: Requests;
  protected readonly watchers: Watchers;
  protected readonly paths: Chroot;

  constructor(requests: Requests, watchers: Watchers, paths: Chroot) {
    this.requests = requests;
    this.watchers = watchers;
    this.paths = paths;
  }

  /** The path created: the one given, with a number behind it for the sequential modes. */
  create(path: string, data?: Uint8Array | string, options: CreateOptions & CallOptions = {}): Promise<string> {
    const type = createOpOf(options.mode ?? 'persistent', false);
    return this.requests.call(
      type,
      path,
      (w) => writeCreate(w, this.paths.serverPath(path, isSequential(options.mode)), dataOf(data), options),
      (r) => this.paths.clientPath(r.readRequiredString('path')),
      options,
    );
  }

  createWithStat(
    path: string,
    data?: Uint8Array | string,
    options: CreateOptions & CallOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    return this.requests.call(
      createOpOf(options.mode ?? 'persistent', true),
      path,
      (w) => writeCreate(w, this.paths.serverPath(path, isSequential(options.mode)), dataOf(data), options),
      (r) => ({ path: this.paths.clientPath(r.readRequiredString('path')), stat: readNodeStat(r) }),
      options,
    );
  }

  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.requests.call(
      OpCode.delete,
      path,
      (w) => writePathVersion(w, { path: this.paths.serverPath(path), version: options.version ?? -1 }),
      () => undefined,
      options,
    );
  }

  /** undefined when there is no such node; then `watch` waits for its creation. */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | undefined> {
    return this.requests.call(
      OpCode.exists,
      path,
      (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
      (r, err) => {
        this.watchers.add(err === ErrorCode.ok ? 'data' : 'exist', path, options.watch);
        return err === ErrorCode.ok ? readNodeStat(r) : undefined;
      },
      options,
      ErrorCode.noNode,
    );
  }

  getData(path: string, options: WatchOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.requests.call(
      OpCode.getData,
      path,
      (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
      (r) => {
        this.watchers.add('data', path, options.watch);
        return ownDataAndStat(r);
      },
      options,
    );
  }

  setData(path: string, data: Uint8Array | string | undefined, options: VersionOptions = {}): Promise<Stat> {
    return this.requests.call(
      OpCode.setData,
      path,
      (w) =>
        writeSetDataRequest(w, { path: this.paths.serverPath(path), data: dataOf(data), version: options.version ?? -1 }),
      readNodeStat,
      options,
    );
  }

  /** Names without the path, in no particular order. */
  getChildren(path: string, options: WatchOptions = {}): Promise<string[]> {
    return this.getChildrenAndStat(path, options).then((answer) => answer.children);
  }

  getChildrenAndStat(path: string, options: WatchOptions = {}): Promise<{ children: string[]; stat: Stat }> {
    return this.requests.call(
      OpCode.getChildren2,
      path,
      (w) => writePathWatch(w, { path: this.paths.serverPath(path), watch: options.watch !== undefined }),
      (r) => {
        this.watchers.add('child', path, options.watch);
        return { children: r.readStrings() ?? [], stat: readNodeStat(r) };
      },
      options,
    );
  }

  getAcl(path: string, options: CallOptions = {}): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.requests.call(
      OpCode.getACL,
      path,
      (w) => w.writeString(this.paths.serverPath(path)),
      (r) => ({ acl: readAcls(r) ?? [], stat: readNodeStat(r) }),
      options,
    );
  }

  /** `version` is that of the ACL, `aversion` of the Stat. */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    return this.requests.call(
      OpCode.setACL,
      path,
      (w) => writeSetAclRequest(w, { path: this.paths.serverPath(path), acl: [...acl], version: options.version ?? -1 }),
      readNodeStat,
      options,
    );
  }

  /** Brings the server connected to up to everything that was acknowledged, to anyone, before this call. */
  sync(path: string, options: CallOptions = {}): Promise<void> {
    return this.requests.call(
      OpCode.sync,
      path,
      (w) => w.writeString(this.paths.serverPath(path)),
      () => undefined,
      options,
    );
  }

  /** Paths of this session's ephemeral nodes that begin with `prefix`. */
  getEphemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    return this.requests.call(
      OpCode.getEphemerals,
      prefix,
      (w) => w.writeString(prefix === '/' ? this.paths.serverPath('/') : this.paths.serverPath(prefix, true)),
      (r) => (r.readStrings() ?? []).map((path) => this.paths.clientPath(path)),
      options,
    );
  }

  /** How many nodes there are below `path`, at any depth. */
  getAllChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return this.requests.call(
      OpCode.getAllChildrenNumber,
      path,
      (w) => w.writeString(this.paths.serverPath(path)),
      (r) => r.readInt(),
      options,
    );
  }

  // Several at once

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
      OpCode.multi,
      undefined,
      (w) => writeMulti(w, ops, (path) => this.paths.serverPath(path, true)),
      (r) => readMulti(r, (path) => this.paths.clientPath(path)),
      options,
    );
  }

  /** Each read by itself; one that fails is an item with its code. */
  multiRead(ops: readonly MultiReadOp[], options: CallOptions = {}): Promise<MultiReadResult[]> {
    return this.requests.call(
      OpCode.multiRead,
      undefined,
      (w) => writeMultiRead(w, ops, (path) => this.paths.serverPath(path)),
      readMultiRead,
      options,
    );
  }
}

function isSequential(mode: CreateModeName | undefined): boolean {
  return mode?.toLowerCase().includes('sequential') === true;
}
