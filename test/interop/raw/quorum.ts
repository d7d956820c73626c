// What servers say to each other, as the judge reads it: election handshakes and votes, quorum packets, and the raw
// snapshot that follows SNAP.
import { Bytes, type Shape } from './jute.ts';

const id = { record: { scheme: 'string', id: 'string' } } as const satisfies Shape;
export const quorumPacket = {
  record: { type: 'int', zxid: 'long', data: 'buffer', authinfo: { vector: id } },
} as const satisfies Shape;
export const txnHeader = {
  record: { clientId: 'long', cxid: 'int', zxid: 'long', time: 'long', type: 'int' },
} as const satisfies Shape;
const statPersisted = {
  record: {
    czxid: 'long',
    mzxid: 'long',
    ctime: 'long',
    mtime: 'long',
    version: 'int',
    cversion: 'int',
    aversion: 'int',
    ephemeralOwner: 'long',
    pzxid: 'long',
  },
} as const satisfies Shape;

export const packetName: { readonly [type: number]: string } = {
  1: 'REQUEST',
  2: 'PROPOSAL',
  3: 'ACK',
  4: 'COMMIT',
  5: 'PING',
  6: 'REVALIDATE',
  7: 'SYNC',
  8: 'INFORM',
  9: 'COMMITANDACTIVATE',
  10: 'NEWLEADER',
  11: 'FOLLOWERINFO',
  12: 'UPTODATE',
  13: 'DIFF',
  14: 'TRUNC',
  15: 'SNAP',
  16: 'OBSERVERINFO',
  17: 'LEADERINFO',
  18: 'ACKEPOCH',
  19: 'INFORMANDACTIVATE',
};

/** The length of what `read` takes from the front of the bytes, or 0 while they are not all there. */
function lengthOf(bytes: Buffer, read: (bytes: Bytes) => void): number {
  const reader = new Bytes(bytes);
  try {
    read(reader);
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
  return reader.offset;
}

export function packetLength(bytes: Buffer): number {
  return lengthOf(bytes, (reader) => reader.read(quorumPacket));
}

/** The stream after SNAP: sessions, ACL map, nodes up to "/", then the words BenWasHere. */
export function snapshotLength(bytes: Buffer): number {
  return lengthOf(bytes, (reader) => {
    for (let left = reader.read('int'); left > 0; left--) reader.read({ record: { id: 'long', timeout: 'int' } });
    for (let left = reader.read('int'); left > 0; left--) {
      reader.read({ record: { id: 'long', acl: { vector: { record: { perms: 'int', id } } } } });
    }
    while (reader.read('string') !== '/') {
      reader.read({ record: { data: 'buffer', acl: 'long', stat: statPersisted } });
    }
    reader.read('string');
  });
}

export interface Vote {
  readonly state: number;
  readonly leader: string;
  readonly zxid: string;
  readonly electionEpoch: string;
  readonly peerEpoch: string;
  readonly version: number;
  readonly config: string;
}

export function decodeVote(body: Buffer): Vote {
  const reader = new Bytes(body);
  const state = reader.read('int');
  const [leader, zxid, electionEpoch, peerEpoch] = [0, 1, 2, 3].map(() => String(reader.read('long')));
  if (leader === undefined || zxid === undefined || electionEpoch === undefined || peerEpoch === undefined) {
    throw new RangeError('a vote has four longs');
  }
  const version = reader.read('int');
  return { state, leader, zxid, electionEpoch, peerEpoch, version, config: reader.read('string') ?? '' };
}
