import { suggest } from '../../base/suggest.ts';
import { canonicalHost, isNumeric } from '../../election/quorum/host-address.ts';
import type { KeySpec, NumberKey } from './keys/key-spec.ts';

/** The text of a setting as a value of its key's type. Apache reads them with the parsers of Java, and so do we. */
export type Value = string | number | boolean;

/** A sentence about what would be right, when `text` is no value of this key. */
export class NoValue {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export function parseValue(text: string, spec: KeySpec): Value | NoValue {
  switch (spec.type) {
    case 'int':
    case 'long':
      return parseWhole(text, spec);
    case 'hours':
      return parseHours(text);
    case 'float':
      return parseFloatValue(text);
    case 'boolean':
      return isChosen(parseChoice(text, ['true', 'false']), 'true');
    case 'yes-no':
      return isChosen(parseChoice(text, ['yes', 'no']), 'yes');
    case 'path':
      return text === '' ? new NoValue('it names nothing; write a path, or leave the key out') : text;
    case 'host':
      return parseHost(text);
    case 'text':
      return spec.choices === undefined ? text : parseChoice(text, spec.choices);
  }
}

/** Java's Integer.decode as well where Apache reads a property with it: 0x400000 is a size people write. */
function parseWhole(text: string, spec: NumberKey): number | NoValue {
  const hex = spec.from === 'file' ? null : /^([+-]?)(?:0[xX]|#)([0-9a-fA-F]+)$/.exec(text);
  const value =
    hex !== null
      ? Number.parseInt(hex[2] as string, 16) * (hex[1] === '-' ? -1 : 1)
      : /^[+-]?\d+$/.test(text)
        ? Number(text)
        : Number.NaN;
  const widest = spec.type === 'int' ? 2 ** 31 : Number.MAX_SAFE_INTEGER;
  const min = spec.min ?? -widest;
  const max = spec.max ?? widest - 1;
  if (value >= min && value <= max) return value;
  if (min === max) return new NoValue(`only ${min} is supported`);
  const bounds = spec.min !== undefined && spec.max === undefined ? `${min} or more` : `from ${min} to ${max}`;
  return new NoValue(`a whole number is needed, ${bounds}`);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOST_HOURS = 2 ** 31 - 1;

/** The unit is as in Apache ZooKeeper from 3.10 on; before, and without one, these are hours. */
function parseHours(text: string): number | NoValue {
  const [, digits, unit = 'h'] = /^([+-]?\d+)(ms|s|m|h|d)?$/.exec(text) ?? [];
  const hours = (Number(digits) * (UNIT_MS[unit] as number)) / 3_600_000;
  if (Math.abs(hours) <= MOST_HOURS) return hours;
  return new NoValue('a whole number of hours is needed, or one with ms, s, m, h or d behind it, such as 30m');
}

function parseFloatValue(text: string): number | NoValue {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : new NoValue('a number is needed, such as 0.33');
}

/** Java takes no name at all for the loopback address. */
const LOOPBACK = '127.0.0.1';

function parseHost(text: string): string | NoValue {
  if (text === '') return LOOPBACK;
  if (isNumeric(text)) return canonicalHost(text);
  return /[:\s[\]/]/.test(text) ? new NoValue('it is no address; write a name, or an IPv4 or IPv6 address') : text;
}

function isChosen(chosen: string | NoValue, choice: string): boolean | NoValue {
  return chosen instanceof NoValue ? chosen : chosen === choice;
}

function parseChoice(text: string, choices: readonly string[]): string | NoValue {
  const lower = text.toLowerCase();
  const chosen = choices.find((choice) => choice.toLowerCase() === lower);
  if (chosen !== undefined) return chosen;
  const meant = suggest(text, choices);
  const listed = choices.map((choice) => (choice === '' ? 'nothing' : choice)).join(' or ');
  return new NoValue(meant === undefined ? `it is ${listed}` : `it is ${listed}; did you mean ${meant}?`);
}
