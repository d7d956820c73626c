import type { LogOutput } from './log-output.ts';

/**
 * The end of the process, which nothing outside may hold up. Those who read its output get a moment for the last lines.
 * `process.exit` waits for libuv's threads, one of which may hang in a disk or a resolver that does not answer. These
 * threads get a moment as well. Then the process kills itself, so that its supervisor can start it anew.
 */
const LAST_LINES_MS = 1000;
const THREADS_LIMIT_MS = 2000;
const THREADS_POLL_MS = 20;
/** The names in `process.getActiveResourcesInfo` of requests that have a thread. */
const ON_A_THREAD = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'GetNameInfoReqWrap']);

export class ProcessExit {
  private readonly outputs: readonly LogOutput[];
  private leaving = false;

  constructor(outputs: readonly LogOutput[]) {
    this.outputs = outputs;
  }

  /** The first code counts. */
  leave(code: number): void {
    if (this.leaving) return;
    this.leaving = true;
    const linesUntilMs = performance.now() + LAST_LINES_MS;
    for (const output of this.outputs) output.flushWithin(linesUntilMs - performance.now());
    const untilMs = performance.now() + THREADS_LIMIT_MS;
    const leaveWhenIdle = (): void => {
      if (!process.getActiveResourcesInfo().some((name) => ON_A_THREAD.has(name))) process.exit(code);
      if (performance.now() >= untilMs) process.kill(process.pid, 'SIGKILL');
      setTimeout(leaveWhenIdle, THREADS_POLL_MS);
    };
    leaveWhenIdle();
  }
}
