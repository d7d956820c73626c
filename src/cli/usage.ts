import { EXIT } from '../base/exit-codes.ts';

/**
 * The outcome of `parse` for the arguments of this process. Undefined when there is nothing to do: the usage was asked
 * for, or `parse` gave the reason why they are none. Both have been said then.
 */
export function argumentsOf<T extends object>(
  usage: string,
  parse: (argv: readonly string[]) => T | string,
): T | undefined {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) {
    process.stdout.write(usage);
    return undefined;
  }
  const args = parse(argv);
  if (typeof args !== 'string') return args;
  process.stderr.write(`${args}\n\n${usage}`);
  process.exitCode = EXIT.invalidConfig;
  return undefined;
}
