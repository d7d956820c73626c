import type { WatchedEvent, Watcher, ZooKeeperClient } from '../../client/client.ts';
import { CliError } from './cli-error.ts';
import { type FlagRules, type ParsedFlags, parseFlags } from './flags.ts';
import type { Output } from './output.ts';

/**
 * A command of the shell: its help line, its flags, how many words it takes, and what it does. A word too many and an
 * unknown flag are errors here, in one place: `create /x data acl` must not become an open node because somebody
 * forgot the acl.
 */
export interface Command {
  readonly name: string;
  /** The text behind the name in help. */
  readonly usage: string;
  readonly rules: FlagRules;
  /** Fewest and most words. */
  readonly words: readonly [number, number];
  /** Apache's shell has no such command, or not this flag of it: help says so. */
  readonly ours?: string;
  /** Whether the flags are listed below the usage line when words are missing. */
  readonly explainsFlags?: boolean;
  run(context: CommandContext, args: ParsedFlags): Promise<void>;
}

export interface CommandContext {
  readonly client: ZooKeeperClient;
  readonly output: Output;
  /** Prints events; the one watcher that every -w sets. */
  readonly watcher: Watcher;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Whether somebody sits at a terminal and can be asked. */
  confirm(question: string): Promise<boolean>;
}

export function parseCommand(command: Command, args: readonly string[]): ParsedFlags {
  const parsed = parseFlags(args, command.rules);
  const [fewest, most] = command.words;
  const { words } = parsed;
  if (words.length < fewest) throw new CliError(usageText(command));
  if (words.length > most) {
    const extra = words.slice(most).map((word) => `"${word}"`);
    throw new CliError(`${command.name} has no use for ${extra.join(' ')}: ${usageLine(command)}`);
  }
  return parsed;
}

export function usageLine(command: { readonly name: string; readonly usage: string }): string {
  return `${command.name} ${command.usage}`;
}

export function usageText(command: Command): string {
  return command.explainsFlags === true ? `${usageLine(command)}\n${flagLines(command.rules)}\n` : usageLine(command);
}

/** One line a flag, in alphabetical order, as wide as the widest. */
export function flagLines({ flags }: FlagRules): string {
  const rows = flags
    .map(({ name, value, help }) => ({ left: ` ${name}${value === undefined ? '' : ' <arg>'}`, help: help ?? '' }))
    .sort((a, b) => (a.left.toLowerCase() < b.left.toLowerCase() ? -1 : 1));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 3;
  return rows.map(({ left, help }) => `${left.padEnd(width)}${help}`.trimEnd()).join('\n');
}

/** "NodeDataChanged" of "nodeDataChanged". */
export function eventTypeName(event: WatchedEvent): string {
  return event.type.charAt(0).toUpperCase() + event.type.slice(1);
}

/** The flag's number; `sentence` when it is none. */
export function integerFlag(args: ParsedFlags, name: string, sentence: string): number | undefined {
  const text = args.value(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new CliError(sentence);
  return value;
}

const MAX_INT = 0x7fffffff;

/** -v of delete, set and setAcl; -1, any version, without it. */
export function versionFlag(args: ParsedFlags): number {
  const text = args.value('-v');
  const sentence = `-v argument must be a version number, an int, not "${text}"`;
  const version = integerFlag(args, '-v', sentence) ?? -1;
  if (Math.abs(version) > MAX_INT) throw new CliError(sentence);
  return version;
}
