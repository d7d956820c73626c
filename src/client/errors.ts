import { ErrorCode } from '../jute/codes.ts';

/** Why an operation did not succeed. `code` is one of ErrorCode; connectionLoss means: perhaps done, perhaps not. */
export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError';
  readonly code: number;
  /** The path of the operation, where it has one. */
  readonly path: string | undefined;

  constructor(code: number, path?: string, message?: string) {
    super(message ?? (path === undefined ? errorName(code) : `${errorName(code)} for ${path}`));
    this.code = code;
    this.path = path;
  }
}

const NAMES = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** `noNode` for -101; the number itself for one that nobody has given a name. */
export function errorName(code: number): string {
  return NAMES.get(code) ?? String(code);
}

/** By its name: a program may have the client twice, once by import and once by require. */
export function isZooKeeperError(error: unknown, code?: number): error is ZooKeeperError {
  if (!(error instanceof Error) || error.name !== 'ZooKeeperError' || !('code' in error)) return false;
  return code === undefined || error.code === code;
}
