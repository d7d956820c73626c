import { javaDouble } from '../server/monitoring/four-letter/java-format.ts';

/**
 * JSON as Jackson's default pretty printer lays it out, and so as Apache's admin server answers. A level of objects has
 * two spaces, arrays stand on one line, and the colon has a blank on either side.
 */
export type Json = string | number | bigint | boolean | null | JavaDouble | readonly Json[] | JsonObject;

/** The keys stay in the order of insertion. A Map keeps it also for keys like numbers; an object does not. */
export type JsonObject = { readonly [key: string]: Json } | ReadonlyMap<string, Json>;

/** A Java double: it always has a decimal point. NaN and infinities are strings, as Jackson writes them. */
export class JavaDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export function javaJson(value: Json, depth = 0): string {
  if (value instanceof JavaDouble) {
    const text = javaDouble(value.value);
    return Number.isFinite(value.value) ? text : JSON.stringify(text);
  }
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((each) => javaJson(each, depth)).join(', ')} ]`;
  }
  const entries = value instanceof Map ? [...value] : Object.entries(value as { readonly [key: string]: Json });
  if (entries.length === 0) return '{ }';
  const indent = '  '.repeat(depth + 1);
  const lines = entries.map(([key, each]) => `${indent}${JSON.stringify(key)} : ${javaJson(each, depth + 1)}`);
  return `{\n${lines.join(',\n')}\n${'  '.repeat(depth)}}`;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
