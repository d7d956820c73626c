import type { Fields } from '../conversation/seen.ts';

/** One thing that was seen between a client and a server. */
export interface Entry {
  /** Whole ms since 1970. */
  readonly time: number;
  /** Counted from 1 as they come. */
  readonly connection: number;
  /**
   * open, close: the connection. session: the server gave or confirmed one. call: a request and its answer. event: of a watch.
   * plain: bytes of no session. difference: the second server answered otherwise.
   */
  readonly kind: 'open' | 'session' | 'call' | 'event' | 'plain' | 'difference' | 'close';
  /** `create`, `nodeDeleted`; of a session its id. */
  readonly name: string;
  readonly path?: string | undefined;
  /** `noNode`; undefined where all went well. */
  readonly error?: string | undefined;
  /** From the request to its answer. */
  readonly ms?: number | undefined;
  readonly fields?: Fields | undefined;
  /** The request as it went over the wire, base64; only where it was asked for, and never a credential. */
  readonly frame?: string | undefined;
}

/** The entries that are wanted; all, where nothing is said. */
export interface EntryFilter {
  readonly ops?: readonly string[] | undefined;
  /** A whole path, or all below it with `/**` at the end. */
  readonly path?: string | undefined;
  readonly onlyErrors?: boolean | undefined;
  readonly pings?: boolean | undefined;
}

export function isWanted(entry: Entry, { ops, path, onlyErrors = false, pings = false }: EntryFilter): boolean {
  if (entry.kind === 'difference') return true;
  if (entry.name === 'ping' && !pings) return false;
  if (onlyErrors && entry.error === undefined) return false;
  if (ops !== undefined && !ops.includes(entry.name)) return false;
  if (path === undefined) return true;
  if (entry.path === undefined) return false;
  return path.endsWith('/**') ? entry.path.startsWith(path.slice(0, -2)) : entry.path === path;
}

/** The same without the data of its node. */
export function withoutData(entry: Entry): Entry {
  if (entry.fields?.data === undefined) return entry;
  const { data: _data, ...fields } = entry.fields;
  return { ...entry, fields };
}
