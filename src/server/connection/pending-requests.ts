import type { Counter } from '../metrics/counters.ts';
import type { Request } from '../request.ts';
import { type LargeRequestOptions, LargeRequests } from '../throttles/large-requests.ts';
import { PENDING_REQUEST_BYTES_GLOBAL_MAX } from './client-limits.ts';

/**
 * Requests of all connections, and the bytes of their bodies: those that wait for a commit or behind one, and those that
 * are held until there is room among these.
 */
export class PendingRequests {
  /** Without the held ones. */
  count = 0;
  /** Called when there is one less, from inside whatever ended it. */
  onLess: () => void = () => {};
  readonly large: LargeRequests;
  private held = 0;
  private bytes = 0;
  private limit = 0;

  constructor(largeRequests: LargeRequestOptions, rejected: Counter) {
    this.large = new LargeRequests(largeRequests, rejected);
  }

  /** A role begins. globalOutstandingLimit is divided by the voting members but one, where there are more than two. */
  begin(globalLimit: number, quorumSize: number): void {
    this.count = 0;
    this.held = 0;
    this.bytes = 0;
    this.large.clear();
    this.limit = Math.floor(globalLimit / (quorumSize > 2 ? quorumSize - 1 : 1));
  }

  add(request: Request): void {
    this.count++;
    this.take(request.body.length);
  }

  remove(request: Request): void {
    this.count--;
    this.give(request.body.length);
    this.onLess();
  }

  hold(request: Request): void {
    this.held++;
    this.take(request.body.length);
  }

  release(request: Request): void {
    this.held--;
    this.give(request.body.length);
  }

  get isOverLimit(): boolean {
    const { limit } = this;
    return this.count > limit || this.held > limit || this.bytes > PENDING_REQUEST_BYTES_GLOBAL_MAX;
  }

  private take(bytes: number): void {
    this.bytes += bytes;
    this.large.add(bytes);
  }

  private give(bytes: number): void {
    this.bytes -= bytes;
    this.large.remove(bytes);
  }
}
