import { parseJavaInt } from './java-text.ts';
import type { AuthAnswer, AuthProvider } from './provider.ts';

/**
 * Scheme ip: the id is the client's address, an ACL names `address` or `address/bits`. Every connection has its
 * address among its ids from the start; an auth packet of this scheme adds it once more, which changes nothing.
 */
export class IpProvider implements AuthProvider {
  readonly scheme = 'ip';
  readonly isAuthenticated = false;

  authenticate(_data: Buffer | undefined, remoteAddress: string): AuthAnswer {
    return [{ scheme: this.scheme, id: javaAddress(remoteAddress) }];
  }

  isValid(aclId: string): boolean {
    return parseRange(aclId) !== undefined;
  }

  matches(id: string, aclId: string): boolean {
    const range = parseRange(aclId);
    const address = parseAddress(id);
    return range !== undefined && address !== undefined && isWithin(address, range);
  }

  userName(id: string): string {
    return id;
  }
}

/**
 * A peer's address as Java prints it: IPv4 in IPv6 as plain IPv4, IPv6 as eight groups without zero compression.
 * ACLs are compared as bytes, but whoAmI and Apache peers see the text.
 */
export function javaAddress(remoteAddress: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress);
  if (mapped !== null) return mapped[1] as string;
  const percent = remoteAddress.indexOf('%');
  const zone = percent === -1 ? '' : remoteAddress.slice(percent);
  const plain = percent === -1 ? remoteAddress : remoteAddress.slice(0, percent);
  if (!plain.includes(':')) return remoteAddress;
  const bytes = parseV6(plain);
  if (bytes === undefined) return remoteAddress;
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((((bytes[i] as number) << 8) | (bytes[i + 1] as number)).toString(16));
  return groups.join(':') + zone;
}

/** An address, and how many of its bits have to be another's. */
export interface Range {
  readonly address: Uint8Array;
  readonly bits: number;
}

/** The ACL id of scheme ip; undefined when it names no address. */
export function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash === -1) return { address, bits: address.length * 8 };
  const bits = parseJavaInt(text.slice(slash + 1), 10);
  if (bits === undefined || bits < 0 || bits > address.length * 8) return undefined;
  return { address, bits };
}

export function parseAddress(text: string): Uint8Array | undefined {
  if (text.includes(':')) return parseV6(text);
  return text.includes('.') ? parseV4(text) : undefined;
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const value = parseJavaInt(parts[i] as string, 10);
    if (value === undefined || value < 0 || value > 255) return undefined;
    bytes[i] = value;
  }
  return bytes;
}

/** Apache's grammar, not RFC 4291's: no embedded IPv4, and a sign passes where Integer.parseInt lets it. */
function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] as string);
  const tail = halves.length === 2 ? groupsOf(halves[1] as string) : [];
  if (halves.length === 1 ? head.length !== 8 : head.length + tail.length >= 8) return undefined;
  const bytes = new Uint8Array(16);
  if (!putGroups(bytes, 0, head) || !putGroups(bytes, 16 - tail.length * 2, tail)) return undefined;
  return bytes;
}

function groupsOf(half: string): string[] {
  return half === '' ? [] : half.split(':');
}

function putGroups(bytes: Uint8Array, start: number, groups: string[]): boolean {
  let at = start;
  for (const group of groups) {
    const value = group.length > 4 ? undefined : parseJavaInt(group, 16);
    if (value === undefined) return false;
    bytes[at++] = value >> 8;
    bytes[at++] = value;
  }
  return true;
}

export function isWithin(address: Uint8Array, range: Range): boolean {
  return address.length === range.address.length && samePrefix(address, range.address, range.bits);
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return ((a[whole] as number) & mask) === ((b[whole] as number) & mask);
}
