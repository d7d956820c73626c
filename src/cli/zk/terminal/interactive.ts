import { createInterface, type Interface } from 'node:readline';
import { CliError } from '../cli-error.ts';
import type { Shell } from '../shell.ts';
import { wordsOf } from '../words.ts';
import { complete } from './completer.ts';
import { loadHistory, saveHistory } from './history-file.ts';

/**
 * Lines in, one command at a time. At a terminal: line editing, history over runs, completion, Ctrl-C that clears the
 * line or ends the command under way, Ctrl-D that ends the shell. From a pipe: the prompt and the answers alone.
 */
export class Interactive {
  private readonly shell: Shell;
  private readonly isTerminal: boolean;
  private readonly rl: Interface;
  private running: AbortController | undefined = undefined;
  private readonly pending: string[] = [];
  private wake: (() => void) | undefined = undefined;
  private ended = false;

  constructor(shell: Shell) {
    this.shell = shell;
    this.isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    this.rl = createInterface({
      input: process.stdin,
      ...(this.isTerminal ? { output: process.stdout, history: loadHistory() } : {}),
      terminal: this.isTerminal,
      removeHistoryDuplicates: true,
      historySize: 1000,
      completer: (line, done) => {
        complete(line, shell.commandNames, shell.connectedClient).then(
          (answer) => done(null, answer),
          (error) => done(error as Error),
        );
      },
    });
    if (this.isTerminal) this.rl.on('history', (lines: string[]) => saveHistory(lines));
    this.rl.on('line', (line) => {
      this.pending.push(line);
      this.wake?.();
    });
    this.rl.on('close', () => {
      this.ended = true;
      this.wake?.();
    });
    this.rl.on('SIGINT', () => this.onInterrupt());
  }

  /** Until the input ends or `quit`. */
  async run(): Promise<void> {
    while (!this.shell.isOver) {
      this.showPrompt();
      const line = await this.nextLine();
      if (line === undefined) break;
      if (line.trim() !== '') await this.execute(line);
    }
    this.rl.close();
    // Behind the prompt that got no line.
    if (!this.shell.isOver) process.stdout.write('\n');
  }

  /** For what is printed while somebody types: the line makes room and comes back behind it. */
  print(write: () => void): void {
    const isTyping = this.isTerminal && this.wake !== undefined;
    if (isTyping) process.stdout.write('\r\x1b[K');
    write();
    if (isTyping) {
      this.rl.setPrompt(this.shell.prompt);
      this.rl.prompt(true);
    }
  }

  /** Only somebody at a terminal can be asked; a script means what it says. */
  confirm(question: string): Promise<boolean> {
    if (!this.isTerminal) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.rl.question(`${question} [y/N] `, (answer) => resolve(/^y(es)?$/i.test(answer.trim())));
    });
  }

  private async execute(line: string): Promise<void> {
    let words: string[];
    try {
      words = wordsOf(line);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.shell.refuse(line, error);
      return;
    }
    this.running = new AbortController();
    await this.shell.execute(words, line, this.running.signal);
    this.running = undefined;
  }

  private onInterrupt(): void {
    if (this.running !== undefined) {
      this.running.abort(new CliError('Interrupted', 130));
      return;
    }
    process.stdout.write('^C\n');
    this.rl.write(null, { ctrl: true, name: 'e' });
    this.rl.write(null, { ctrl: true, name: 'u' });
    this.showPrompt();
  }

  private showPrompt(): void {
    if (!this.isTerminal) {
      process.stdout.write(this.shell.prompt);
      return;
    }
    this.rl.setPrompt(this.shell.prompt);
    this.rl.prompt();
  }

  private async nextLine(): Promise<string | undefined> {
    while (this.pending.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
    return this.pending.shift();
  }
}
