import { Reader } from '../../jute/reader.ts';
import type { Asker } from '../asker.ts';
import type { Operation } from '../operations/operation.ts';
import { Request } from '../request.ts';

/**
 * A read that is answered where it stands, in the frame that brought it. One object serves all reads, one after the
 * other: of thousands in a chunk none costs an object, a copy or a view of its bytes.
 */
export class AskedRead {
  asker: Asker;
  cxid = 0;
  operation: Operation;
  /** Stands at the record behind the header. */
  readonly record = new Reader();
  /** Where that begins. */
  recordAt = 0;
  arrivedMs = 0;
  /** Only of one that waited in a queue. */
  private waited: Request | undefined = undefined;

  constructor(asker: Asker, operation: Operation) {
    this.asker = asker;
    this.operation = operation;
  }

  /** The read of a request that had to wait. */
  static of(request: Request): AskedRead {
    const asked = new AskedRead(request.asker, request.operation);
    asked.waited = request;
    asked.cxid = request.cxid;
    asked.record.reset(request.body);
    asked.arrivedMs = request.arrivedMs;
    return asked;
  }

  /** For those who keep it. */
  asRequest(): Request {
    if (this.waited !== undefined) return this.waited;
    const { record } = this;
    record.position = this.recordAt;
    return new Request(this.asker, this.cxid, this.operation, record.readRest(), this.arrivedMs);
  }
}
