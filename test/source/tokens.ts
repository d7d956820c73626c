/**
 * The tokens of a TypeScript source, without white space, comments and the commas that a formatter adds or takes away.
 * Two texts with the same tokens mean the same, however they are laid out; the offsets lead back to the text.
 */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+|\/\/[^\n]*|\/\*.*?\*\//sy;
const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*|\d[\w.]*/uy;
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/sy;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE = /[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{|$)/sy;
/** A slash behind these divides; behind anything else it opens a regular expression. */
const VALUE_END = /^[\w$#)\]}'"`]/;
const BEFORE_REGEX = new Set(['return', 'case', 'typeof', 'in', 'of']);

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  /** For each open brace whether it belongs to a template. */
  const braces: boolean[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const raw = next(text, at, tokens.at(-1)?.text, braces, match);
    const last = tokens.at(-1);
    if (last?.text === ',' && /^[)\]}]/.test(raw)) tokens.pop();
    tokens.push({ text: /^['"]/.test(raw) ? `'${raw.slice(1, -1)}'` : raw, start: at, end: at + raw.length });
    at += raw.length;
  }
  return tokens;
}

function next(
  text: string,
  at: number,
  before: string | undefined,
  braces: boolean[],
  match: (pattern: RegExp) => string | undefined,
): string {
  const first = text[at] as string;
  if (first === '`' || (first === '}' && braces.at(-1) === true)) {
    const chunk = match(TEMPLATE) as string;
    if (first === '}') braces.pop();
    if (chunk.endsWith('${')) braces.push(true);
    return chunk;
  }
  if (first === '{') braces.push(false);
  if (first === '}') braces.pop();
  const opensRegex = before === undefined || !VALUE_END.test(before.slice(-1)) || BEFORE_REGEX.has(before);
  return match(WORD) ?? match(STRING) ?? (first === '/' && opensRegex ? match(REGEX) : undefined) ?? first;
}

/** Where `wanted` begins in `tokens`, between the two indices. */
export function occurrences(
  tokens: readonly Token[],
  wanted: readonly Token[],
  from = 0,
  to = tokens.length,
): readonly number[] {
  const found: number[] = [];
  for (let i = from; i + wanted.length <= to; i++) {
    if (wanted.every(({ text }, k) => tokens[i + k]?.text === text)) found.push(i);
  }
  return wanted.length === 0 ? [] : found;
}
