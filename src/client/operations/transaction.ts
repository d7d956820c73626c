import type { Stat } from '../../jute/data-records.ts';
import type { CallOptions } from '../client-options.ts';
import type { CreateOptions, MultiOp, MultiReadOp, MultiReadResult, MultiResult } from './multi.ts';

/**
 * Several operations in one request, built one after the other, with an answer of the right type for each. A builder is not
 * changed by its methods: they give a new one.
 */
type Result<Op extends MultiResult['op']> = Extract<MultiResult, { readonly op: Op }>;

interface Multi {
  multi(ops: readonly MultiOp[], options?: CallOptions): Promise<MultiResult[]>;
  multiRead(ops: readonly MultiReadOp[], options?: CallOptions): Promise<MultiReadResult[]>;
}

export interface CreateResult extends Result<'create'> {}
export interface SetDataResult extends Result<'setData'> {}
export interface DeleteResult {
  readonly op: 'delete';
}
export interface CheckResult {
  readonly op: 'check';
}

export class Transaction<Results extends readonly unknown[]> {
  private readonly client: Multi;
  readonly ops: readonly MultiOp[];

  constructor(client: Multi, ops: readonly MultiOp[]) {
    this.client = client;
    this.ops = ops;
  }

  create(
    path: string,
    data?: Uint8Array | string,
    options: CreateOptions = {},
  ): Transaction<[...Results, CreateResult]> {
    return this.with({ op: 'create', path, ...(data === undefined ? {} : { data }), ...options });
  }

  delete(path: string, version = -1): Transaction<[...Results, DeleteResult]> {
    return this.with({ op: 'delete', path, version });
  }

  setData(path: string, data: Uint8Array | string | undefined, version = -1): Transaction<[...Results, SetDataResult]> {
    return this.with({ op: 'setData', path, version, ...(data === undefined ? {} : { data }) });
  }

  /** Fails all of them unless the node is at that version; -1: unless it is there. */
  check(path: string, version: number): Transaction<[...Results, CheckResult]> {
    return this.with({ op: 'check', path, version });
  }

  /** All or nothing. Rejects with the code and path of the operation that failed. */
  commit(options: CallOptions = {}): Promise<Results> {
    return this.client.multi(this.ops, options) as Promise<unknown> as Promise<Results>;
  }

  private with<R>(op: MultiOp): Transaction<[...Results, R]> {
    return new Transaction<[...Results, R]>(this.client, [...this.ops, op]);
  }
}

/** An answer to one of several reads; `code` says why there is none. */
export type DataAnswer =
  | { readonly op: 'getData'; readonly data: Buffer | undefined; readonly stat: Stat }
  | ReadFailure;
export type ChildrenAnswer = { readonly op: 'getChildren'; readonly children: string[] } | ReadFailure;
export type ReadFailure = { readonly op: 'error'; readonly code: number };

export class ReadTransaction<Results extends readonly unknown[]> {
  private readonly client: Multi;
  readonly ops: readonly MultiReadOp[];

  constructor(client: Multi, ops: readonly MultiReadOp[]) {
    this.client = client;
    this.ops = ops;
  }

  getData(path: string): ReadTransaction<[...Results, DataAnswer]> {
    return new ReadTransaction(this.client, [...this.ops, { op: 'getData', path }]);
  }

  getChildren(path: string): ReadTransaction<[...Results, ChildrenAnswer]> {
    return new ReadTransaction(this.client, [...this.ops, { op: 'getChildren', path }]);
  }

  /** Each by itself: one that fails is an answer with its code. */
  run(options: CallOptions = {}): Promise<Results> {
    return this.client.multiRead(this.ops, options) as Promise<unknown> as Promise<Results>;
  }
}
