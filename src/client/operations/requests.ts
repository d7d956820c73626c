import { ErrorCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import type { CallOptions } from '../client-options.ts';
import { ZooKeeperError } from '../errors.ts';
import type { ClientSession } from '../session/client-session.ts';

/** From an operation to a promise: its request, its answer or error, and giving up on it. */
export class Requests {
  private readonly session: ClientSession;

  constructor(session: ClientSession) {
    this.session = session;
  }

  /** `path` is named in errors. `accepted` is an error code that is an answer here. */
  call<T>(
    type: number,
    path: string | undefined,
    write: (w: Writer) => void,
    read: (r: Reader, err: number) => T,
    options: CallOptions,
    accepted: number = ErrorCode.ok,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      this.session.submit(type, write, {
        onReply: (err, r) => {
          signal?.removeEventListener('abort', onAbort);
          if (err === ErrorCode.ok || err === accepted) resolve(read(r, err));
          else reject(new ZooKeeperError(err, path));
        },
        onFailure: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(new ZooKeeperError(error.code, path));
        },
      });
    });
  }
}
