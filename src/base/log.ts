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

/** A log whose parts have levels of their own, named after the rooms of the source. */
export interface ComponentLog extends Log {
  of(component: LogComponent): Log;
}

export const LOG_COMPONENTS = ['admin', 'datatree', 'election', 'quorum', 'server', 'txnlog', 'zab'] as const;
export type LogComponent = (typeof LOG_COMPONENTS)[number];

/** The part of `log` for one component; all of it, where it has no parts. */
export function logOf(log: Log, component: LogComponent): Log {
  return 'of' in log ? (log as ComponentLog).of(component) : log;
}

/** debug, info, warn or error: less than this is not written. */
export interface LogLevels {
  level: string;
  /** The level in force of each component. */
  readonly components: ReadonlyMap<LogComponent, string>;
  /** undefined: the level of all again. */
  setComponent(component: LogComponent, level: string | undefined): void;
}

export const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
