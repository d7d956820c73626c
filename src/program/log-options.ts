import type { LoggerOptions } from 'pino';

/**
 * A field may quote a client or a neighbour: the name of a scheme, a reason. Longer ones are cut, because a few lines of
 * a megabyte would push all others out of the backlog, and fill the disk as fast as the sender likes.
 */
export const LOG_VALUE_CHARS = 4096;

export function logOptions(level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: bounded },
  };
}

function bounded(fields: Record<string, unknown>): Record<string, unknown> {
  const long = Object.entries(fields).filter(
    ([, value]) => typeof value === 'string' && value.length > LOG_VALUE_CHARS,
  );
  if (long.length === 0) return fields;
  const cut = long.map(([name, value]) => [name, `${(value as string).slice(0, LOG_VALUE_CHARS)}...`]);
  return { ...fields, ...Object.fromEntries(cut) };
}
