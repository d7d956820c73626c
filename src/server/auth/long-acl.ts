import type { Acl, Id } from '../../jute/data-records.ts';
import { isWithin, parseAddress, parseRange, type Range } from './ip-provider.ts';

/**
 * A list of many entries, as checks want it: the addresses of scheme ip are parsed once, and the last answers are
 * remembered. A request asks the same of a list again and again: a multi of a thousand checks under one ACL. Lists are
 * never changed, and neither are the ids of a client: another id makes another list of ids.
 */
interface IpEntry {
  readonly perms: number;
  readonly range: Range;
}

export class LongAcl {
  private readonly ips: IpEntry[] = [];
  private readonly others: Acl[] = [];
  private askedIds: readonly Id[] | undefined = undefined;
  /** The answers by the permission asked for. */
  private readonly answers = new Map<number, boolean>();

  constructor(acl: readonly Acl[]) {
    for (const entry of acl) {
      if (entry.id.scheme !== 'ip') {
        this.others.push(entry);
        continue;
      }
      const range = parseRange(entry.id.id);
      if (range !== undefined) this.ips.push({ perms: entry.perms, range });
    }
  }

  /** `grants`: the verdict of a scheme's provider on one entry. */
  permits(perm: number, ids: readonly Id[], grants: (aclId: Id, ids: readonly Id[]) => boolean): boolean {
    if (ids !== this.askedIds) this.answers.clear();
    this.askedIds = ids;
    const remembered = this.answers.get(perm);
    if (remembered !== undefined) return remembered;
    const answer =
      this.permitsAddress(perm, ids) || this.others.some((e) => (e.perms & perm) !== 0 && grants(e.id, ids));
    this.answers.set(perm, answer);
    return answer;
  }

  private permitsAddress(perm: number, ids: readonly Id[]): boolean {
    if (this.ips.length === 0) return false;
    for (const { scheme, id } of ids) {
      const address = scheme === 'ip' ? parseAddress(id) : undefined;
      if (address !== undefined && this.ips.some((e) => (e.perms & perm) !== 0 && isWithin(address, e.range)))
        return true;
    }
    return false;
  }
}
