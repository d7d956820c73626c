import { ErrorCode } from '../jute/codes.ts';
import type { CallOptions } from './client-options.ts';
import { isZooKeeperError, ZooKeeperError } from './errors.ts';
import type { NodeOperations } from './operations/node-operations.ts';

/**
 * Quotas are nodes below /zookeeper/quota: one with the limits, which a client writes, and one in which the server counts. They
 * are had without a chroot alone, for the server counts by its own paths. No quota may stand above or below another one.
 */
export interface QuotaLimits {
  /** Nodes at and below the path; beyond it the server warns. */
  readonly count?: bigint;
  /** Bytes of data. */
  readonly bytes?: bigint;
  /** Beyond it the server refuses with quotaExceeded. */
  readonly countHard?: bigint;
  readonly bytesHard?: bigint;
}

export interface Quota {
  readonly limits: QuotaLimits;
  readonly used: { readonly count: bigint; readonly bytes: bigint };
}

const ROOT = '/zookeeper/quota';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';
const KEYS = { count: 'count', bytes: 'bytes', countHard: 'countHardLimit', bytesHard: 'byteHardLimit' } as const;

export class Quotas {
  private readonly client: NodeOperations;

  constructor(client: NodeOperations) {
    this.client = client;
  }

  /** undefined when there is none at this very path. */
  async get(path: string, options: CallOptions = {}): Promise<Quota | undefined> {
    const limits = await this.read(`${quotaPath(path)}/${LIMITS}`, options);
    if (limits === undefined) return undefined;
    const used = await this.read(`${quotaPath(path)}/${STATS}`, options);
    return {
      limits: Object.fromEntries(
        Object.entries(KEYS).flatMap(([name, key]) => {
          const value = limits.get(key) ?? -1n;
          return value < 0n ? [] : [[name, value]];
        }),
      ),
      used: { count: used?.get('count') ?? 0n, bytes: used?.get('bytes') ?? 0n },
    };
  }

  /** Sets exactly these limits. Rejects with badArguments where a quota stands above or below. */
  async set(path: string, limits: QuotaLimits, options: CallOptions = {}): Promise<void> {
    const text = textOf(limits, path);
    await this.refuseAbove(path, options);
    await this.refuseBelow(path, options);
    const names = quotaPath(path).split('/').slice(1);
    for (let i = 1; i <= names.length; i++) await this.ensure(`/${names.slice(0, i).join('/')}`, '', options);
    const limitsPath = `${quotaPath(path)}/${LIMITS}`;
    await this.ensure(limitsPath, text, options);
    await this.client.setData(limitsPath, text, options);
    await this.ensure(`${quotaPath(path)}/${STATS}`, 'count=0,bytes=0', options);
  }

  /** Resolves with whether there was one. */
  async remove(path: string, options: CallOptions = {}): Promise<boolean> {
    const was = await this.deleteIfThere(`${quotaPath(path)}/${LIMITS}`, options);
    await this.deleteIfThere(`${quotaPath(path)}/${STATS}`, options);
    for (let at = quotaPath(path); at !== ROOT; at = at.slice(0, at.lastIndexOf('/'))) {
      if (!(await this.deleteIfThere(at, options))) break;
    }
    return was;
  }

  private async refuseAbove(path: string, options: CallOptions): Promise<void> {
    for (let at = path.slice(0, path.lastIndexOf('/')); at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      if ((await this.client.exists(`${quotaPath(at)}/${LIMITS}`, options)) !== undefined) throw refuse(path, at);
    }
  }

  private async refuseBelow(path: string, options: CallOptions): Promise<void> {
    const pending = [path];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const names = await this.childrenOf(quotaPath(at), options);
      if (at !== path && names.includes(LIMITS)) throw refuse(path, at);
      for (const name of names) if (name !== LIMITS && name !== STATS) pending.push(`${at}/${name}`);
    }
  }

  private async childrenOf(path: string, options: CallOptions): Promise<string[]> {
    try {
      return await this.client.getChildren(path, options);
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return [];
      throw error;
    }
  }

  private async read(path: string, options: CallOptions): Promise<Map<string, bigint> | undefined> {
    try {
      const { data } = await this.client.getData(path, options);
      return parse(data?.toString() ?? '');
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
      throw error;
    }
  }

  private async ensure(path: string, data: string, options: CallOptions): Promise<void> {
    try {
      await this.client.create(path, data, options);
    } catch (error) {
      if (!isZooKeeperError(error, ErrorCode.nodeExists)) throw error;
    }
  }

  private async deleteIfThere(path: string, options: CallOptions): Promise<boolean> {
    try {
      await this.client.delete(path, options);
      return true;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode) || isZooKeeperError(error, ErrorCode.notEmpty)) return false;
      throw error;
    }
  }
}

function quotaPath(path: string): string {
  if (path === '/' || path.startsWith('/zookeeper')) {
    throw new ZooKeeperError(ErrorCode.badArguments, path, `no quota can stand at ${path}`);
  }
  return ROOT + path;
}

function refuse(path: string, at: string): ZooKeeperError {
  return new ZooKeeperError(ErrorCode.badArguments, path, `no quota at ${path}: there is one at ${at}`);
}

/** As Apache writes it: a stray "=" keeps servers before 3.7 from reading the hard limits. */
function textOf(limits: QuotaLimits, path: string): string {
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'bigint' && value >= 0n) continue;
    throw new ZooKeeperError(ErrorCode.badArguments, path, `quota of ${path}: ${name} is a bigint from 0n on`);
  }
  const { count = -1n, bytes = -1n, countHard, bytesHard } = limits;
  const hard = [
    ...(bytesHard === undefined ? [] : [`;${KEYS.bytesHard}=${bytesHard}`]),
    ...(countHard === undefined ? [] : [`;${KEYS.countHard}=${countHard}`]),
  ];
  return `count=${count},bytes=${bytes}${hard.length === 0 ? '' : '='}${hard.join('')}`;
}

function parse(text: string): Map<string, bigint> {
  const values = new Map<string, bigint>();
  for (const [, key = '', value = ''] of text.matchAll(/([A-Za-z]+)=(-?\d+)/g)) values.set(key, BigInt(value));
  return values;
}
