import { Perm } from '../../jute/codes.ts';
import type { Acl } from '../../jute/data-records.ts';

const LETTERS = [
  ['c', Perm.create],
  ['d', Perm.delete],
  ['r', Perm.read],
  ['w', Perm.write],
  ['a', Perm.admin],
] as const;

/**
 * The list as ZKUtil.aclToString has it, one entry right behind the other: `world:anyone:cdrwa`. Hashes of digest ids are
 * masked, as getACL masks them: a log has more readers than a node.
 */
export function aclText(acl: readonly Acl[] | undefined): string {
  return (acl ?? [])
    .map(({ perms, id: { scheme, id } }) => {
      const colon = scheme === 'digest' ? id.indexOf(':') : -1;
      const shown = colon === -1 ? id : `${id.slice(0, colon)}:x`;
      const letters = LETTERS.filter(([, bit]) => (perms & bit) !== 0).map(([letter]) => letter);
      return `${scheme}:${shown}:${letters.join('')}`;
    })
    .join('');
}
