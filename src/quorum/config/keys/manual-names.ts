import type { KeyName } from '../keys.ts';

/** Names that ZooKeeper's manual gives to keys that have another one. */
export const MANUAL_NAMES: Readonly<Record<string, KeyName>> = {
  connectionMaxTokens: 'connection_throttle_tokens',
  connectionTokenFillTime: 'connection_throttle_fill_time',
  connectionTokenFillCount: 'connection_throttle_fill_count',
  connectionFreezeTime: 'connection_throttle_freeze_time',
  connectionDropIncrease: 'connection_throttle_drop_increase',
  connectionDropDecrease: 'connection_throttle_drop_decrease',
  connectionDecreaseRatio: 'connection_throttle_decrease_ratio',
  requestThrottleLimit: 'request_throttle_max_requests',
  requestThrottleStallTime: 'request_throttle_stall_time',
  requestThrottleDropStale: 'request_throttle_drop_stale',
  requestStaleLatencyCheck: 'request_stale_latency_check',
  requestStaleConnectionCheck: 'request_stale_connection_check',
  throttledOpWaitTime: 'throttled_op_wait_time',
  maxConcurrentSnapSyncs: 'leader.maxConcurrentSnapSyncs',
  maxConcurrentDiffSyncs: 'leader.maxConcurrentDiffSyncs',
  advancedFlowControlEnabled: 'netty.advancedFlowControl.enabled',
  'outstandingHandshake.limit': 'netty.server.outstandingHandshake.limit',
  maxTimeToWaitForEpoch: 'leader.maxTimeToWaitForEpoch',
};
