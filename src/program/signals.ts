/**
 * Signals, heard from the first moment of the program on. This file is loaded and called before the rest of it, which
 * takes half a second: until then the default of the system or of Node holds.
 *
 *   SIGTERM, SIGINT   stop in order
 *   SIGHUP            nothing, whether the terminal went away or a tool means "read your configuration again". nohup
 *                     alone does not help: Node puts ignored signals back to their default
 *   SIGUSR1           nothing: Node would open its debugger on a port that every local user reaches
 *   SIGUSR2           reopen the log file
 *   SIGQUIT           write connections, roles and elections to the log, as a JVM prints its threads
 */
export interface SignalHandlers {
  stop(signal: string): void;
  reopenLog(): void;
  dumpState(): void;
  /** Heard, and nothing is done. */
  passOver(signal: string): void;
}

let handlers: SignalHandlers | undefined;

export function hearSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Nothing was begun.
      if (handlers === undefined) process.exit(0);
      handlers.stop(signal);
    });
  }
  process.on('SIGHUP', () => handlers?.passOver('SIGHUP'));
  if (process.platform === 'win32') return;
  process.on('SIGUSR1', () => handlers?.passOver('SIGUSR1'));
  process.on('SIGUSR2', () => handlers?.reopenLog());
  process.on('SIGQUIT', () => handlers?.dumpState());
}

/** From here on they do something. */
export function handleSignals(given: SignalHandlers): void {
  handlers = given;
}
