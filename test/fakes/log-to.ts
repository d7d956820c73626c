import type { Log, LogFields } from '../../src/base/log.ts';

export type LogLevel = keyof Log;

/** A log whose lines go to the test, which keeps of them what it judges. */
export function logTo(say: (level: LogLevel, message: string, fields: LogFields) => unknown): Log {
  const at = (level: LogLevel) => (fields: LogFields, message: string) => void say(level, message, fields);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
