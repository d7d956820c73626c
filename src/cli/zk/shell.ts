import { setMaxListeners } from 'node:events';
import {
  ErrorCode,
  type SessionState,
  type WatchedEvent,
  ZooKeeperClient,
  ZooKeeperError,
} from '../../client/client.ts';
import { parseConnectString } from '../../client/connect-string.ts';
import { CliError, errorLine, UNKNOWN_COMMAND } from './cli-error.ts';
import { parseCommand, usageLine } from './command.ts';
import { COMMANDS } from './command-table.ts';
import { printLoginEvent, printStateEvent, printWatchedEvent, promptState } from './events.ts';
import { BUILT_INS, helpOn, helpText } from './help.ts';
import type { ShellOptions } from './options.ts';
import type { Output } from './output.ts';
import { wordsOf } from './words.ts';

/**
 * The shell between its input and the client. It holds the session and knows the commands that are about the shell
 * itself. It carries out one command at a time and turns whatever that ends with into lines and an exit code.
 */
export interface ShellHost {
  readonly output: Output;
  confirm(question: string): Promise<boolean>;
}

const LONGEST_REQUEST = 2 ** 31 - 1;
const HISTORY_SHOWN = 10;

export class Shell {
  private readonly options: ShellOptions;
  private readonly host: ShellHost;
  private server: string;
  private client: ZooKeeperClient;
  /** Of this client, told to whoever waits for a session. */
  private attempts = new Set<(server: string, reason: string) => void>();
  private printsWatches = true;
  private readonly lines: string[] = [];
  private hasQuit = false;
  private saysGoodbye = false;
  private lastExitCode = 0;
  private readonly watcher = (event: WatchedEvent): void => {
    // Of type none: the session itself, which has been reported.
    if (this.printsWatches && event.type !== 'none') printWatchedEvent(this.host.output, event);
  };

  constructor(options: ShellOptions, host: ShellHost) {
    this.options = options;
    this.host = host;
    this.server = options.server;
    this.client = this.openClient();
  }

  get prompt(): string {
    return `[zk: ${this.server}(${promptState(this.client.state)}) ${this.lines.length}] `;
  }

  get isOver(): boolean {
    return this.hasQuit;
  }

  /** Of the last command. */
  get exitCode(): number {
    return this.lastExitCode;
  }

  /** The session's client, for completing paths; undefined without a session. */
  get connectedClient(): ZooKeeperClient | undefined {
    return this.client.state === 'connected' || this.client.state === 'connectedReadOnly' ? this.client : undefined;
  }

  get commandNames(): string[] {
    return [...COMMANDS.keys(), ...BUILT_INS.map(({ name }) => name)].sort();
  }

  /** Rejects with CliError when there is no session within the timeout. */
  async waitForConnection(): Promise<void> {
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    let last = '';
    const onAttempt = (server: string, reason: string): void => {
      last = `; the last attempt: ${server}, ${reason}`;
    };
    this.attempts.add(onAttempt);
    try {
      await this.client.connected({ signal });
    } catch {
      await this.client.close();
      throw new CliError(`KeeperErrorCode = ConnectionLoss: no connection to ${this.server}${last}`);
    } finally {
      this.attempts.delete(onAttempt);
    }
  }

  /** Carries out the words of `line`, which is how history shows them. Nothing it can end with is thrown. */
  async execute(words: readonly string[], line: string, signal: AbortSignal): Promise<number> {
    this.lines.push(line);
    // Each request under way listens to it.
    setMaxListeners(0, signal);
    try {
      await this.carryOut(words, signal);
      // `quit` ends with the code of the command before it.
      if (!this.hasQuit) this.lastExitCode = 0;
    } catch (error) {
      const reported = errorLine(error);
      this.lastExitCode = reported.exitCode;
      if (this.host.output.json) this.host.output.error(JSON.stringify(errorJson(error, reported.line)));
      else this.host.output.error(reported.line);
    }
    return this.lastExitCode;
  }

  /** A fault of a line before it has words. */
  refuse(line: string, error: CliError): void {
    this.lines.push(line);
    this.lastExitCode = error.exitCode;
    this.host.output.error(error.message);
  }

  /** Ends the session; quiet when the shell is about to end anyway. */
  async end(): Promise<void> {
    this.hasQuit = true;
    await this.client.close();
  }

  private async carryOut(words: readonly string[], signal: AbortSignal): Promise<void> {
    const [name = '', ...args] = words;
    const builtIn = BUILT_INS.find((each) => each.name === name);
    if (builtIn !== undefined) {
      const [fewest, most] = builtIn.words;
      if (args.length < fewest) throw new CliError(usageLine(builtIn));
      if (args.length > most) {
        throw new CliError(`${name} has no use for "${args[most]}": ${usageLine(builtIn)}`);
      }
      await this.carryOutBuiltIn(name, args[0], signal);
      return;
    }
    const command = COMMANDS.get(name);
    if (command === undefined) {
      this.host.output.error(helpText());
      throw new CliError(`Command not found: Command not found ${name}`, UNKNOWN_COMMAND);
    }
    if (isOver(this.client.state)) {
      this.host.output.line('Not connected');
      if (this.host.output.json) throw new CliError('Not connected');
      return;
    }
    const parsed = parseCommand(command, args);
    await this.untilConnected(
      parsed.words.find((word) => word.startsWith('/')),
      signal,
    );
    await command.run(
      {
        client: this.client,
        output: this.host.output,
        watcher: this.watcher,
        signal,
        confirm: (question) => this.host.confirm(question),
      },
      parsed,
    );
  }

  /**
   * Until there is a session, or every server has been tried in vain: then the command fails, never having been sent.
   * The client itself would keep it for later, when nobody wants it any more.
   */
  private async untilConnected(path: string | undefined, signal: AbortSignal): Promise<void> {
    if (this.connectedClient !== undefined) return;
    const servers = parseConnectString(this.server).servers.length;
    const gaveUp = new AbortController();
    const failures = new Map<string, string>();
    const onAttempt = (server: string, reason: string): void => {
      failures.set(server, reason);
      if (failures.size >= servers) gaveUp.abort();
    };
    const onAbort = (): void => gaveUp.abort();
    signal.addEventListener('abort', onAbort);
    this.attempts.add(onAttempt);
    try {
      await this.client.connected({ signal: gaveUp.signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!gaveUp.signal.aborted) throw error;
      for (const [server, reason] of failures) this.host.output.note(`${server}: ${reason}`);
      throw new ZooKeeperError(ErrorCode.connectionLoss, path);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.attempts.delete(onAttempt);
    }
  }

  private openClient(): ZooKeeperClient {
    const { timeoutMs, readOnly, tls, sasl } = this.options;
    const client: ZooKeeperClient = new ZooKeeperClient(this.server, {
      sessionTimeoutMs: timeoutMs,
      readOnly,
      // As Apache's shell: what was lost is said, and the servers alone judge what is too long.
      retry: false,
      juteMaxBuffer: LONGEST_REQUEST,
      ...(tls === undefined ? {} : { tls }),
      ...(sasl === undefined ? {} : { sasl }),
      onState: (state) => {
        // One that was replaced still tells of its end. A shell that is over says nothing more.
        if (this.hasQuit && !this.saysGoodbye) return;
        printStateEvent(this.host.output, state);
        if (sasl !== undefined && state.startsWith('connected')) printLoginEvent(this.host.output);
      },
      onAttemptFailed: (server, reason) => {
        if (client === this.client) for (const tell of this.attempts) tell(server, reason);
      },
    });
    return client;
  }

  /** The commands of the shell itself. */
  private async carryOutBuiltIn(name: string, word: string | undefined, signal: AbortSignal): Promise<void> {
    switch (name) {
      case 'close':
        return this.closeSession();
      case 'connect':
        return this.reconnect(word);
      case 'history':
        return this.showHistory();
      case 'printwatches':
        return this.printWatches(word);
      case 'redo':
        return this.redo(word as string, signal);
      case 'help':
        return this.host.output.line(word === undefined ? helpText() : helpOn(word));
      case 'quit':
        this.saysGoodbye = true;
        return this.end();
    }
  }

  private async closeSession(): Promise<void> {
    if (isOver(this.client.state)) this.host.output.line('Not connected');
    else await this.client.close();
  }

  private async reconnect(server: string | undefined): Promise<void> {
    if (server !== undefined) {
      try {
        parseConnectString(server);
      } catch (error) {
        throw error instanceof ZooKeeperError ? new CliError(error.message) : error;
      }
    }
    if (!isOver(this.client.state)) await this.client.close();
    this.server = server ?? this.server;
    this.client = this.openClient();
    if (this.options.waitForConnection) await this.waitForConnection();
  }

  private showHistory(): void {
    const current = this.lines.length - 1;
    const shown = this.lines
      .map((line, number) => ({ number, line }))
      .slice(Math.max(0, current - HISTORY_SHOWN), current + 1);
    for (const { number, line } of shown) this.host.output.line(`${number} - ${line}`);
    this.host.output.value(shown.map(({ number, line }) => ({ number, line })));
  }

  /** The line takes the place of `redo` in history. */
  private async redo(word: string, signal: AbortSignal): Promise<void> {
    const current = this.lines.length - 1;
    const line = /^\d+$/.test(word) && Number(word) < current ? this.lines[Number(word)] : undefined;
    if (line === undefined) throw new CliError('Command index out of range');
    const words = wordsOf(line);
    if (words[0] === 'redo') throw new CliError('No redoing redos');
    this.lines[current] = line;
    await this.carryOut(words, signal);
  }

  private printWatches(word: string | undefined): void {
    if (word === undefined) {
      this.host.output.line(`printwatches is ${this.printsWatches ? 'on' : 'off'}`);
      this.host.output.value({ printwatches: this.printsWatches });
      return;
    }
    if (word !== 'on' && word !== 'off') throw new CliError(`printwatches takes on or off, not "${word}"`);
    this.printsWatches = word === 'on';
  }
}

function isOver(state: SessionState): boolean {
  return state === 'closed' || state === 'expired' || state === 'authFailed';
}

function errorJson(error: unknown, line: string): { [field: string]: string | number | undefined } {
  return error instanceof ZooKeeperError ? { error: line, code: error.code, path: error.path } : { error: line };
}
