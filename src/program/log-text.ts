/**
 * A line of the log for a person: time, level, message, then the fields as name=value. pino hands over one JSON object
 * a line; a line that cannot be read is passed on as it is.
 *
 *   2026-11-30 15:04:05.123 INFO  serving mode=leader
 */
const SHOWN_APART = new Set(['level', 'time', 'msg', 'stack']);

export function textLine(json: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const time = String(fields.time ?? '')
    .replace('T', ' ')
    .replace('Z', '');
  const level = String(fields.level ?? '')
    .toUpperCase()
    .padEnd(5);
  const rest = Object.entries(fields)
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => ` ${name}=${shown(value)}`);
  const stack = typeof fields.stack === 'string' ? `\n${fields.stack}` : '';
  return `${time} ${level} ${fields.msg ?? ''}${rest.join('')}${stack}\n`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
