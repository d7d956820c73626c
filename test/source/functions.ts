import type { Token } from './tokens.ts';

/**
 * The parts of a source by name: `prepareSetData` for what stands at the top of a file (a function, a constant, a type),
 * `Learner.onNewLeader` for a member of a class. Imports have no name. It needs no parser: declarations begin behind the
 * end of another one, and brackets say how deep a token lies.
 */
export interface NamedPart {
  readonly name: string;
  /** Its tokens: from `first` to before `end`. */
  readonly first: number;
  readonly end: number;
}

const DECLARES = new Set(['function', 'class', 'const', 'let', 'var', 'interface', 'type', 'enum']);
const PREFIXES = new Set(['export', 'default', 'abstract', 'async', 'declare', '*']);
const MODIFIERS = new Set([
  ...['public', 'private', 'protected', 'static', 'readonly', 'abstract', 'override', 'async', 'get', 'set', 'declare'],
  '*',
]);
const NAME = /^[\p{ID_Start}$_#]/u;
/** These go on with a member whose type or value ended in a brace. */
const GOES_ON = new Set(['as', 'satisfies', 'extends', 'implements', 'in', 'of', 'instanceof']);

export function partsOf(tokens: readonly Token[]): readonly NamedPart[] {
  const depths = depthsOf(tokens);
  const starts = tokens.flatMap((token, i) => (startsAt(tokens, depths, i, 0) && opens(token.text) ? [i] : []));
  return starts.flatMap((first, k) => {
    const end = starts[k + 1] ?? tokens.length;
    const keyword = skip(tokens, first, PREFIXES);
    const kind = tokens[keyword]?.text ?? '';
    if (!DECLARES.has(kind)) return [];
    const name = tokens[skip(tokens, keyword + 1, PREFIXES)]?.text ?? '';
    return kind === 'class' ? membersOf(tokens, depths, name, first, end) : [{ name, first, end }];
  });
}

const opens = (text: string): boolean => DECLARES.has(text) || PREFIXES.has(text) || text === 'import';

function membersOf(
  tokens: readonly Token[],
  depths: readonly number[],
  owner: string,
  first: number,
  end: number,
): readonly NamedPart[] {
  let body = first;
  while (body < end && tokens[body]?.text !== '{') body++;
  const starts: number[] = [];
  for (let i = body + 1; i < end; i++) {
    const isStart = i === body + 1 || startsAt(tokens, depths, i, 1);
    if (isStart && NAME.test(tokens[i]?.text ?? '') && !GOES_ON.has(tokens[i]?.text ?? '')) starts.push(i);
  }
  const members = starts.map((start, k) => {
    let at = start;
    while (MODIFIERS.has(tokens[at]?.text ?? '') && !['(', '=', ':', ';'].includes(tokens[at + 1]?.text ?? '')) at++;
    return { name: `${owner}.${tokens[at]?.text}`, first: start, end: starts[k + 1] ?? end };
  });
  return [{ name: owner, first, end: starts[0] ?? end }, ...members];
}

/** Whether a declaration can begin here: at this depth, behind the end of another. */
function startsAt(tokens: readonly Token[], depths: readonly number[], i: number, depth: number): boolean {
  const before = tokens[i - 1]?.text;
  return depths[i] === depth && (before === undefined || before === ';' || before === '}');
}

function skip(tokens: readonly Token[], from: number, words: ReadonlySet<string>): number {
  let at = from;
  while (words.has(tokens[at]?.text ?? '')) at++;
  return at;
}

function depthsOf(tokens: readonly Token[]): readonly number[] {
  let depth = 0;
  return tokens.map(({ text }) => {
    if (/^[)\]}]/.test(text)) depth--;
    const here = depth;
    if (/^[([{]$/.test(text) || /^[`}].*\$\{$/s.test(text)) depth++;
    return here;
  });
}
