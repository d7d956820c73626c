/**
 * The logger of this project: the part of pino's logger that is used, so that a simulator
 * can record the lines and an embedding program can pass its own. One plain line per event; fields before the message.
 */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** debug, info, warn or error: less than this is not written. */
export interface LogLevels {
  level: string;
}

export const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
