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

/** Nothing is. */
export const NO_THROTTLES: ThrottleOptions = {
  connections: {
    tokens: 0,
    fillTimeMs: 1,
    fillCount: 1,
    freezeTimeMs: undefined,
    dropIncrease: 0.02,
    dropDecrease: 0.002,
    decreaseRatio: 0,
    weights: undefined,
  },
  requests: {
    maxRequests: 0,
    stallTimeMs: 100,
    dropStale: true,
    staleLatencyCheck: false,
    throttledOpWaitMs: undefined,
  },
  rates: { perAddress: 0, perIdentity: 0, burst: 0 },
  largeRequests: { thresholdBytes: undefined, maxBytes: 104_857_600 },
};
