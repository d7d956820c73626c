/**
 * Hosts as Java reads and prints them (InetAddress.getByName, InetSocketAddress.getHostString), since servers compare
 * each other's configurations as text. A numeric address has one spelling; a name stays as it was written.
 *
 *   IPv4    one to four decimal numbers, the last one filling what is left (127.1 is 127.0.0.1); leading zeros are
 *           decimal too; no hexadecimal
 *   IPv6    with or without brackets; printed in eight groups, no "::", no leading zeros; IPv4-mapped as IPv4. With the
 *           name of an interface behind it ("%eth0") it stays as written: so Java prints it on all machines but one
 */
export function canonicalHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare.includes(':')) return canonicalIpv6(bare) ?? (isZoned(bare) ? bare : host);
  return (bare === host && canonicalIpv4(host)) || host;
}

/** A numeric address, and no name that somebody resolves. */
export function isNumeric(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return canonicalIpv6(bare) !== undefined || isZoned(bare) || (bare === host && canonicalIpv4(host) !== undefined);
}

/** Every address of the machine, in either family. */
export function isAnyHost(canonical: string): boolean {
  return canonical === '0.0.0.0' || canonical === '0:0:0:0:0:0:0:0';
}

/** `host:port`, with brackets around an IPv6 address. */
export function printHostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Java reads nothing longer as an address. */
const LONGEST_IPV4 = 15;

function canonicalIpv4(text: string): string | undefined {
  if (text.length > LONGEST_IPV4 || !/^\d+(\.\d+){0,3}$/.test(text)) return undefined;
  const numbers = text.split('.').map(Number);
  const last = numbers.pop() as number;
  if (numbers.some((number) => number > 0xff) || last >= 0x100 ** (4 - numbers.length)) return undefined;
  for (let left = 3 - numbers.length; left >= 0; left--) numbers.push(Math.floor(last / 0x100 ** left) & 0xff);
  return numbers.join('.');
}

function canonicalIpv6(text: string): string | undefined {
  const [address, zone] = splitZone(text);
  const groups = ipv6Groups(address);
  if (groups === undefined || !/^(%\d+)?$/.test(zone)) return undefined;
  const [high, low] = groups.slice(6) as [number, number];
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff && zone === '') {
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  }
  return groups.map((group) => group.toString(16)).join(':') + zone;
}

/** With the name of an interface. */
function isZoned(text: string): boolean {
  const [address, zone] = splitZone(text);
  return ipv6Groups(address) !== undefined && /^%\S+$/.test(zone);
}

function splitZone(text: string): [address: string, zone: string] {
  const percent = text.indexOf('%');
  return percent < 0 ? [text, ''] : [text.slice(0, percent), text.slice(percent)];
}

function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = ipv6Half(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? ipv6Half(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** `isEnd`: the last piece may be an IPv4 address, for two groups. */
function ipv6Half(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const pieces = text.split(':');
  for (const [i, piece] of pieces.entries()) {
    if (/^0*[0-9a-f]{1,4}$/i.test(piece)) {
      groups.push(Number.parseInt(piece, 16));
      continue;
    }
    const dotted = isEnd && i === pieces.length - 1 && /^\d+\.\d+\.\d+\.\d+$/.test(piece);
    const ipv4 = dotted ? canonicalIpv4(piece) : undefined;
    if (ipv4 === undefined) return undefined;
    const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
    groups.push((a << 8) | b, (c << 8) | d);
  }
  return groups;
}
