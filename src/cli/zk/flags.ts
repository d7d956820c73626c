import { CliError } from './cli-error.ts';

/**
 * The flags of a command, by the rules that users of zkCli know. Flags and words come in any order, and one-letter
 * flags may run together (-sw). A value stands behind its flag, joined to it (-v3) or after "=" (-v=3). "--" stands
 * before words that begin with "-". A negative number may be a value, never a word by itself. The sentences are those
 * of Apache's shell.
 *
 *   long flags (-members, --depth) are written with as many dashes as their name says
 */
export interface FlagSpec {
  /** With its dashes: -s, -members, --depth. */
  readonly name: string;
  /** The name of its value in help; undefined for a flag without one. */
  readonly value?: string;
  /** For the list of flags below a usage line. */
  readonly help?: string;
}

export interface FlagRules {
  readonly flags: readonly FlagSpec[];
  /** At most one of these may be given. */
  readonly exclusive?: readonly string[];
  /** And one of those must be. */
  readonly exclusiveIsRequired?: boolean;
}

export class ParsedFlags {
  readonly words: readonly string[];
  private readonly given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>, words: readonly string[]) {
    this.given = given;
    this.words = words;
  }

  has(name: string): boolean {
    return this.given.has(name);
  }

  /** undefined when the flag was not given. */
  value(name: string): string | undefined {
    return this.given.get(name);
  }
}

export function parseFlags(args: readonly string[], rules: FlagRules): ParsedFlags {
  const given = new Map<string, string>();
  const words: string[] = [];
  let waiting: FlagSpec | undefined;
  const give = (spec: FlagSpec, value: string | undefined): void => {
    refuseSecondOfGroup(spec, given, rules);
    if (spec.value !== undefined && value === undefined) waiting = spec;
    // A flag given twice: the first value counts, as it always did.
    else if (!given.has(spec.name)) given.set(spec.name, value ?? '');
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (waiting !== undefined) {
      if (arg === '--' || isFlag(arg, rules.flags)) break;
      given.set(waiting.name, arg);
      waiting = undefined;
    } else if (arg === '--') {
      words.push(...args.slice(i + 1));
      break;
    } else if (!arg.startsWith('-') || arg === '-') words.push(arg);
    else for (const { spec, value } of flagsIn(arg, rules.flags)) give(spec, value);
  }
  if (waiting !== undefined) throw new CliError(`Missing argument for option: ${bare(waiting.name)}`);
  if (rules.exclusiveIsRequired === true && rules.exclusive?.some((name) => given.has(name)) !== true) {
    const options = rules.flags.filter(({ name }) => rules.exclusive?.includes(name));
    throw new CliError(`Missing required option: [${options.map((o) => `${o.name} ${o.help ?? ''}`).join(', ')}]`);
  }
  return new ParsedFlags(given, words);
}

function refuseSecondOfGroup(spec: FlagSpec, given: ReadonlyMap<string, string>, rules: FlagRules): void {
  if (rules.exclusive?.includes(spec.name) !== true) return;
  const other = rules.exclusive.find((name) => name !== spec.name && given.has(name));
  if (other === undefined) return;
  throw new CliError(
    `The option '${bare(spec.name)}' was specified but an option from this group has already been selected: '${bare(other)}'`,
  );
}

interface GivenFlag {
  readonly spec: FlagSpec;
  readonly value: string | undefined;
}

/** The meaning of one argument that begins with "-": a flag, a flag and its value, or several one-letter flags. */
function flagsIn(arg: string, specs: readonly FlagSpec[]): GivenFlag[] {
  const whole = specs.find(({ name }) => name === arg);
  if (whole !== undefined) return [{ spec: whole, value: undefined }];
  const equals = arg.indexOf('=');
  if (equals !== -1) {
    const spec = specs.find(({ name, value }) => name === arg.slice(0, equals) && value !== undefined);
    if (spec === undefined) throw unrecognized(arg);
    return [{ spec, value: arg.slice(equals + 1) }];
  }
  const found: GivenFlag[] = [];
  for (let i = 1; i < arg.length; i++) {
    const spec = specs.find(({ name }) => name === `-${arg[i]}`);
    if (spec === undefined) throw unrecognized(arg);
    if (spec.value !== undefined) {
      const rest = arg.slice(i + 1);
      found.push({ spec, value: rest === '' ? undefined : rest });
      break;
    }
    found.push({ spec, value: undefined });
  }
  return found;
}

/** Whether `arg`, where a value is due, is a flag instead. */
function isFlag(arg: string, specs: readonly FlagSpec[]): boolean {
  if (!arg.startsWith('-') || arg === '-' || /^-\d+(\.\d+)?$/.test(arg)) return false;
  return specs.some(
    ({ name }) => arg === name || arg.startsWith(`${name}=`) || (isShort(name) && arg.startsWith(name)),
  );
}

function isShort(name: string): boolean {
  return name.length === 2;
}

function bare(name: string): string {
  return name.replace(/^-+/, '');
}

function unrecognized(arg: string): CliError {
  return new CliError(`Unrecognized option: ${arg}`);
}
