// The records of the client protocol, of elections and of quorum streams, as zookeeper.jute lists them.
import { Bytes, encode, type Shape, type Shaped } from './jute.ts';

const id = { record: { scheme: 'string', id: 'string' } } as const satisfies Shape;
export const acl = { record: { perms: 'int', id } } as const satisfies Shape;
const acls = { vector: acl } as const satisfies Shape;
const strings = { vector: 'string' } as const satisfies Shape;
export const stat = {
  record: {
    czxid: 'long',
    mzxid: 'long',
    ctime: 'long',
    mtime: 'long',
    version: 'int',
    cversion: 'int',
    aversion: 'int',
    ephemeralOwner: 'long',
    dataLength: 'int',
    numChildren: 'int',
    pzxid: 'long',
  },
} as const satisfies Shape;

export type Stat = Shaped<typeof stat>;
export type Acl = Shaped<typeof acl>;

export const connectRequest = {
  record: { protocolVersion: 'int', lastZxidSeen: 'long', timeOut: 'int', sessionId: 'long', passwd: 'buffer' },
} as const satisfies Shape;
export const connectResponse = {
  record: { protocolVersion: 'int', timeOut: 'int', sessionId: 'long', passwd: 'buffer' },
} as const satisfies Shape;
export const requestHeader = { record: { xid: 'int', type: 'int' } } as const satisfies Shape;
export const replyHeader = { record: { xid: 'int', zxid: 'long', err: 'int' } } as const satisfies Shape;
export const watcherEvent = { record: { type: 'int', state: 'int', path: 'string' } } as const satisfies Shape;
export const multiHeader = { record: { type: 'int', done: 'bool', err: 'int' } } as const satisfies Shape;
export const errorResponse = { record: { err: 'int' } } as const satisfies Shape;

export const op = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
} as const;

export type OpName = keyof typeof op;

const pathWatch = { record: { path: 'string', watch: 'bool' } } as const satisfies Shape;
const pathOnly = { record: { path: 'string' } } as const satisfies Shape;
const pathVersion = { record: { path: 'string', version: 'int' } } as const satisfies Shape;
const pathType = { record: { path: 'string', type: 'int' } } as const satisfies Shape;
const createRequest = {
  record: { path: 'string', data: 'buffer', acl: acls, flags: 'int' },
} as const satisfies Shape;
const empty = { record: {} } as const satisfies Shape;

/** What follows the request header, by operation; multi and multiRead are framed by encodeMulti. */
export const requestShape = {
  create: createRequest,
  create2: createRequest,
  createContainer: createRequest,
  createTTL: { record: { path: 'string', data: 'buffer', acl: acls, flags: 'int', ttl: 'long' } },
  delete: pathVersion,
  exists: pathWatch,
  getData: pathWatch,
  setData: { record: { path: 'string', data: 'buffer', version: 'int' } },
  getACL: pathOnly,
  setACL: { record: { path: 'string', acl: acls, version: 'int' } },
  getChildren: pathWatch,
  getChildren2: pathWatch,
  sync: pathOnly,
  ping: empty,
  check: pathVersion,
  reconfig: { record: { joining: 'string', leaving: 'string', newMembers: 'string', curConfigId: 'long' } },
  checkWatches: pathType,
  removeWatches: pathType,
  deleteContainer: { record: { path: 'string' } },
  auth: { record: { type: 'int', scheme: 'string', auth: 'buffer' } },
  setWatches: { record: { relativeZxid: 'long', data: strings, exist: strings, child: strings } },
  setWatches2: {
    record: {
      relativeZxid: 'long',
      data: strings,
      exist: strings,
      child: strings,
      persistent: strings,
      recursive: strings,
    },
  },
  sasl: { record: { token: 'buffer' } },
  getEphemerals: pathOnly,
  getAllChildrenNumber: pathOnly,
  addWatch: { record: { path: 'string', mode: 'int' } },
  whoAmI: empty,
  createSession: { record: { timeout: 'int' } },
  closeSession: empty,
} as const satisfies { [name in Exclude<OpName, 'multi' | 'multiRead'>]: Shape };

const withStat = { record: { stat } } as const satisfies Shape;
const pathStat = { record: { path: 'string', stat } } as const satisfies Shape;

/** What follows a successful reply header, by operation; absent: nothing follows. */
export const responseShape: { readonly [name in OpName]?: Shape } = {
  create: pathOnly,
  create2: pathStat,
  createContainer: pathStat,
  createTTL: pathStat,
  exists: withStat,
  getData: { record: { data: 'buffer', stat } },
  setData: withStat,
  getACL: { record: { acl: acls, stat } },
  setACL: withStat,
  getChildren: { record: { children: strings } },
  getChildren2: { record: { children: strings, stat } },
  sync: pathOnly,
  reconfig: { record: { data: 'buffer', stat } },
  sasl: { record: { token: 'buffer' } },
  getEphemerals: { record: { ephemerals: strings } },
  getAllChildrenNumber: { record: { totalNumber: 'int' } },
  addWatch: errorResponse,
  whoAmI: { record: { clientInfo: { vector: { record: { authScheme: 'string', user: 'string' } } } } },
};

export type RequestOf<N extends keyof typeof requestShape> = Shaped<(typeof requestShape)[N]>;

export function encodeRequest<N extends keyof typeof requestShape>(name: N, fields: RequestOf<N>): Buffer {
  return encode(requestShape[name], fields as Shaped<(typeof requestShape)[N]>);
}

export interface Part {
  readonly type: number;
  readonly body: Buffer;
}

export function encodeMulti(parts: readonly Part[]): Buffer {
  const out: Buffer[] = [];
  for (const part of parts) out.push(encode(multiHeader, { type: part.type, done: false, err: -1 }), part.body);
  out.push(encode(multiHeader, { type: -1, done: true, err: -1 }));
  return Buffer.concat(out);
}

export interface MultiResult {
  readonly type: number;
  readonly err: number;
  readonly value: unknown;
}

const multiResultShape: { readonly [type: number]: Shape } = {
  1: pathOnly,
  2: empty,
  4: { record: { data: 'buffer', stat } },
  5: withStat,
  8: { record: { children: strings } },
  13: empty,
  15: pathStat,
  [-1]: errorResponse,
};

export function decodeMulti(bytes: Bytes): MultiResult[] {
  const out: MultiResult[] = [];
  for (;;) {
    const header = bytes.read(multiHeader);
    if (header.done) return out;
    const shape = multiResultShape[header.type];
    if (shape === undefined) throw new Error(`a multi answered with type ${header.type}`);
    out.push({ type: header.type, err: header.err, value: bytes.read(shape) });
  }
}

/** The body of a successful reply as plain values; throws when bytes are left over or missing. */
export function decodeResponse(name: OpName, body: Buffer): unknown {
  const bytes = new Bytes(body);
  let value: unknown = null;
  if (name === 'multi' || name === 'multiRead') value = decodeMulti(bytes);
  else {
    const shape = responseShape[name];
    if (shape !== undefined) value = bytes.read(shape);
  }
  if (bytes.left !== 0) throw new Error(`${bytes.left} bytes after the ${name} response`);
  return value;
}

export const openAcl: Acl[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
