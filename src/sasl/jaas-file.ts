/**
 * A login configuration as Java reads it: sections by name, each with login modules and their options. A fault names the
 * line and what would be right there; it never holds a value, which may be a password.
 *
 *   Server {
 *     org.apache.zookeeper.server.auth.DigestLoginModule required
 *     user_bob="secret";
 *   };
 */
export interface LoginModule {
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
  readonly line: number;
}

export type JaasSections = ReadonlyMap<string, readonly LoginModule[]>;

export class JaasFault extends Error {
  override readonly name = 'JaasFault';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Token {
  readonly kind: 'word' | 'text' | 'sign' | 'end';
  readonly text: string;
  readonly line: number;
}

const FLAGS = new Set(['required', 'requisite', 'sufficient', 'optional']);

/** Throws JaasFault. */
export function parseJaas(text: string): JaasSections {
  const tokens = tokensOf(text);
  let at = 0;
  const take = (): Token => tokens[Math.min(at++, tokens.length - 1)] as Token;
  const is = (sign: string): boolean => {
    const token = tokens[Math.min(at, tokens.length - 1)] as Token;
    return token.kind === 'sign' && token.text === sign;
  };
  const expectSign = (sign: string, where: string): void => {
    const token = take();
    if (token.kind !== 'sign' || token.text !== sign) throw new JaasFault(token.line, `a "${sign}" belongs ${where}`);
  };
  const sections = new Map<string, LoginModule[]>();
  while ((tokens[at] as Token).kind !== 'end') {
    const name = take();
    if (name.kind === 'sign') throw new JaasFault(name.line, `a name of a section belongs here, not "${name.text}"`);
    if (sections.has(name.text)) throw new JaasFault(name.line, `the section ${name.text} is there twice`);
    expectSign('{', `behind the name of the section ${name.text}`);
    const modules: LoginModule[] = [];
    while (!is('}')) modules.push(moduleFrom(take, is, expectSign));
    take();
    expectSign(';', `behind the "}" of the section ${name.text}`);
    if (modules.length === 0) throw new JaasFault(name.line, `the section ${name.text} has no login module`);
    sections.set(name.text, modules);
  }
  return sections;
}

function moduleFrom(
  take: () => Token,
  is: (sign: string) => boolean,
  expectSign: (sign: string, where: string) => void,
): LoginModule {
  const name = take();
  if (name.kind === 'end') throw new JaasFault(name.line, 'a "}" and a ";" belong at the end of a section');
  if (name.kind === 'sign')
    throw new JaasFault(name.line, `a class of a login module belongs here, not "${name.text}"`);
  const flag = take();
  if (flag.kind !== 'word' || !FLAGS.has(flag.text.toLowerCase())) {
    throw new JaasFault(flag.line, `one of ${[...FLAGS].join(', ')} belongs behind ${name.text}`);
  }
  const options = new Map<string, string>();
  while (!is(';')) {
    const key = take();
    if (key.kind !== 'word') {
      throw new JaasFault(key.line, `a ";" belongs at the end of the options of ${name.text}`);
    }
    expectSign('=', `behind the option ${key.text}`);
    const value = take();
    if (value.kind !== 'text' && value.kind !== 'word') {
      throw new JaasFault(value.line, `a value belongs behind ${key.text}=`);
    }
    if (options.has(key.text)) throw new JaasFault(key.line, `the option ${key.text} is there twice`);
    if (value.text.includes('${')) {
      throw new JaasFault(
        value.line,
        `the value of ${key.text} has to be written out: there are no Java properties here`,
      );
    }
    options.set(key.text, value.text);
  }
  take();
  return { className: name.text, options, line: name.line };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', a: '\x07', v: '\v' };

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /(\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(["'])((?:(?!\2)[^\\\n]|\\[^\n])*)\2|([{};=])|([^\s{};="']+)/y;
  let line = 1;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new JaasFault(line, 'a quote is opened and not closed on its line');
    at = pattern.lastIndex;
    const [all, , quote, inner, sign, word] = match;
    if (quote !== undefined) tokens.push({ kind: 'text', text: unescaped(inner ?? ''), line });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, line });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
    line += all.split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: 'the end of the file', line });
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{0,2}|[4-7][0-7]?|[\s\S])/g, (_all, escaped: string) =>
    /^[0-7]/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8)) : (ESCAPES[escaped] ?? escaped),
  );
}
