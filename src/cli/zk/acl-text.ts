import { type Acl, ErrorCode, Perm, ZooKeeperError } from '../../client/client.ts';
import { isNullText } from '../../jute/data-records.ts';

/**
 *   acl   = entry *( "," entry )
 *   entry = scheme ":" id ":" perms     the id may contain colons
 *   perms = *( "c" / "d" / "r" / "w" / "a" )
 */
const LETTERS: readonly (readonly [letter: string, bit: number])[] = [
  ['c', Perm.create],
  ['d', Perm.delete],
  ['r', Perm.read],
  ['w', Perm.write],
  ['a', Perm.admin],
];

/**
 * `complain` is told of each entry and letter that is wrong. Unlike Apache's shell, which drops those and goes on with
 * the rest, this refuses the whole list: half an ACL is another ACL.
 */
export function parseAcl(text: string, complain: (line: string) => void): Acl[] {
  const acl: Acl[] = [];
  let isWhole = true;
  for (const entry of text.split(',')) {
    const first = entry.indexOf(':');
    const last = entry.lastIndexOf(':');
    if (first === last) {
      complain(`${entry} does not have the form scheme:id:perm`);
      isWhole = false;
      continue;
    }
    let perms = 0;
    for (const letter of entry.slice(last + 1)) {
      const bit = LETTERS.find(([each]) => each === letter)?.[1];
      if (bit === undefined) {
        complain(`Unknown perm type: ${letter}`);
        isWhole = false;
      } else perms |= bit;
    }
    acl.push({ perms, id: { scheme: entry.slice(0, first), id: entry.slice(first + 1, last) } });
  }
  if (!isWhole) throw new ZooKeeperError(ErrorCode.invalidACL);
  return acl;
}

export function permsText(perms: number): string {
  return LETTERS.filter(([, bit]) => (perms & bit) !== 0)
    .map(([letter]) => letter)
    .join('');
}

export function aclLines(acl: readonly Acl[]): string[] {
  return acl.flatMap(({ perms, id }) => [`'${csv(id.scheme)},'${csv(id.id)}`, `: ${permsText(perms)}`]);
}

/** As `create` and `setAcl` take it. */
export function aclArgument(acl: readonly Acl[]): string {
  return acl.map(({ perms, id }) => `${id.scheme}:${id.id}:${permsText(perms)}`).join(',');
}

/** jute's text form escapes what would end a field. */
function csv(text: string): string {
  if (isNullText(text)) return '';
  return text.replaceAll(
    /[%,}\n\r\0]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
