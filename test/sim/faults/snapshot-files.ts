import { adler32 } from '../../../src/txnlog/adler32.ts';

/**
 * Snapshot files as others write them: taken apart and put together again by hand, so that nothing here knows what
 * src/txnlog takes for granted.
 */
const SEAL_BYTES = 13;
/** Of a file of 3.9: seal, digest part, seal, last zxid, seal. */
const TRAILER_BYTES = 3 * SEAL_BYTES + 20 + 8;

export interface SnapshotParts {
  /** Header and tree. */
  readonly body: Buffer;
  /** zxid, version 2, digest. */
  readonly digest: Buffer;
  readonly lastZxid: Buffer;
}

export function partsOf(file: Buffer): SnapshotParts {
  const end = file.length - TRAILER_BYTES;
  const digestAt = end + SEAL_BYTES;
  return {
    body: file.subarray(0, end),
    digest: file.subarray(digestAt, digestAt + 20),
    lastZxid: file.subarray(digestAt + 20 + SEAL_BYTES, digestAt + 28 + SEAL_BYTES),
  };
}

/** Each part with a seal over everything before it. */
export function sealed(...parts: Buffer[]): Buffer {
  let file: Buffer = Buffer.alloc(0);
  for (const part of parts) {
    file = Buffer.concat([file, part]);
    file = Buffer.concat([file, sealOf(adler32(file))]);
  }
  return file;
}

export function sealOf(checksum: number): Buffer {
  const seal = Buffer.from('\0\0\0\0\0\0\0\0\0\0\0\u0001/', 'latin1');
  seal.writeUInt32BE(checksum, 4);
  return seal;
}

export function digestOfVersion1(zxid: bigint, text: string, length = text.length): Buffer {
  const part = Buffer.alloc(16 + text.length);
  part.writeBigInt64BE(zxid, 0);
  part.writeInt32BE(1, 8);
  part.writeInt32BE(length, 12);
  part.write(text, 16, 'latin1');
  return part;
}

export const SNAPPY_HEADER = Buffer.from('\x82SNAPPY\0\0\0\0\u0001\0\0\0\u0001', 'latin1');

/** A block with its length before it. */
export function snappyFrame(block: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(block.length);
  return Buffer.concat([length, block]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left & 0x7f) | 0x80);
  return Buffer.from([...bytes, left]);
}

/** Every form that the format has: literals with lengths of all widths, copies with offsets of all widths. */
export function snappyOfAllForms(bytes: Buffer): Buffer {
  const frames: Buffer[] = [SNAPPY_HEADER];
  for (let at = 0; at < bytes.length; at += 700) {
    // Appended to by somebody who began anew.
    if (at === 700) frames.push(SNAPPY_HEADER);
    frames.push(snappyFrame(blockOfAllForms(bytes.subarray(at, at + 700))));
  }
  return Buffer.concat(frames);
}

function blockOfAllForms(bytes: Buffer): Buffer {
  const out: Buffer[] = [varint(bytes.length)];
  let form = 0;
  let at = 0;
  while (at < bytes.length) {
    const run = at === 0 ? 0 : runAt(bytes, at);
    if (run >= 4) {
      out.push(copyOfOffset1(++form % 3, run));
      at += run;
      continue;
    }
    const end = Math.min(at + 1 + (form % 40), bytes.length);
    out.push(literal(bytes.subarray(at, end), ++form % 5));
    at = end;
  }
  return Buffer.concat(out);
}

/** How many bytes from `at` on, 11 at most, are the one before. */
function runAt(bytes: Buffer, at: number): number {
  let length = 0;
  while (length < 11 && at + length < bytes.length && bytes[at + length] === bytes[at - 1]) length++;
  return length;
}

function copyOfOffset1(form: number, length: number): Buffer {
  if (form === 0) return Buffer.from([((length - 4) << 2) | 1, 1]);
  if (form === 1) return Buffer.from([((length - 1) << 2) | 2, 1, 0]);
  return Buffer.from([((length - 1) << 2) | 3, 1, 0, 0, 0]);
}

function literal(bytes: Buffer, lengthBytes: number): Buffer {
  if (lengthBytes === 0) return Buffer.concat([Buffer.from([(bytes.length - 1) << 2]), bytes]);
  const head = Buffer.alloc(1 + lengthBytes);
  head[0] = (59 + lengthBytes) << 2;
  head.writeUIntLE(bytes.length - 1, 1, lengthBytes);
  return Buffer.concat([head, bytes]);
}

interface NodeAt {
  readonly path: string;
  readonly bytes: Buffer;
}

const STAT_BYTES = 60;
/** The list that no table has. */
const OPEN_ACL = -1n;

/** Why a snapshot that is not packed cannot be loaded, whatever is behind its first seal; undefined: it can. */
export function defectOf(file: Buffer): string | undefined {
  try {
    const { end, unknownAcls } = takenApart(file);
    if (unknownAcls > 0) return `${unknownAcls} nodes have an access list that is not there`;
    return sealOf(adler32(file.subarray(0, end))).equals(file.subarray(end, end + SEAL_BYTES)) ? undefined : 'no seal';
  } catch (error) {
    if (error instanceof RangeError) return 'it ends too early';
    throw error;
  }
}

interface BodyParts {
  /** Sessions and ACLs, ... */
  readonly before: Buffer;
  /** ... each node, ... */
  readonly nodes: readonly NodeAt[];
  /** ... and where the body ends. */
  readonly end: number;
  /** Ids of access lists that a node has and the table does not. */
  readonly unknownAcls: number;
}

function takenApart(body: Buffer): BodyParts {
  let at = 16;
  const int = (): number => {
    at += 4;
    return body.readInt32BE(at - 4);
  };
  const buffer = (): Buffer => {
    const length = int();
    at += Math.max(0, length);
    return body.subarray(at - Math.max(0, length), at);
  };
  const sessions = int();
  at += sessions * 12;
  const known = new Set([OPEN_ACL]);
  let unknownAcls = 0;
  for (let acls = int(); acls > 0; acls--) {
    known.add(body.readBigInt64BE(at));
    at += 8;
    for (let entries = int(); entries > 0; entries--) {
      at += 4;
      buffer();
      buffer();
    }
  }
  const before = body.subarray(0, at);
  const nodes: NodeAt[] = [];
  for (;;) {
    const start = at;
    const path = buffer().toString();
    if (path === '/') return { before, nodes, end: at, unknownAcls };
    buffer();
    if (!known.has(body.readBigInt64BE(at))) unknownAcls++;
    at += 8 + STAT_BYTES;
    nodes.push({ path, bytes: body.subarray(start, at) });
  }
}

/**
 * A snapshot that was written while the tree changed, as Apache's are: the first nodes are as they were in `early`, with
 * its sessions and ACLs, and what came after them as in `late`, with its digest. `share` of the nodes are early.
 */
export function fuzzy(early: Buffer, late: Buffer, share: number): Buffer {
  const { before, nodes } = takenApart(partsOf(early).body);
  const later = partsOf(late);
  const first = nodes.slice(0, Math.max(1, Math.floor(nodes.length * share)));
  const known = new Set(first.map(({ path }) => path));
  const rest = takenApart(later.body).nodes.filter(({ path }) => !known.has(path));
  const end = Buffer.from('\0\0\0\u0001/', 'latin1');
  const body = Buffer.concat([before, ...first.map(({ bytes }) => bytes), ...rest.map(({ bytes }) => bytes), end]);
  return sealed(body, later.digest, later.lastZxid);
}
