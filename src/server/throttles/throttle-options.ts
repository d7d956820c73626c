import type { ClientRateOptions } from './client-rates.ts';
import type { ConnectionThrottleOptions } from './connection-throttle.ts';
import type { LargeRequestOptions } from './large-requests.ts';
import type { RequestThrottleOptions } from './request-throttle.ts';

/** The settings of zoo.cfg about what is turned away or made to wait when there is too much of it. */
export interface ThrottleOptions {
  readonly connections: ConnectionThrottleOptions;
  readonly requests: RequestThrottleOptions;
  readonly rates: ClientRateOptions;
  readonly largeRequests: LargeRequestOptions;
}
