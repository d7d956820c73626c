import type { ThrottleOptions } from '../../../src/server/throttles/throttle-options.ts';

/** Nothing is turned away, and nothing waits. */
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
