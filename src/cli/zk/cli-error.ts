import { ErrorCode, errorName, isZooKeeperError, type ZooKeeperError } from '../../client/client.ts';

/** Why a command did not do what it was asked: one line for standard error, and the exit code of a single command. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const UNKNOWN_COMMAND = 127;

/** Scripts look for these sentences, so they are word for word those of Apache's shell. */
const SENTENCES: Readonly<Record<number, string>> = {
  [ErrorCode.noNode]: 'Node does not exist: ',
  [ErrorCode.noChildrenForEphemerals]: 'Ephemerals cannot have children: ',
  [ErrorCode.nodeExists]: 'Node already exists: ',
  [ErrorCode.notEmpty]: 'Node not empty: ',
  [ErrorCode.notReadOnly]: 'Not a read-only call: ',
  [ErrorCode.invalidACL]: 'Acl is not valid : ',
  [ErrorCode.noAuth]: 'Insufficient permission : ',
  [ErrorCode.badArguments]: 'Arguments are not valid : ',
  [ErrorCode.badVersion]: 'version No is not valid : ',
  [ErrorCode.quotaExceeded]: 'Quota has exceeded : ',
};

const WHOLE_SENTENCES: Readonly<Record<number, string>> = {
  [ErrorCode.reconfigInProgress]: 'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  [ErrorCode.newConfigNoQuorum]:
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - try invoking reconfiguration after new servers are connected and synced',
};

/** Names of codes as Java's client prints them, where they are not the code's own name with a capital letter. */
const JAVA_NAMES: Readonly<Record<number, string>> = {
  [ErrorCode.apiError]: 'APIError',
  [ErrorCode.notEmpty]: 'Directory not empty',
  [ErrorCode.sessionExpired]: 'Session expired',
  [ErrorCode.invalidCallback]: 'Invalid callback',
  [ErrorCode.sessionMoved]: 'Session moved',
  [ErrorCode.notReadOnly]: 'Not a read-only call',
  [ErrorCode.ephemeralOnLocalSession]: 'Ephemeral node on local session',
  [ErrorCode.noWatcher]: 'No such watcher',
  [ErrorCode.reconfigDisabled]: 'Reconfig is disabled',
  [ErrorCode.sessionClosedRequireSaslAuth]: 'Session closed because client failed to authenticate',
  [ErrorCode.quotaExceeded]: 'Quota has exceeded',
  [ErrorCode.throttledOp]: 'Op throttled due to high load',
};

/** "KeeperErrorCode = NoAuth for /a" */
export function keeperErrorText({ code, path }: ZooKeeperError): string {
  const name = errorName(code);
  const text = JAVA_NAMES[code] ?? name.charAt(0).toUpperCase() + name.slice(1);
  return `KeeperErrorCode = ${text}${path === undefined || path === '' ? '' : ` for ${path}`}`;
}

export function sentenceOf(error: ZooKeeperError): string {
  const sentence = SENTENCES[error.code];
  if (sentence !== undefined) return sentence + String(error.path ?? null);
  return WHOLE_SENTENCES[error.code] ?? keeperErrorText(error);
}

/** The text of anything a command may end with; a bug of ours is thrown on. */
export function errorLine(error: unknown): { line: string; exitCode: number } {
  if (error instanceof CliError) return { line: error.message, exitCode: error.exitCode };
  if (isZooKeeperError(error)) return { line: sentenceOf(error), exitCode: 1 };
  throw error;
}
