/**
 * Java's properties format, in which zoo.cfg, the dynamic configuration files and the configuration texts on the
 * wire are written: `key=value`, `key:value` or `key value`; # and ! begin a comment line; a backslash at the end
 * joins the next line and escapes elsewhere. Values keep their trailing blanks, as Java does.
 */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Of the line the property begins in, counted from 1. */
  readonly line: number;
}

/** In the order of the text; a key may occur twice, and then Java lets the later one win. */
export function parseProperties(text: string): Property[] {
  const properties: Property[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    let logical = (lines[i] as string).replace(/^[ \t\f]+/, '');
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue;
    const line = i + 1;
    while (endsInContinuation(logical)) {
      i++;
      logical = logical.slice(0, -1) + (lines[i] ?? '').replace(/^[ \t\f]+/, '');
    }
    properties.push({ ...splitProperty(logical), line });
  }
  return properties;
}

function endsInContinuation(text: string): boolean {
  let backslashes = 0;
  while (text[text.length - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}

function splitProperty(text: string): { key: string; value: string } {
  let keyEnd = 0;
  while (keyEnd < text.length && !/[=: \t\f]/.test(text[keyEnd] as string)) keyEnd += text[keyEnd] === '\\' ? 2 : 1;
  keyEnd = Math.min(keyEnd, text.length);
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(text.slice(keyEnd)) as RegExpExecArray;
  return { key: unescaped(text.slice(0, keyEnd)), value: unescaped(text.slice(keyEnd + separator[0].length)) };
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    switch (escaped) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      default:
        return escaped;
    }
  });
}
