/**
 * The metrics of Apache ZooKeeper 3.9.5 that are not there, each with its reason, which docs/COMPATIBILITY.md repeats.
 * A name is that of ServerMetrics: without avg_, p99_ and the like, and without the key of a set.
 */
export const ABSENT: readonly { readonly names: string; readonly why: string }[] = [
  {
    names:
      'prep_processor_request_queued prep_processor_queue_size prep_processor_queue_time_ms prep_process_time ' +
      'outstanding_changes_queued outstanding_changes_removed close_session_prep_time',
    why: 'a request is prepared in the turn in which it comes, in microseconds; there is no queue in front of it',
  },
  {
    names:
      'read_commit_proc_req_queued write_commit_proc_req_queued commit_commit_proc_req_queued read_commit_proc_issued ' +
      'write_commit_proc_issued pending_session_queue_size concurrent_request_processing_in_commit_processor ' +
      'time_waiting_empty_pool_in_commit_processor_read_ms write_batch_time_in_commit_processor commit_process_time ' +
      'read_commitproc_time_ms write_commitproc_time_ms',
    why: 'no pool of threads takes requests from common queues: each session has its own, and they are measured',
  },
  {
    names:
      'local_write_committed_time_ms server_write_committed_time_ms read_final_proc_time_ms write_final_proc_time_ms',
    why: 'a committed write is applied and answered in the same turn: updatelatency and propagation_latency are these times',
  },
  {
    names: 'sync_process_time',
    why: 'records are written in groups: sync_processor_queue_flush_time_ms is for a group',
  },
  {
    names:
      'proposal_process_time learner_request_processor_queue_size requests_not_forwarded_to_commit_processor ' +
      'skip_learner_request_to_next_processor_count',
    why: 'there is one way for requests of learners, without a queue',
  },
  { names: 'socket_closing_time', why: 'closing a connection waits for nothing' },
  {
    names:
      'response_packet_cache_hits response_packet_cache_misses response_packet_get_children_cache_hits ' +
      'response_packet_get_children_cache_misses',
    why: 'replies are not cached',
  },
  {
    names: 'add_dead_watcher_stall_time dead_watchers_queued dead_watchers_cleared dead_watchers_cleaner_latency',
    why: 'watches go with their connection, at once',
  },
  {
    names: 'om_proposal_process_time_ms',
    why: 'a follower does nothing for its observers when a proposal comes',
  },
  { names: 'jvm_pause_time_ms netty_queued_buffer_capacity', why: 'there is no JVM and no Netty here' },
  { names: 'unrecoverable_error_count', why: 'an error of that kind ends the process, and nobody could read it' },
];

/** Ours alone. */
export const OWN: readonly string[] = [
  'connections_dropped_for_output',
  'failed_answers',
  'quorum_sasl_failure_count',
  'quorum_unsuccessful_handshake',
  'refused_frames',
  'sasl_failure_count',
  'slow_requests',
  'unauthenticated_request_count',
];
