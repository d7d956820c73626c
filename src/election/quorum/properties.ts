import { ConfigError } from '../../base/errors.ts';

/**
 * Java's properties format (java.util.Properties, "load"), in which zoo.cfg, the dynamic configuration files and the
 * configuration texts on the wire are written: `key=value`, `key:value` or `key value`. # and ! begin a comment line. A
 * backslash at the end joins the next line and escapes elsewhere. Values keep their trailing blanks, as in Java.
 *
 *   natural line    up to CR, LF or CR LF; blanks at its begin do not count
 *   logical line    natural lines that end in an odd number of backslashes, and the one behind them
 *
 * The corners are Java's as well. A comment is recognised as long as nothing of a logical line was read, so behind a
 * line of a single backslash too. Such a backslash at the end of the text is a property without key and value.
 */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Of the line the property begins in, counted from 1. */
  readonly line: number;
}

export type PropertyFault = (line: number, what: string) => void;

/**
 * In the order of the text; a key may occur twice, and then Java lets the later one win. Java refuses a text with a
 * broken `\u` whole: `onFault` is told of each, and without it the first one is thrown as a ConfigError.
 */
export function parseProperties(text: string, onFault: PropertyFault = refuseText): Property[] {
  const properties: Property[] = [];
  const lines = new LogicalLines(text);
  for (let found = lines.next(); found !== undefined; found = lines.next()) {
    const { key, value, broken } = splitProperty(found.text);
    if (broken === undefined) properties.push({ key, value, line: found.line });
    else
      onFault(
        found.line,
        `"${broken}" is no character; write \\u and four hexadecimal digits, or \\\\ for a backslash`,
      );
  }
  return properties;
}

class LogicalLines {
  private readonly text: string;
  private at = 0;
  private line = 1;

  constructor(text: string) {
    this.text = text;
  }

  /** Without comments, empty lines, blanks at the begin of natural lines, and the backslashes that join them. */
  next(): { readonly text: string; readonly line: number } | undefined {
    let logical = '';
    let begun = 0;
    let skipping = true;
    let behindJoin = false;
    let escaping = false;
    while (this.at < this.text.length) {
      const char = this.take();
      if (skipping) {
        if (isBlank(char) || (isLineEnd(char) && !behindJoin)) continue;
        skipping = false;
        behindJoin = false;
      }
      if (logical === '' && (char === '#' || char === '!')) {
        this.skipLine();
        skipping = true;
      } else if (!isLineEnd(char)) {
        if (logical === '') begun = this.line;
        logical += char;
        escaping = char === '\\' && !escaping;
      } else if (logical === '') {
        skipping = true;
      } else if (!escaping || this.at === this.text.length) {
        break;
      } else {
        logical = logical.slice(0, -1);
        if (char === '\r' && this.text[this.at] === '\n') this.take();
        skipping = true;
        behindJoin = true;
        escaping = false;
      }
    }
    if (logical === '') return undefined;
    return { text: escaping ? logical.slice(0, -1) : logical, line: begun };
  }

  private take(): string {
    const char = this.text[this.at++] as string;
    if (char === '\n' || (char === '\r' && this.text[this.at] !== '\n')) this.line++;
    return char;
  }

  private skipLine(): void {
    while (this.at < this.text.length && !isLineEnd(this.take())) {}
  }
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\f';
}

function isLineEnd(char: string): boolean {
  return char === '\n' || char === '\r';
}

/** A line that is read as this property again, whatever is in it; ASCII alone, so no encoding changes it. */
export function printProperty(key: string, value: string): string {
  return `${escapedText(key, /[\\=: #!]/g)}=${escapedText(value, /\\|^ +/g)}`;
}

function escapedText(text: string, marks: RegExp): string {
  return text
    .replace(marks, (found) => found.replace(/./g, '\\$&'))
    .replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** String.trim of Java: everything up to the blank, NUL and Ctrl-Z among it, and no other white space. */
export function trimLikeJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (start < end && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

function refuseText(line: number, what: string): never {
  throw new ConfigError(`line ${line}: ${what}`);
}

/** `broken`: an escape that is none; then key and value mean nothing. */
function splitProperty(text: string): { key: string; value: string; broken: string | undefined } {
  let keyEnd = 0;
  while (keyEnd < text.length && !/[=: \t\f]/.test(text[keyEnd] as string)) keyEnd += text[keyEnd] === '\\' ? 2 : 1;
  keyEnd = Math.min(keyEnd, text.length);
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(text.slice(keyEnd)) as RegExpExecArray;
  const [key, value] = [text.slice(0, keyEnd), text.slice(keyEnd + separator[0].length)];
  return { key: unescaped(key), value: unescaped(value), broken: brokenEscape(key) ?? brokenEscape(value) };
}

function brokenEscape(text: string): string | undefined {
  for (const { 1: escaped, index } of text.matchAll(ESCAPE)) {
    if (escaped === 'u') return text.slice(index, index + 6);
  }
  return undefined;
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return ESCAPES.get(escaped) ?? escaped;
  });
}

const ESCAPE = /\\(u[0-9a-fA-F]{4}|[\s\S])/g;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);
