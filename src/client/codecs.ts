import { ErrorCode } from '../jute/codes.ts';
import type { Stat } from '../jute/data-records.ts';
import type { CallOptions, MarkOptions, VersionOptions, WatchOptions } from './client-options.ts';
import { ZooKeeperError } from './errors.ts';
import type { CreateOptions } from './operations/multi.ts';
import type { NodeOperations } from './operations/node-operations.ts';

/** The data of nodes as values of a program: `new TypedNodes(client, json<Settings>())`. */
export interface Codec<T> {
  encode(value: T): Uint8Array | string;
  /** A node without data is given as no bytes. Throws when the bytes are no such value. */
  decode(data: Buffer): T;
}

export const raw: Codec<Buffer> = { encode: (value) => value, decode: (data) => data };

export const text: Codec<string> = { encode: (value) => value, decode: (data) => data.toString('utf8') };

/** `check` narrows what was parsed, or throws; without it the text is believed. */
export function json<T>(check: (value: unknown) => T = (value) => value as T): Codec<T> {
  return { encode: (value) => JSON.stringify(value), decode: (data) => check(JSON.parse(data.toString('utf8'))) };
}

export class TypedNodes<T> {
  private readonly client: NodeOperations;
  private readonly codec: Codec<T>;

  constructor(client: NodeOperations, codec: Codec<T>) {
    this.client = client;
    this.codec = codec;
  }

  create(path: string, value: T, options: CreateOptions & MarkOptions & CallOptions = {}): Promise<string> {
    return this.client.create(path, this.codec.encode(value), options);
  }

  /** Rejects with marshallingError, naming the path, when the data is no such value. */
  async get(path: string, options: WatchOptions = {}): Promise<{ value: T; stat: Stat }> {
    const { data, stat } = await this.client.getData(path, options);
    try {
      return { value: this.codec.decode(data ?? NO_BYTES), stat };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ZooKeeperError(ErrorCode.marshallingError, path, `the data of ${path} cannot be decoded: ${why}`);
    }
  }

  set(path: string, value: T, options: VersionOptions = {}): Promise<Stat> {
    return this.client.setData(path, this.codec.encode(value), options);
  }
}

const NO_BYTES = Buffer.alloc(0);
