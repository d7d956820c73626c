import { javaDouble } from '../server/monitoring/four-letter/java-format.ts';

/**
 * JSON as Jackson's default pretty printer lays it out, and so as Apache's admin server answers. A level of objects has
 * two spaces, arrays stand on one line, and the colon has a blank on either side.
 */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | JavaDouble
  | LongList
  | LongMap
  | readonly Json[]
  | JsonObject;

/** The keys stay in the order of insertion. A Map keeps it also for keys like numbers; an object does not. */
export type JsonObject = { readonly [key: string]: Json } | ReadonlyMap<string, Json>;

/** A Java double: it always has a decimal point. NaN and infinities are strings, as Jackson writes them. */
export class JavaDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** An array that may be long: an item is made when it is told. */
export class LongList {
  readonly items: Iterable<Json>;

  constructor(items: Iterable<Json>) {
    this.items = items;
  }
}

/** An object that may be long, as LongList. */
export class LongMap {
  readonly entries: Iterable<readonly [key: string, value: Json]>;

  constructor(entries: Iterable<readonly [key: string, value: Json]>) {
    this.entries = entries;
  }
}

export function javaJson(value: Json): string {
  let text = '';
  for (const piece of javaJsonPieces(value)) text += piece;
  return text;
}

/** The same in pieces, none of them long and none empty. */
export function* javaJsonPieces(value: Json, depth = 0, before = ''): Generator<string> {
  if (value instanceof LongList || isArray(value)) {
    let lead = `${before}[ `;
    for (const item of value instanceof LongList ? value.items : value) {
      yield* javaJsonPieces(item, depth, lead);
      lead = ', ';
    }
    yield lead === ', ' ? ' ]' : `${lead}]`;
    return;
  }
  if (value === null || typeof value !== 'object' || value instanceof JavaDouble) {
    yield before + scalar(value);
    return;
  }
  const indent = '  '.repeat(depth);
  let lead = `${before}{`;
  let isEmpty = true;
  for (const [key, each] of entriesOf(value)) {
    yield* javaJsonPieces(each, depth + 1, `${lead}\n${indent}  ${JSON.stringify(key)} : `);
    lead = ',';
    isEmpty = false;
  }
  yield isEmpty ? `${lead} }` : `\n${indent}}`;
}

function scalar(value: string | number | bigint | boolean | null | JavaDouble): string {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof JavaDouble)) return JSON.stringify(value);
  const text = javaDouble(value.value);
  return Number.isFinite(value.value) ? text : JSON.stringify(text);
}

export function entriesOf(value: LongMap | JsonObject): Iterable<readonly [key: string, value: Json]> {
  if (value instanceof LongMap) return value.entries;
  return value instanceof Map ? value : Object.entries(value as { readonly [key: string]: Json });
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
