import type { Zxid } from '../../jute/zxid.ts';

/**
 * The one message of leader election, as it travels after its length:
 *
 *   notification = state leader zxid round peerEpoch version configLength config
 *   state        = int      ; 0 looking, 1 following, 2 leading, 3 observing
 *   leader, zxid, round, peerEpoch = long
 *   version      = int      ; 2
 *   config       = configLength bytes of UTF-8 (quorum/quorum-config.ts)
 *
 * Older peers stop earlier: after round (28 bytes; the epoch is the zxid's), or they send 40 bytes, whose last int
 * Apache does not read as a version, so it counts as 0; version 1 has no config. A message that is neither is not a
 * notification, and it alone is dropped: the stream it came on is in step and stays (ZOOKEEPER-3769).
 */
export type PeerState = 'looking' | 'following' | 'leading' | 'observing';

export interface Notification {
  readonly state: PeerState;
  /** Server id the sender votes for or follows; -(2^63) from an observer. */
  readonly leader: number;
  /** Of that leader when it was voted for. */
  readonly zxid: Zxid;
  /** The sender's election round, its "logical clock", any long; Apache calls the field electionEpoch. */
  readonly round: bigint;
  readonly peerEpoch: number;
  readonly version: number;
  /** The sender's configuration; undefined from versions that send none. */
  readonly configText: string | undefined;
}

export const NOTIFICATION_VERSION = 2;
const STATES: readonly PeerState[] = ['looking', 'following', 'leading', 'observing'];
const LONG_MIN = -(2 ** 63);

/** The notification, or why the bytes are none. */
export function readNotification(bytes: Buffer): Notification | string {
  if (bytes.length < 28) return `${bytes.length} bytes are too short for a notification`;
  const state = STATES[bytes.readInt32BE(0)];
  if (state === undefined) return `unknown state ${bytes.readInt32BE(0)}`;
  const leader = readLong(bytes, 4);
  const zxid = readLong(bytes, 12);
  const round = bytes.readBigInt64BE(20);
  if (leader === undefined || zxid === undefined) return 'a number is out of range';
  if (zxid < 0 && zxid !== -1 && zxid !== LONG_MIN) return `zxid ${zxid} is out of range`;
  const vote = { state, leader, zxid: zxid as Zxid, round };
  if (bytes.length === 28) {
    return { ...vote, peerEpoch: Math.floor(zxid / 0x100000000), version: 0, configText: undefined };
  }

  if (bytes.length < 40) return `${bytes.length} bytes are no notification of any version`;
  const peerEpoch = readLong(bytes, 28);
  if (peerEpoch === undefined) return 'a number is out of range';
  if (bytes.length === 40) return { ...vote, peerEpoch, version: 0, configText: undefined };

  const version = bytes.readInt32BE(36);
  if (version < 2) return { ...vote, peerEpoch, version, configText: undefined };
  if (bytes.length < 44) return `version ${version} without a configuration length`;
  const configLength = bytes.readInt32BE(40);
  if (configLength < 0 || configLength > bytes.length - 44) {
    return `configuration of ${configLength} bytes in a notification of ${bytes.length}`;
  }
  return { ...vote, peerEpoch, version, configText: bytes.toString('utf8', 44, 44 + configLength) };
}

/** `config` is the UTF-8 of the sender's configuration text. */
export function writeNotification(
  vote: Pick<Notification, 'state' | 'leader' | 'zxid' | 'round' | 'peerEpoch'>,
  config: Buffer,
): Buffer {
  const bytes = Buffer.allocUnsafe(44 + config.length);
  bytes.writeInt32BE(STATES.indexOf(vote.state), 0);
  writeLong(bytes, vote.leader, 4);
  writeLong(bytes, vote.zxid, 12);
  bytes.writeBigInt64BE(vote.round, 20);
  writeLong(bytes, vote.peerEpoch, 28);
  bytes.writeInt32BE(NOTIFICATION_VERSION, 36);
  bytes.writeInt32BE(config.length, 40);
  config.copy(bytes, 44);
  return bytes;
}

/** undefined beyond what a double holds exactly, except for the sentinel Long.MIN_VALUE. */
function readLong(bytes: Buffer, at: number): number | undefined {
  const high = bytes.readInt32BE(at);
  const low = bytes.readUInt32BE(at + 4);
  const value = high * 0x100000000 + low;
  if (Number.isSafeInteger(value)) return value;
  return high === -0x80000000 && low === 0 ? LONG_MIN : undefined;
}

function writeLong(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x100000000);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(value - high * 0x100000000, at + 4);
}
