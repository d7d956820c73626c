import { writeReplyHeader, writeWatcherEvent } from '../../jute/client-records.ts';
import { ErrorCode, KeeperState, Xid } from '../../jute/codes.ts';
import { Writer } from '../../jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';

/**
 * Events as frames. One change is told to many connections one after another: from the second on they get the same
 * bytes.
 */
export class EventFrames {
  private readonly w = new Writer(1024);
  private type = -1;
  private path = '';
  private zxid: Zxid = ZXID_ZERO;
  private bytes: Buffer | undefined = undefined;

  /** The frame when it is the one that was asked for last; undefined when it has to be written. */
  shared(type: number, path: string, zxid: Zxid): Buffer | undefined {
    if (type !== this.type || path !== this.path || zxid !== this.zxid) {
      this.type = type;
      this.path = path;
      this.zxid = zxid;
      this.bytes = undefined;
      return undefined;
    }
    if (this.bytes === undefined) {
      writeEventFrame(this.w, type, path, zxid);
      this.bytes = Buffer.from(this.w.take());
    }
    return this.bytes;
  }
}

/** Returns the bytes of the frame without its length. */
export function writeEventFrame(w: Writer, type: number, path: string, zxid: Zxid): number {
  const at = w.beginFrame();
  writeReplyHeader(w, Xid.notification, zxid, ErrorCode.ok);
  writeWatcherEvent(w, type, KeeperState.syncConnected, path);
  w.endFrame(at);
  return w.length - at - 4;
}
