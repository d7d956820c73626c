import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * The rules of the house that no compiler knows, held against the source: who may import whom, what protocol code must
 * not touch, and how a file looks from outside. Each rule says what to use instead.
 */
const root = resolve(import.meta.dirname, '..');

interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without comments and without the contents of strings. */
  readonly code: string;
}

function sourceFiles(dir: string): SourceFile[] {
  return readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      return { path: relative(root, path), text, code: codeOf(text) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Good enough for code that a formatter has been over: a string or comment inside a template literal stays. */
function codeOf(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\$]|\\.)*`/g,
    (match) => (match.startsWith('/') ? '' : `${match[0]}${match[0]}`),
  );
}

function importsOf(file: SourceFile): string[] {
  const found = [...file.text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)';/gms)];
  return found.map((match) => match[1] as string);
}

/** `src/server/auth` belongs to `server`; a file right under src is a room of its own. */
function roomOf(path: string): string {
  return path.split('/')[1] as string;
}

const src = sourceFiles('src');

/** Which room may import from which others, besides itself. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  io: ['base'],
  jute: ['base'],
  datatree: ['base', 'jute'],
  txnlog: ['base', 'io', 'jute', 'datatree'],
  election: ['base', 'io', 'jute'],
  zab: ['base', 'io', 'jute', 'election'],
  sasl: ['base', 'io'],
  server: ['base', 'io', 'jute', 'datatree', 'sasl'],
  tls: ['base', 'io'],
  quorum: ['base', 'io', 'jute', 'datatree', 'txnlog', 'election', 'zab', 'sasl', 'server', 'tls'],
  client: ['base', 'io', 'jute', 'sasl', 'tls'],
  recipes: ['client'],
  admin: ['base', 'io', 'jute', 'datatree', 'election', 'server'],
  backup: ['base', 'io', 'jute', 'datatree', 'txnlog'],
  conversation: ['base', 'jute'],
  record: ['base', 'jute', 'conversation'],
  testing: ['base', 'io', 'jute', 'conversation', 'quorum', 'client', 'embed'],
  doctor: ['base', 'io', 'jute', 'datatree', 'txnlog', 'election', 'quorum', 'embed', 'backup'],
  cli: [
    'base',
    'io',
    'jute',
    'datatree',
    'txnlog',
    'election',
    'sasl',
    'server',
    'client',
    'doctor',
    'backup',
    'testing',
    'record',
  ],
  embed: ['base', 'io', 'jute', 'quorum', 'admin', 'server', 'backup', 'tls'],
  'index.ts': ['base', 'io', 'embed', 'quorum'],
  program: ['base', 'io', 'embed', 'quorum', 'server'],
  'peer.ts': ['base', 'io', 'program'],
};

describe('who may import whom', () => {
  test('every room under src is in the table', () => {
    expect([...new Set(src.map((file) => roomOf(file.path)))].filter((room) => IMPORTS[room] === undefined)).toEqual(
      [],
    );
  });

  test('imports run one way', () => {
    const wrong: string[] = [];
    for (const file of src) {
      const room = roomOf(file.path);
      for (const name of importsOf(file)) {
        if (!name.startsWith('.')) continue;
        const target = roomOf(relative(root, resolve(root, dirname(file.path), name)));
        if (target !== room && IMPORTS[room]?.includes(target) !== true) wrong.push(`${file.path} imports ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('every arrow of the table is used, so that it says what is true', () => {
    const used = new Set(
      src.flatMap((file) =>
        importsOf(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => `${roomOf(file.path)} -> ${roomOf(relative(root, resolve(root, dirname(file.path), name)))}`),
      ),
    );
    const allowed = Object.entries(IMPORTS).flatMap(([room, targets]) => targets.map((to) => `${room} -> ${to}`));
    expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  test('zab takes nothing from election but quorum verifiers', () => {
    const wrong = src
      .filter((file) => file.path.startsWith('src/zab/'))
      .flatMap((file) => importsOf(file).map((name) => `${file.path} imports ${name}`))
      .filter((line) => /election\/(?!quorum\/)/.test(line));
    expect(wrong).toEqual([]);
  });

  test('no file imports, by way of others, itself, not even for a type', () => {
    const graph = new Map(
      src.map((file) => [
        file.path,
        importsOf(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => relative(root, resolve(root, dirname(file.path), name))),
      ]),
    );
    expect(cyclesIn(graph)).toEqual([]);
  });

  test('relative imports name the file with its ending', () => {
    const wrong = [...src, ...sourceFiles('test'), ...sourceFiles('bench')].flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.') && !name.endsWith('.ts'))
        .map((name) => `${file.path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Files that may. */
  readonly except?: RegExp;
}

/** For everything that runs in a simulator: protocol, log, tree, server, composition. */
const SIMULATED = /^src\/(base|io|jute|datatree|txnlog|election|zab|sasl|server|quorum)\//;
const REAL_IO = /^src\/io\/node-/;

const BANS_IN_SIMULATED_CODE: readonly Ban[] = [
  {
    pattern: /\bDate\b/,
    instead: 'clock.wallMs() or clock.nowMs()',
  },
  { pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, instead: 'clock.after, every or afterTurn' },
  { pattern: /\bperformance\b/, instead: 'clock.nowMs()' },
  { pattern: /\bMath\.random\b/, instead: 'random.below' },
  { pattern: /\b(Promise|async|await)\b/, instead: 'a callback or an event method' },
  { pattern: /\bprocess\b/, instead: 'a value that peer.ts passes in' },
  { pattern: /\bconsole\b/, instead: 'the Log that was passed in' },
];

const MODULES_FOR_SIMULATED_CODE = new Set(['node:crypto', 'node:path', 'node:zlib', 'prom-client']);

describe('what must not be touched', () => {
  for (const ban of BANS_IN_SIMULATED_CODE) {
    test(`simulated code uses ${ban.instead}, not ${ban.pattern.source}`, () => {
      const wrong = src
        .filter((file) => SIMULATED.test(file.path) && !REAL_IO.test(file.path) && ban.except?.test(file.path) !== true)
        .flatMap((file) => linesWith(file, ban.pattern));
      expect(wrong).toEqual([]);
    });
  }

  test('simulated code reaches the outside through src/io alone', () => {
    const wrong = src
      .filter((file) => SIMULATED.test(file.path) && !REAL_IO.test(file.path))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => !name.startsWith('.') && !MODULES_FOR_SIMULATED_CODE.has(name))
          .map((name) => `${file.path} imports ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  test('only the composition opens the real world', () => {
    const wrong = src
      .filter((file) => SIMULATED.test(file.path) && !REAL_IO.test(file.path))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => /\/io\/node-/.test(name))
          .map((name) => `${file.path} imports ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  test('only the program and the command line tools end the process or hear its signals', () => {
    const wrong = src
      .filter((file) => file.path !== 'src/peer.ts' && !/^src\/(cli|program)\//.test(file.path))
      .flatMap((file) => linesWith(file, /\bprocess\.(exit|on|once|abort)\b/));
    expect(wrong).toEqual([]);
  });

  test('no zxid is a BigInt', () => {
    expect(src.flatMap((file) => linesWith(file, /zxid\w*: bigint/i))).toEqual([]);
  });
});

function linesWith(file: SourceFile, pattern: RegExp): string[] {
  return file.code
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => `${file.path}: ${line.trim()}`);
}

const MAX_LINES = 500;
const MAX_FILES = 20;

describe('how a file looks', () => {
  const all = [...src, ...sourceFiles('test'), ...sourceFiles('bench')].filter(
    (file) => file.path !== 'test/house.test.ts',
  );

  test('names are kebab-case', () => {
    const wrong = all.map((file) => file.path).filter((path) => !/\/[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(path));
    expect(wrong).toEqual([]);
  });

  test('a source file says what it decides, in a comment before its code', () => {
    const wrong = src
      .filter((file) => {
        const head = file.text.replace(/^#!.*\n/, '').replace(/^import\b[^;]*;\n/gm, '');
        return !/^\s*(\/\*\*|\/\/)/.test(head) && !/^[\s\S]{0,600}?\/\*\*/.test(head);
      })
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });

  test('nothing is exported by default, nothing is passed on wholesale', () => {
    expect(all.flatMap((file) => linesWith(file, /^export (default|\*)/))).toEqual([]);
    const barrels = src.filter((file) => file.path.endsWith('/index.ts') && file.path !== 'src/index.ts');
    expect(barrels.map((file) => file.path)).toEqual([]);
  });

  test('types are not waved through, and rules are not switched off', () => {
    expect(all.flatMap((file) => linesWith(file, /\bas any\b|: any\b|<any>/))).toEqual([]);
    const suppressions = /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable|c8 ignore|v8 ignore/;
    expect(all.filter((file) => suppressions.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test('nothing is left for later', () => {
    const later = /\b(TODO|FIXME|XXX|HACK)\b/;
    expect(all.filter((file) => later.test(file.text)).map((file) => file.path)).toEqual([]);
  });

  test('every test is run', () => {
    const skipped = /\b(test|it|describe)\.(skip|only|todo|skipIf|runIf|fails)\b/;
    const wrong = sourceFiles('test')
      .filter((file) => !file.path.startsWith('test/interop/'))
      .flatMap((file) => linesWith(file, skipped));
    expect(wrong).toEqual([]);
  });

  test('a file holds one idea: none is longer than 500 lines', () => {
    const wrong = src
      .map((file) => `${file.text.split('\n').length - 1} ${file.path}`)
      .filter((line) => Number.parseInt(line, 10) > MAX_LINES);
    expect(wrong).toEqual([]);
  });

  test('a folder holds at most 20 files', () => {
    const files = new Map<string, number>();
    for (const { path } of src) files.set(dirname(path), (files.get(dirname(path)) ?? 0) + 1);
    expect([...files].filter(([, count]) => count > MAX_FILES)).toEqual([]);
  });
});

const MAX_PUBLIC_MEMBERS = 20;
const MAX_PARAMETERS = 5;

/** Classes that are many narrow interfaces to those who use them. */
const MANY_MEMBERS = new Set(['TreeReads']);

interface ClassShape {
  readonly name: string;
  /** Of methods, accessors and fields that are neither private nor protected; without the constructor. */
  readonly members: ReadonlySet<string>;
  readonly parameters: number;
}

/** Good enough for code that a formatter has been over: a member begins two blanks from the left. */
function classesIn(code: string): ClassShape[] {
  const found = [...code.matchAll(/^(?:export )?(?:abstract )?class (\w+)[^{]*\{\n(.*?)^\}/gms)];
  return found.map(([, name = '', body = '']) => {
    const members = body.matchAll(
      /^ {2}(?!private |protected |constructor\()(?:(?:static|readonly|async|get|set|override|declare|abstract) )*\*?([A-Za-z]\w*)[?!]?(?:[<(:=;]| =|$)/gm,
    );
    const list = /^ {2}(?:private )?constructor\(([\s\S]*?)\) \{/m.exec(body)?.[1] ?? '';
    return { name, members: new Set([...members].map(([, member = '']) => member)), parameters: parametersIn(list) };
  });
}

function parametersIn(list: string): number {
  let flat = list.replaceAll('=>', '');
  for (let before = ''; before !== flat; ) {
    before = flat;
    flat = flat.replace(/\([^()]*\)|\{[^{}]*\}|<[^<>]*>|\[[^[\]]*\]/g, '');
  }
  return flat.split(',').filter((parameter) => parameter.trim() !== '').length;
}

describe('how large a class is', () => {
  const classes = src.flatMap((file) => classesIn(file.code).map((shape) => ({ path: file.path, ...shape })));

  test('members and parameters are counted as a reader would', () => {
    const source = [
      'export class One<T> extends Base {',
      '  readonly a = 1;',
      '  private b?: number;',
      '  #c = 2;',
      '  d!: string;',
      '  static async e(): Promise<void> {}',
      '  get f(): number {',
      '    return this.g(1);',
      '  }',
      '  set f(value: number) {}',
      '  protected g(x: number): number {',
      '    return x;',
      '  }',
      '  constructor(',
      '    first: Map<string, number>,',
      '    second: (a: number, b: { c: [string, number] }) => void,',
      '    third = 3,',
      '  ) {',
      '    super();',
      '  }',
      '  readonly h = (): void => {};',
      '  i: number;',
      '}',
      '',
    ].join('\n');
    expect(classesIn(source)).toEqual([
      { name: 'One', members: new Set(['a', 'd', 'e', 'f', 'h', 'i']), parameters: 3 },
    ]);
  });

  test('a class has at most 20 public members', () => {
    const wrong = classes
      .filter(({ name, members }) => members.size > MAX_PUBLIC_MEMBERS && !MANY_MEMBERS.has(name))
      .map(({ name, members, path }) => `${members.size} ${name} ${path}`);
    expect(wrong).toEqual([]);
  });

  test('every exception is needed', () => {
    const large = new Set(classes.filter(({ members }) => members.size > MAX_PUBLIC_MEMBERS).map(({ name }) => name));
    expect([...MANY_MEMBERS].filter((name) => !large.has(name))).toEqual([]);
  });

  test('a constructor has at most 5 parameters', () => {
    const wrong = classes
      .filter(({ parameters }) => parameters > MAX_PARAMETERS)
      .map(({ name, parameters, path }) => `${parameters} ${name} ${path}`);
    expect(wrong).toEqual([]);
  });
});
