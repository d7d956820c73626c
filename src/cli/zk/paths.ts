import { CliError } from './cli-error.ts';

/** Paths, judged before they are sent, with the sentences of Apache's client. */

/** Throws CliError. A sequential node's path may end in "/": a number follows. */
export function checkPath(path: string, isSequential = false): string {
  const defect = pathDefect(isSequential ? `${path}1` : path);
  if (defect !== undefined) throw new CliError(defect);
  return path;
}

function pathDefect(path: string): string | undefined {
  if (path === '') return 'Path length must be > 0';
  if (!path.startsWith('/')) return 'Path must start with / character';
  if (path === '/') return undefined;
  if (path.endsWith('/')) return 'Path must not end with / character';
  const invalid = (why: string, at: number): string => `Invalid path string "${path}" caused by ${why} @${at}`;
  let start = 1;
  for (let at = 1; at <= path.length; at++) {
    const char = path[at] ?? '/';
    if (char === '\0') return invalid('null character not allowed', at);
    if (isUnprintable(char.charCodeAt(0))) return invalid('invalid character', at);
    if (char !== '/') continue;
    const name = path.slice(start, at);
    if (name === '') return invalid('empty node name specified', at);
    if (name === '.' || name === '..') return invalid('relative paths not allowed', at - 1);
    start = at + 1;
  }
  return undefined;
}

function isUnprintable(code: number): boolean {
  return (
    (code > 0x0000 && code <= 0x001f) ||
    (code >= 0x007f && code <= 0x009f) ||
    (code >= 0xd800 && code <= 0xf8ff) ||
    (code >= 0xfff0 && code <= 0xffff)
  );
}

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** "/" for a child of the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
