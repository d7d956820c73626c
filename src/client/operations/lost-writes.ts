import {
  readCreateRequest,
  readPathVersion,
  readSetAclRequest,
  readSetDataRequest,
} from '../../jute/client-records.ts';
import { CreateMode } from '../../jute/codes.ts';
import type { Acl, Stat } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { Chroot } from '../chroot.ts';
import { type Finding, NOT_DONE, UNKNOWN } from './operation.ts';

/**
 * Finds out what became of a write whose answer was lost. A write that was carried out has a zxid beyond everything
 * that its client had seen when it asked (`askedAfter`), so a node that has not changed since then proves that it was
 * not.
 *
 *   create, marked      a child whose name has the mark: done; none: not done
 *   create, ephemeral   there, of this session, and created since: done; else not done
 *   create, other       not there, or there before: not done; sequential: unknown if the parent's children changed since
 *   setData, version v  still v: not done; v + 1 with these bytes: done; v + 1 with others: not done; else unknown
 *   setData, any        unchanged since: not done; these bytes: done; else unknown
 *   setACL, version v   still v: not done; v + 1 with these entries: done; else unknown
 *   delete              there as before: not done; else unknown, for somebody else may have deleted it
 *
 * Somebody else who deletes a node in the moment between its creation and the look makes it be created once more. Somebody
 * who writes the very same bytes over the same version makes both believe that it was they; a transaction with a receipt
 * (menagerie/recipes) tells them apart.
 */
export interface Look {
  sync(path: string): Promise<void>;
  exists(path: string): Promise<Stat | undefined>;
  getData(path: string): Promise<{ data: Buffer | undefined; stat: Stat }>;
  getChildren(path: string): Promise<string[]>;
  getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }>;
  sessionId(): bigint;
}

export interface Created {
  readonly path: string;
  readonly stat: Stat;
}

export class LostWrites {
  private readonly look: Look;
  private readonly paths: Chroot;

  constructor(look: Look, paths: Chroot) {
    this.look = look;
    this.paths = paths;
  }

  async create(askedAfter: Zxid, body: Reader, withTTL: boolean, mark?: string): Promise<Finding<Created>> {
    const { path: serverPath, flags } = readCreateRequest(body, withTTL);
    const path = this.paths.clientPath(serverPath);
    await this.look.sync('/');
    const parent = parentOf(path);
    const before = await this.look.exists(parent);
    // Its answer was going to be noNode, and is when it is asked again.
    if (before === undefined) return NOT_DONE;
    if (mark !== undefined) {
      const name = (await this.look.getChildren(parent)).find((each) => each.includes(mark));
      return name === undefined ? NOT_DONE : this.found(parent === '/' ? `/${name}` : `${parent}/${name}`);
    }
    if (SEQUENTIAL.has(flags)) return before.pzxid <= askedAfter ? NOT_DONE : UNKNOWN;
    const stat = await this.look.exists(path);
    if (stat === undefined || stat.czxid <= askedAfter) return NOT_DONE;
    if (flags !== CreateMode.ephemeral) return UNKNOWN;
    return stat.ephemeralOwner === this.look.sessionId() ? { is: 'done', value: { path, stat } } : NOT_DONE;
  }

  async setData(askedAfter: Zxid, body: Reader): Promise<Finding<Stat>> {
    const { path: serverPath, data, version } = readSetDataRequest(body);
    const path = this.paths.clientPath(serverPath);
    await this.look.sync(path);
    if ((await this.look.exists(path)) === undefined) return UNKNOWN;
    const { data: there, stat } = await this.look.getData(path);
    if (stat.mzxid <= askedAfter || stat.version === version) return NOT_DONE;
    const isSame = Buffer.compare(there ?? NO_BYTES, data ?? NO_BYTES) === 0;
    if (version !== -1 && stat.version !== version + 1) return UNKNOWN;
    if (isSame) return { is: 'done', value: stat };
    return version === -1 ? UNKNOWN : NOT_DONE;
  }

  async setAcl(body: Reader): Promise<Finding<Stat>> {
    const { path: serverPath, acl, version } = readSetAclRequest(body);
    const path = this.paths.clientPath(serverPath);
    await this.look.sync(path);
    const { acl: there, stat } = await this.look.getAcl(path);
    if (version === -1) return UNKNOWN;
    if (stat.aversion === version) return NOT_DONE;
    if (stat.aversion !== version + 1) return UNKNOWN;
    // A server writes some entries in its own way (scheme auth), so others need not mean somebody else.
    return isDeepEqual(there, acl ?? []) ? { is: 'done', value: stat } : UNKNOWN;
  }

  async delete(askedAfter: Zxid, body: Reader): Promise<Finding<void>> {
    const path = this.paths.clientPath(readPathVersion(body).path);
    await this.look.sync('/');
    const stat = await this.look.exists(path);
    return stat !== undefined && stat.czxid <= askedAfter ? NOT_DONE : UNKNOWN;
  }

  private async found(path: string): Promise<Finding<Created>> {
    const stat = await this.look.exists(path);
    return stat === undefined ? UNKNOWN : { is: 'done', value: { path, stat } };
  }
}

const NO_BYTES = Buffer.alloc(0);

const SEQUENTIAL: ReadonlySet<number> = new Set([
  CreateMode.persistentSequential,
  CreateMode.ephemeralSequential,
  CreateMode.persistentSequentialWithTTL,
]);

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function isDeepEqual(some: readonly Acl[], others: readonly Acl[]): boolean {
  const textOf = (acl: readonly Acl[]): string => JSON.stringify(acl.map(({ perms, id }) => [perms, id.scheme, id.id]));
  return textOf(some) === textOf(others);
}
