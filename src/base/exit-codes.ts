/**
 * How the program ends, in one table; docs/OPERATIONS.md has the same for operators. The numbers are those that Apache
 * ZooKeeper ends with for the same reason, so that scripts around it need no change.
 */
export const EXIT = {
  /** SIGTERM or SIGINT, in order. */
  stopped: 0,
  /** A bug, or a file or port that cannot be used and that has no number of its own. */
  unexpected: 1,
  /** The arguments or the configuration cannot be honoured. */
  invalidConfig: 2,
  /** No access to the data directory, or another server has it. */
  noDataDirAccess: 3,
  /** The transaction log cannot be written or read. */
  transactionLog: 10,
  /** The log could not be cut as the leader asked. */
  badTruncate: 13,
  /** A port for the other servers cannot be bound. */
  cannotBind: 14,
} as const;
