import type { IncomingMessage } from 'node:http';
import type { AdminAnswer, AdminCommand, CommandBody } from './commands/admin-command.ts';

/**
 * Commands that wait for something: bytes of the caller, the disk, other servers. They are carried out beside the queue of
 * the port, so that no probe and no scraper waits for them. They have a queue of their own, one at a time.
 */

/** The limit of a request that carries a body; a snapshot to restore is no such request. */
const MAX_BODY_BYTES = 64 * 1024;
/** Bodies that are on their way, and the time that one has. */
const MAX_BODIES = 8;
const BODY_TIMEOUT_MS = 10_000;
/** Commands that wait for the one being carried out. */
const MAX_WAITING = 8;

export class LongCommands {
  private readonly bodyTimeoutMs: number;
  private readonly waiting: (() => void)[] = [];
  private isBusy = false;
  private isStreaming = false;
  private bodies = 0;

  constructor(bodyTimeoutMs = BODY_TIMEOUT_MS) {
    this.bodyTimeoutMs = bodyTimeoutMs;
  }

  /** Resolves when it is carried out, or with the answer that says why it was not. */
  async run(
    command: AdminCommand,
    request: IncomingMessage,
    carryOut: (body: CommandBody) => Promise<void>,
  ): Promise<AdminAnswer | undefined> {
    if (command.takesStream === true) return await this.stream(request, carryOut);
    let body: Buffer | undefined;
    if (command.method === 'POST') {
      if (this.bodies >= MAX_BODIES) return { status: 503, error: `${MAX_BODIES} requests are on their way` };
      this.bodies++;
      const read = await readBody(request, this.bodyTimeoutMs).finally(() => this.bodies--);
      if (!Buffer.isBuffer(read)) return read;
      body = read;
    }
    if (this.waiting.length >= MAX_WAITING) return { status: 503, error: `${MAX_WAITING} commands of this kind wait` };
    if (this.isBusy) await new Promise<void>((turn) => this.waiting.push(turn));
    this.isBusy = true;
    try {
      await carryOut(body);
    } finally {
      this.isBusy = false;
      this.waiting.shift()?.();
    }
    return undefined;
  }

  /** An upload lasts as long as its sender takes, so only another upload waits for it. */
  private async stream(
    request: IncomingMessage,
    carryOut: (body: CommandBody) => Promise<void>,
  ): Promise<AdminAnswer | undefined> {
    if (this.isStreaming) return { status: 503, error: 'another upload is under way' };
    this.isStreaming = true;
    try {
      await carryOut(request);
    } finally {
      this.isStreaming = false;
    }
    return undefined;
  }
}

/** All of it, or the answer that says why not. */
function readBody(request: IncomingMessage, timeoutMs: number): Promise<Buffer | AdminAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (outcome: Buffer | AdminAnswer): void => {
      clearTimeout(late);
      request.off('data', onData);
      resolve(outcome);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) end({ status: 413, error: `a request has ${MAX_BODY_BYTES} bytes at most` });
      else chunks.push(chunk);
    };
    const late = setTimeout(() => {
      end({ status: 408, headers: { Connection: 'close' }, error: `the request took more than ${timeoutMs} ms` });
    }, timeoutMs);
    request.on('data', onData);
    request.once('end', () => end(Buffer.concat(chunks)));
    request.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
  });
}
