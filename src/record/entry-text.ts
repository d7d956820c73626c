import type { Entry } from './entry.ts';

/** An entry as a line for people, with colours or without. Data of nodes is shown only where it was asked for. */
const COLOURS = { dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export interface TextOptions {
  readonly colours: boolean;
  readonly data: boolean;
}

export function entryText(entry: Entry, { colours, data }: TextOptions): string {
  const paint = (colour: keyof typeof COLOURS, text: string): string =>
    colours ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
  const time = new Date(entry.time).toISOString().slice(11, 23);
  const head = `${paint('dim', time)} ${paint('dim', `#${entry.connection}`)}`;
  const name = paint(entry.kind === 'event' ? 'yellow' : entry.kind === 'difference' ? 'red' : 'cyan', nameOf(entry));
  const parts = [head, name];
  if (entry.path !== undefined) parts.push(entry.path);
  for (const [key, value] of Object.entries(entry.fields ?? {})) {
    if (key !== 'data' || data) parts.push(paint('dim', `${key}=${value}`));
  }
  if (entry.kind === 'call') {
    parts.push(entry.error === undefined ? paint('green', 'ok') : paint('red', entry.error));
    if (entry.ms !== undefined) parts.push(paint('dim', `${entry.ms.toFixed(1)} ms`));
  }
  return `${parts.join(' ')}\n`;
}

function nameOf({ kind, name }: Entry): string {
  return kind === 'call' ? name : name === '' ? kind : `${kind} ${name}`;
}
