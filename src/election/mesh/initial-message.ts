import { printHostPort } from '../quorum/host-address.ts';
import { splitHostPorts } from '../quorum/server-spec.ts';

/**
 * The first message on an election connection, from the side that dials:
 *
 *   initial = sid                                        ; a long >= 0: servers before 3.5
 *           / version sid length addresses               ; long, long, int, that many bytes of UTF-8
 *   version = -65536                                     ; one address
 *           / -65535                                     ; addresses joined by "|" (ZOOKEEPER-3188, 3.6)
 *   addresses = host ":" port *( "|" host ":" port )     ; the sender's own election addresses
 *
 * The sid Long.MAX_VALUE is an observer without an id of its own.
 */
export const INITIAL_VERSION_1 = -65536;
export const INITIAL_VERSION_2 = -65535;
export const INITIAL_ADDRESSES_MAX = 2048;
/** Each may be dialled. */
const ADDRESSES_MAX = 16;
const ANONYMOUS_OBSERVER = 0x7fffffffffffffffn;

export interface ElectionAddress {
  readonly host: string;
  readonly port: number;
}

export interface InitialMessage {
  /** undefined: an observer without an id. */
  readonly sid: number | undefined;
  /** Where the sender listens; wildcard addresses, which say nothing, are left out. */
  readonly addresses: readonly ElectionAddress[];
  /** How many bytes it took; election messages follow. */
  readonly bytes: number;
}

/** undefined: not all of it is there yet; a text: why it is none. */
export function readInitialMessage(bytes: Buffer): InitialMessage | string | undefined {
  if (bytes.length < 8) return undefined;
  const first = bytes.readBigInt64BE(0);
  if (first >= 0n) {
    const sid = sidOf(first);
    return typeof sid === 'string' ? sid : { sid: sid.sid, addresses: [], bytes: 8 };
  }
  if (first !== BigInt(INITIAL_VERSION_1) && first !== BigInt(INITIAL_VERSION_2)) {
    return `unknown protocol version ${first}`;
  }
  if (bytes.length < 20) return undefined;
  const sid = sidOf(bytes.readBigInt64BE(8));
  if (typeof sid === 'string') return sid;
  const length = bytes.readInt32BE(16);
  if (length <= 0 || length > INITIAL_ADDRESSES_MAX) return `addresses of ${length} bytes`;
  if (bytes.length < 20 + length) return undefined;
  const addresses: ElectionAddress[] = [];
  for (const text of bytes.toString('utf8', 20, 20 + length).split('|')) {
    const fields = splitHostPorts(text);
    if (fields === undefined || fields.length !== 2) return `"${text}" is not host:port`;
    const [host, portText] = fields as [string, string];
    const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
    if (!(port <= 65535)) return `"${portText}" is not a port`;
    if (!isWildcard(host)) addresses.push({ host, port });
  }
  if (addresses.length > ADDRESSES_MAX) return `${addresses.length} addresses`;
  return { sid: sid.sid, addresses, bytes: 20 + length };
}

export function writeInitialMessage(sid: number, addresses: readonly ElectionAddress[], version: 1 | 2): Buffer {
  const sent = version === 1 ? addresses.slice(0, 1) : addresses;
  const text = sent.map((address) => printHostPort(address.host, address.port)).join('|');
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(20 + length);
  bytes.writeBigInt64BE(BigInt(version === 1 ? INITIAL_VERSION_1 : INITIAL_VERSION_2), 0);
  bytes.writeBigInt64BE(BigInt(sid), 8);
  bytes.writeInt32BE(length, 16);
  bytes.write(text, 20);
  return bytes;
}

function sidOf(value: bigint): { sid: number | undefined } | string {
  if (value === ANONYMOUS_OBSERVER) return { sid: undefined };
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? { sid: Number(value) }
    : `server id ${value} is out of range`;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}
