import type { TestClock } from '../layers/test-clock.ts';

/** Waiting, as the switches do until they took effect: bounded in real time, by the state of the servers and not by guesses. */
const LIMIT_MS = 30_000;

/** Rejected when it takes longer than half a minute: then something hangs, and a test had better say so. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`);
    await turns(0.2);
  }
}

/**
 * The same, while time is skipped: an election waits for votes that cannot come any more, and so does everything else that
 * servers wait for. Twenty times as quick as real time and no quicker, so that what real sockets and disks do is not taken
 * for silence.
 */
export async function untilSoon(clock: TestClock, condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${LIMIT_MS / 1000} s: ${what}`);
    await turns(0.5);
    clock.skip(10);
  }
}

/** Lets the event loop deliver what it has: at least six turns, and at least so many real ms. */
export async function turns(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  for (let i = 0; i < 6 || performance.now() < endMs; i++) await new Promise((done) => setImmediate(done));
}
