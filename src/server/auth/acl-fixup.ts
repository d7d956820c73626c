import { ErrorCode } from '../../jute/codes.ts';
import { type Acl, type Id, isNullText } from '../../jute/data-records.ts';
import { ACL_ENTRIES_MAX } from './auth-limits.ts';
import type { AuthRegistry } from './auth-registry.ts';

/**
 * The ACL a node is given, from the one a client asked for: PrepRequestProcessor.fixupACL. Duplicates go, `auth:`
 * becomes the ids the session has proved, everything else must be of a known scheme and well formed.
 *
 * Longer than ACL_ENTRIES_MAX it is INVALIDACL.
 *
 * Returns the list or an error: INVALIDACL, and MARSHALLINGERROR where Apache fails with an exception on a null id.
 */
export function fixupAcl(
  requested: readonly Acl[] | undefined,
  authIds: readonly Id[],
  auth: AuthRegistry,
): Acl[] | number {
  if (requested === undefined || requested.length === 0) return ErrorCode.invalidACL;
  const unique = withoutDuplicates(requested);
  if (unique.length > ACL_ENTRIES_MAX) return ErrorCode.invalidACL;
  const fixed: Acl[] = [];
  let proved: readonly Id[] | undefined;
  for (const entry of unique) {
    const { scheme, id } = entry.id;
    if (isNullText(scheme)) return ErrorCode.invalidACL;
    if (scheme === 'auth') {
      proved ??= authIds.filter((each) => auth.get(each.scheme)?.isAuthenticated === true);
      if (proved.length === 0) return ErrorCode.invalidACL;
      // Before and not after: each `auth:` becomes as many as the client has proved.
      if (fixed.length + proved.length > ACL_ENTRIES_MAX) return ErrorCode.invalidACL;
      for (const each of proved) fixed.push({ perms: entry.perms, id: each });
      continue;
    }
    if (scheme === 'world') {
      if (isNullText(id)) return ErrorCode.marshallingError;
      if (id !== 'anyone') return ErrorCode.invalidACL;
    } else {
      const provider = auth.get(scheme);
      if (provider === undefined) return ErrorCode.invalidACL;
      if (isNullText(id)) return ErrorCode.marshallingError;
      if (!provider.isValid(id)) return ErrorCode.invalidACL;
    }
    fixed.push(entry);
  }
  return fixed.length > ACL_ENTRIES_MAX ? ErrorCode.invalidACL : fixed;
}

function withoutDuplicates(acl: readonly Acl[]): readonly Acl[] {
  if (acl.length === 1) return acl;
  // A set and not a comparison of pairs: one frame holds eighty thousand entries.
  const seen = new Set<string>();
  const unique: Acl[] = [];
  for (const entry of acl) {
    const key = `${entry.perms} ${entry.id.scheme.length} ${entry.id.scheme}${entry.id.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    unique.push(entry);
  }
  return unique;
}
