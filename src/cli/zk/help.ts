import { CliError } from './cli-error.ts';
import { type Command, flagLines, usageLine } from './command.ts';
import { COMMANDS } from './command-table.ts';

/** The list of commands: Apache's lines first, as there, and what is ours behind them, marked as ours. */
export interface BuiltIn {
  readonly name: string;
  readonly usage: string;
  /** Fewest and most words. */
  readonly words: readonly [number, number];
  readonly ours?: string;
}

export const BUILT_INS: readonly BuiltIn[] = [
  { name: 'close', usage: '', words: [0, 0] },
  { name: 'connect', usage: 'host:port', words: [0, 1] },
  { name: 'history', usage: '', words: [0, 0] },
  { name: 'printwatches', usage: 'on|off', words: [0, 1] },
  { name: 'quit', usage: '', words: [0, 0] },
  { name: 'redo', usage: 'cmdno', words: [1, 1] },
  { name: 'help', usage: '[command]', words: [0, 1], ours: '' },
];

const HEAD = 'ZooKeeper -server host:port -client-configuration properties-file cmd args';
const OURS = `
Beyond Apache ZooKeeper's shell (options stand before the command):
	--json # answers and events as JSON, one value a line
	--help`;

export function helpText(): string {
  const all = [...COMMANDS.values(), ...BUILT_INS].sort((a, b) => (a.name < b.name ? -1 : 1));
  const apaches = all.filter(({ ours }) => ours !== '').map((each) => `\t${usageLine(each)}`);
  const extended = all
    .filter((each) => each.ours !== undefined)
    .map(({ name, usage, ours }) => `\t${ours === '' ? `${name} ${usage}` : `${name} ${ours}`}`);
  return [HEAD, ...apaches, OURS, ...extended].join('\n');
}

export function helpOn(name: string): string {
  const command: Command | undefined = COMMANDS.get(name);
  if (command !== undefined) {
    return command.rules.flags.length === 0 ? usageLine(command) : `${usageLine(command)}\n${flagLines(command.rules)}`;
  }
  const builtIn = BUILT_INS.find((each) => each.name === name);
  if (builtIn === undefined) throw new CliError(`there is no command ${name}`);
  return usageLine(builtIn);
}
