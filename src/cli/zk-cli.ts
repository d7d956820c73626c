#!/usr/bin/env node
import { createInterface } from 'node:readline';
import { ConfigError } from '../base/errors.ts';
import { CliError } from './zk/cli-error.ts';
import { helpText } from './zk/help.ts';
import { parseOptions, type ShellOptions } from './zk/options.ts';
import { Output } from './zk/output.ts';
import { Shell } from './zk/shell.ts';
import { Interactive } from './zk/terminal/interactive.ts';

/**
 * zkCli: the shell of ZooKeeper, with the commands, lines, streams and exit codes of Apache's (ZooKeeperMain), and a few
 * commands more. One command on the command line, or many from standard input.
 */
async function main(): Promise<number> {
  let options: ShellOptions;
  try {
    options = parseOptions(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (options.help) {
    process.stdout.write(`${helpText()}\n`);
    return 0;
  }
  for (const line of options.warnings) process.stderr.write(`${line}\n`);
  let interactive: Interactive | undefined;
  const print = (write: () => void): void => (interactive === undefined ? write() : interactive.print(write));
  const output = new Output(
    {
      out: (text) => print(() => process.stdout.write(text)),
      err: (text) => print(() => process.stderr.write(text)),
    },
    options.json,
  );
  output.line(`Connecting to ${options.server}`);
  const confirm = (question: string): Promise<boolean> => interactive?.confirm(question) ?? askAtTerminal(question);
  let shell: Shell;
  try {
    shell = new Shell(options, { output, confirm });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    output.error(error.message);
    return 1;
  }
  try {
    if (options.waitForConnection) await shell.waitForConnection();
    if (options.command.length > 0) {
      return await shell.execute(options.command, options.command.join(' '), interrupts());
    }
    output.line('Welcome to ZooKeeper!\nJLine support is enabled');
    interactive = new Interactive(shell);
    await interactive.run();
    return shell.exitCode;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    output.error(error.message);
    return error.exitCode;
  } finally {
    if (!shell.isOver) await shell.end();
  }
}

/** Ctrl-C ends the one command; a second one ends the program at once. */
function interrupts(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new CliError('Interrupted', 130)));
  return controller.signal;
}

function askAtTerminal(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return Promise.resolve(true);
  const rl = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    rl.question(`${question} [y/N] `, (answer) => {
      rl.close();
      resolve(/^y(es)?$/i.test(answer.trim()));
    });
  });
}

// The reader has enough, as `head` has: there is nobody left to tell.
process.stdout.on('error', () => process.exit(1));

process.exitCode = await main();
