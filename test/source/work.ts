import { type Token, tokensOf } from './tokens.ts';

/**
 * The same source with every round of a loop and every call of a function counted in `$work`, which the bundle that holds
 * it declares. What is counted does not depend on the machine, so a turn has a price that is the same in every run.
 */
const COUNT = ' $work++;';
/** Between the parameters of a function and its body: a type. */
const TYPE = /^([\p{ID_Start}$_#][\p{ID_Continue}$]*|[.|&<>[\],]|'.*')$/u;
/** No type has these, and what follows them is no function's body. */
const NO_TYPE = new Set([
  'const',
  'let',
  'import',
  'function',
  'class',
  'interface',
  'enum',
  'extends',
  'implements',
  'else',
  'try',
  'finally',
  'export',
  'default',
]);
const NO_BODY = new Set(['if', 'switch', 'catch', 'with']);
const LOOPS = new Set(['for', 'while']);

export function withWorkCounted(text: string): string {
  const tokens = tokensOf(text);
  const { closes, opens } = matching(tokens);
  const inserts: { at: number; text: string }[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.text === '{' && isCounted(tokens, opens, i)) inserts.push({ at: token.end, text: COUNT });
    if (!LOOPS.has(token.text) || tokens[i + 1]?.text !== '(' || tokens[i - 1]?.text === '.') continue;
    const body = (closes.get(i + 1) as number) + 1;
    // The end of a `do` has none; a block counts by itself.
    if (tokens[body]?.text === '{' || tokens[body]?.text === ';') continue;
    const end = statementEnd(tokens, closes, body);
    inserts.push({ at: (tokens[body] as Token).start, text: `{${COUNT} ` });
    inserts.push({ at: (tokens[end] as Token).end, text: ' }' });
  }
  let result = '';
  let done = 0;
  for (const { at, text: inserted } of inserts.sort((a, b) => a.at - b.at)) {
    result += text.slice(done, at) + inserted;
    done = at;
  }
  return result + text.slice(done);
}

/** A brace that opens a loop's body or a function's. */
function isCounted(tokens: readonly Token[], opens: ReadonlyMap<number, number>, brace: number): boolean {
  let at = brace - 1;
  const before = tokens[at]?.text;
  if (before === 'do') return true;
  // `=>` is two tokens.
  if (before === '>' && tokens[at - 1]?.text === '=') return true;
  if (before !== ')') {
    // Right behind these it opens a type, or one of two values.
    if (/^[:|&<,]$/.test(before ?? '')) return false;
    for (let text = before ?? ''; TYPE.test(text) || text === '}'; text = tokens[at]?.text ?? '') {
      if (NO_TYPE.has(text)) return false;
      at = (text === '}' ? (opens.get(at) ?? 0) : at) - 1;
    }
    if (tokens[at]?.text !== ':') return false;
    at--;
  }
  if (tokens[at]?.text !== ')') return false;
  const owner = tokens[(opens.get(at) ?? 0) - 1]?.text ?? '';
  return !NO_BODY.has(owner) && /^[\p{ID_Start}$_#>]/u.test(owner);
}

function statementEnd(tokens: readonly Token[], closes: ReadonlyMap<number, number>, start: number): number {
  const first = tokens[start]?.text ?? '';
  if (first === '{') return closes.get(start) as number;
  if (first === 'if' || LOOPS.has(first)) {
    const end = statementEnd(tokens, closes, (closes.get(start + 1) as number) + 1);
    return first === 'if' && tokens[end + 1]?.text === 'else' ? statementEnd(tokens, closes, end + 2) : end;
  }
  let at = start;
  while (tokens[at]?.text !== ';') at = (closes.get(at) ?? at) + 1;
  return at;
}

interface Brackets {
  readonly closes: ReadonlyMap<number, number>;
  readonly opens: ReadonlyMap<number, number>;
}

/** Where each bracket closes and where it was opened, templates' included. */
function matching(tokens: readonly Token[]): Brackets {
  const open: number[] = [];
  const closes = new Map<number, number>();
  for (const [i, { text }] of tokens.entries()) {
    if (/^[)\]}]/.test(text)) closes.set(open.pop() as number, i);
    if (/^[([{]$/.test(text) || /^[`}].*\$\{$/s.test(text)) open.push(i);
  }
  return { closes, opens: new Map([...closes].map(([from, to]) => [to, from])) };
}
