import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type NamedPart, partsOf } from './functions.ts';
import { occurrences, type Token, tokensOf } from './tokens.ts';

/**
 * The production source with texts in it replaced. A text is named by the function it stands in, wherever that function
 * lies, and compared token by token: neither a file that moves nor another layout makes an edit point at nothing. A text
 * that is not there exactly once is a failure, so that no edit is quietly left out.
 */
export interface Edit {
  /** `Learner.onNewLeader`, or the name of what stands at the top of a file. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
}

export class MissingText extends Error {
  override readonly name = 'MissingText';
}

export interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

interface Source {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly parts: readonly NamedPart[];
}

const SRC = resolve(import.meta.dirname, '../../src');
/** How many functions a failure names that have the text instead. */
const MAX_HINTS = 3;
/** Read once: a run with a hundred mutants edits the same files. */
let production: ReadonlyMap<string, Source> | undefined;

function sourceOf(text: string): Source {
  const tokens = tokensOf(text);
  return { text, tokens, parts: partsOf(tokens) };
}

function readProduction(): ReadonlyMap<string, Source> {
  const names = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [join(SRC, name), sourceOf(readFileSync(join(SRC, name), 'utf8'))]));
}

export class EditedSource {
  private readonly original: ReadonlyMap<string, Source>;
  private readonly changed = new Map<string, Source>();

  /** `files` are paths and texts, for tests; the production source without. */
  constructor(edits: readonly Edit[] = [], files?: ReadonlyMap<string, string>) {
    if (files === undefined) production ??= readProduction();
    this.original =
      files === undefined
        ? (production as ReadonlyMap<string, Source>)
        : new Map([...files].map(([path, text]) => [path, sourceOf(text)]));
    for (const edit of edits) this.apply(edit);
  }

  /** The text of a file that an edit has changed. */
  textOf(path: string): string | undefined {
    return this.changed.get(path)?.text;
  }

  /** Everywhere in the functions of this name that the text stands. */
  places(at: string, text: string): readonly Place[] {
    return this.search(text, (name) => name === at).map(({ place }) => place);
  }

  private apply({ at, from, to }: Edit): void {
    const found = this.places(at, from);
    const [place] = found;
    if (found.length !== 1 || place === undefined) {
      const others = found.length > 0 ? [] : this.search(from, () => true).map(({ name }) => name);
      const hint = others.length === 0 ? '' : `; it stands in ${[...new Set(others)].slice(0, MAX_HINTS).join(', ')}`;
      throw new MissingText(`${at}: ${found.length} times, not once: ${from}${hint}`);
    }
    const { text } = this.changed.get(place.path) ?? (this.original.get(place.path) as Source);
    this.changed.set(place.path, sourceOf(text.slice(0, place.start) + to + text.slice(place.end)));
  }

  private search(text: string, isIn: (name: string) => boolean): readonly { name: string; place: Place }[] {
    const wanted = tokensOf(text);
    const found: { name: string; place: Place }[] = [];
    for (const [path, unchanged] of this.original) {
      const { tokens, parts } = this.changed.get(path) ?? unchanged;
      for (const { name, first, end } of parts) {
        if (!isIn(name)) continue;
        for (const i of occurrences(tokens, wanted, first, end)) {
          const start = tokens[i] as Token;
          const last = tokens[i + wanted.length - 1] as Token;
          found.push({ name, place: { path, start: start.start, end: last.end } });
        }
      }
    }
    return found;
  }
}
