import type { Net, Stream } from '../../../src/io/net.ts';
import { SimStream } from './stream.ts';

/**
 * A member whose notifications are those of a release before 3.5: without a version and a configuration, and, once it
 * is settled, with the zxid and the round of its own search and no epoch, for it never brings its vote up to date. A
 * member that joins later by way of others says something else than they do, for good (ZOOKEEPER-1732, 1805, 1818).
 */
const FIRST_ELECTION_PORT = 3888;
const LENGTH_BYTES = 4;
const OLD_BYTES = 40;
const LOOKING = 0;
/** In a notification: state int, leader long, and zxid, round and epoch, a long each. */
const ZXID_OFFSET = 12;
const OWN_BYTES = 16;

export function speaksAsBefore(net: Net, addresses: number): Net {
  /** zxid and round of what it proposed last. */
  let own: Buffer | undefined;
  const isElection = (port: number): boolean => port >= FIRST_ELECTION_PORT && port < FIRST_ELECTION_PORT + addresses;
  const older = (frame: Buffer): Buffer => {
    const length = frame.readInt32BE(0);
    if (length < OLD_BYTES || length !== frame.length - LENGTH_BYTES) return frame;
    const bytes = Buffer.from(frame.subarray(0, LENGTH_BYTES + OLD_BYTES));
    bytes.writeInt32BE(OLD_BYTES, 0);
    const from = LENGTH_BYTES + ZXID_OFFSET;
    const isLooking = bytes.readInt32BE(LENGTH_BYTES) === LOOKING;
    if (!isLooking) {
      own?.copy(bytes, from);
      bytes.writeBigInt64BE(0n, from + OWN_BYTES);
    } else if (bytes.readBigInt64BE(from) >= 0n) own = Buffer.from(bytes.subarray(from, from + OWN_BYTES));
    return bytes;
  };
  const aged = <T extends Stream>(stream: T, port: number): T => {
    // The message that names its sender begins with a number below 0, and passes for no frame.
    if (isElection(port) && stream instanceof SimStream) stream.outgoing = older;
    return stream;
  };
  return {
    listen: (options, handlers) =>
      net.listen(options, { ...handlers, onStream: (stream) => handlers.onStream(aged(stream, options.port)) }),
    dial: (host, port, timeoutMs, handlers) => aged(net.dial(host, port, timeoutMs, handlers), port),
  };
}
