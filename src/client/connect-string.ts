import { ErrorCode } from '../jute/codes.ts';
import { ZooKeeperError } from './errors.ts';

/**
 *   connect-string = host *( "," host ) [ chroot ]
 *   host           = name | IPv4 | "[" IPv6 "]" | IPv6, each with an optional ":" port (2181)
 *   chroot         = "/" path
 */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectString {
  readonly servers: readonly ServerAddress[];
  /** "" for none; otherwise begins with "/" and does not end with one. */
  readonly chroot: string;
}

const DEFAULT_PORT = 2181;

export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const chroot = slash === -1 ? '' : text.slice(slash);
  if (chroot.length > 1 && (chroot.endsWith('/') || chroot.includes('//')))
    throw refuse(text, `no such path as ${chroot}`);
  const servers = (slash === -1 ? text : text.slice(0, slash))
    .split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
    .map((piece) => parseServer(piece, text));
  if (servers.length === 0) throw refuse(text, 'it names no server');
  return { servers, chroot: chroot === '/' ? '' : chroot };
}

function parseServer(piece: string, text: string): ServerAddress {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(piece);
  const plain = bracketed ?? /^([^:]+)(?::(\d+))?$/.exec(piece);
  // More than one colon without brackets: an IPv6 address, which leaves no room for a port.
  if (plain === null && /^[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-zA-F:.%]*$/.test(piece))
    return { host: piece, port: DEFAULT_PORT };
  const port = plain?.[2] === undefined ? DEFAULT_PORT : Number(plain[2]);
  if (plain === null || !(port <= 65535)) throw refuse(text, `"${piece}" is not host:port`);
  return { host: plain[1] as string, port };
}

function refuse(text: string, why: string): ZooKeeperError {
  return new ZooKeeperError(ErrorCode.badArguments, undefined, `connect string "${text}": ${why}`);
}
