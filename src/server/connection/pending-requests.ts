import type { Request } from '../request.ts';
import { PENDING_REQUEST_BYTES_GLOBAL_MAX } from './client-limits.ts';

/** Requests that wait for a commit or behind one, of all connections, and the bytes of their bodies. */
export class PendingRequests {
  count = 0;
  private bytes = 0;
  private limit = 0;

  /** A role begins. globalOutstandingLimit is divided by the voting members but one, where there are more than two. */
  begin(globalLimit: number, quorumSize: number): void {
    this.count = 0;
    this.bytes = 0;
    this.limit = Math.floor(globalLimit / (quorumSize > 2 ? quorumSize - 1 : 1));
  }

  add(request: Request): void {
    this.count++;
    this.bytes += request.body.length;
  }

  remove(request: Request): void {
    this.drop(1, request.body.length);
  }

  drop(count: number, bytes: number): void {
    this.count -= count;
    this.bytes -= bytes;
  }

  get isOverLimit(): boolean {
    return this.count > this.limit || this.bytes > PENDING_REQUEST_BYTES_GLOBAL_MAX;
  }
}
