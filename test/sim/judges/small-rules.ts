import { createHash } from 'node:crypto';
import { ErrorCode } from '../../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';

/**
 * The rules of ZooKeeper's documentation about paths, ACLs and quotas, in its own words and without production code.
 */

// Paths

export function isPath(path: string): boolean {
  if (path === '/') return true;
  if (!path.startsWith('/')) return false;
  for (const name of path.slice(1).split('/')) if (name === '' || name === '.' || name === '..') return false;
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return false;
    if ((unit >= 0xd800 && unit <= 0xf8ff) || unit >= 0xfff0) return false;
  }
  return true;
}

/** Where a create or delete looks for the parent, before anybody asks whether the path is one. */
export function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  if (slash < 0 || path.includes('\0')) return undefined;
  return slash === 0 ? '/' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function isReserved(path: string): boolean {
  return ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'].includes(path);
}

// Who may do what

export function digestId(credentials: string): string {
  const user = credentials.split(':')[0] ?? '';
  return `${user}:${createHash('sha1').update(credentials).digest('base64')}`;
}

/** `ids` as `scheme:id`. */
export function isGranted(acl: readonly Acl[], perm: number, ids: readonly string[]): boolean {
  return acl.some(({ perms, id }) => {
    if ((perms & perm) === 0) return false;
    if (id.scheme === 'world') return true;
    if (id.scheme === 'ip' && id.id === ALL_HOSTS) return true;
    return ids.includes(`${id.scheme}:${id.id}`);
  });
}

/** All machines of a simulated world. */
export const ALL_HOSTS = '10.0.0.0/8';

/** The list that a node is given when this is asked for. */
export function grantedAcl(asked: readonly Acl[] | undefined, ids: readonly string[]): readonly Acl[] | number {
  const acl = asked ?? OPEN_ACL_UNSAFE;
  if (acl.length === 0) return ErrorCode.invalidACL;
  const granted = new Map<string, Acl>();
  for (const entry of acl) {
    const { scheme, id } = entry.id;
    if (scheme === 'auth') {
      const proved = ids.filter((each) => each.startsWith('digest:'));
      if (proved.length === 0) return ErrorCode.invalidACL;
      for (const each of proved) {
        const own = { perms: entry.perms, id: { scheme: 'digest', id: each.slice('digest:'.length) } };
        granted.set(`auth ${aclText(own)}`, own);
      }
      continue;
    }
    const isKnown =
      (scheme === 'world' && id === 'anyone') ||
      (scheme === 'digest' && /^[^:]*:[^:]+$/.test(id)) ||
      (scheme === 'ip' && /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(id));
    if (!isKnown) return ErrorCode.invalidACL;
    granted.set(aclText(entry), entry);
  }
  return [...granted.values()];
}

export function aclText({ perms, id }: Acl): string {
  return `${perms}:${id.scheme}:${id.id}`;
}

// Quotas

export interface Usage {
  readonly limits: string | undefined;
  readonly stats: string | undefined;
}

/** OK, QUOTAEXCEEDED, or what comes of text that is none. */
export function quotaAnswer({ limits, stats }: Usage, bytes: number, count: number): number {
  const allowed = numbersOf(limits);
  if (allowed === undefined) return ErrorCode.marshallingError;
  const at = (key: string): number => allowed.get(key) ?? -1;
  const checks = [
    { delta: count, soft: at('count'), hard: at('countHardLimit'), used: 'count' },
    { delta: bytes, soft: at('bytes'), hard: at('byteHardLimit'), used: 'bytes' },
  ].filter(({ delta, soft, hard }) => delta !== 0 && (soft > -1 || hard > -1));
  if (checks.length === 0 || stats === undefined) return ErrorCode.ok;
  const usage = numbersOf(stats);
  if (usage === undefined) return ErrorCode.marshallingError;
  const isOver = checks.some(({ delta, hard, used }) => hard > -1 && (usage.get(used) ?? -1) + delta > hard);
  return isOver ? ErrorCode.quotaExceeded : ErrorCode.ok;
}

export function numbersOf(text: string | undefined): Map<string, number> | undefined {
  if (text === undefined) return undefined;
  const numbers = new Map<string, number>();
  for (const pair of text.split(/[,;]+/)) {
    const match = /^(\w+)=(-?\d+)=?$/.exec(pair);
    if (match === null) return undefined;
    numbers.set(match[1] as string, Number(match[2]));
  }
  return numbers;
}
