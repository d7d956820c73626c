import { EXIT } from './exit-codes.ts';

/**
 * The failures that are exceptions. The other two kinds are not here: an answer is a numeric code
 * (jute/codes.ts), a bug is an AssertionFailure (base/assert.ts).
 */

/** A neighbour sent what it must not. The stream it came on closes, with this message in log and metrics. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** The error that was caught, when it is the bytes that were bad. Any other error is thrown on. */
export function protocolError(caught: unknown): ProtocolError {
  if (!(caught instanceof ProtocolError)) throw caught;
  return caught;
}

/**
 * The world failed us (disk, damaged file, port taken): the peer stops with this one plain line.
 * `exitCode` is one of base/exit-codes.ts.
 */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.unexpected, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A configuration that cannot be honoured. The message names file, line, key and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
