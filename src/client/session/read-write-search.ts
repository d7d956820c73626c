import type { Clock, Timer } from '../../io/clock.ts';
import type { Net, Stream } from '../../io/net.ts';
import type { ServerAddress } from '../connect-string.ts';

/**
 * While a session is served by a server without a quorum, the others are asked one after the other whether they have one:
 * the word `isro` is answered with `rw` then. Asked less and less often, once a minute in the end, as Java's client does.
 */
export interface ReadWriteSearchOptions {
  readonly servers: readonly ServerAddress[];
  readonly clock: Clock;
  readonly net: Net;
  readonly onFound: (server: ServerAddress) => void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 60_000;
const ANSWER_LIMIT_MS = 1000;
const MOST_ANSWER_BYTES = 64;

export class ReadWriteSearch {
  private readonly options: ReadWriteSearchOptions;
  private waitMs = FIRST_WAIT_MS;
  private next = 0;
  private isOver = false;
  private timer: Timer | undefined = undefined;
  private stream: Stream | undefined = undefined;

  constructor(options: ReadWriteSearchOptions) {
    this.options = options;
    this.waitAndAsk();
  }

  stop(): void {
    this.isOver = true;
    this.timer?.cancel();
    this.stream?.destroy();
  }

  private waitAndAsk(): void {
    if (this.isOver) return;
    this.timer = this.options.clock.after(this.waitMs, () => this.ask());
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  private ask(): void {
    const { servers, net, clock } = this.options;
    const server = servers[this.next] as ServerAddress;
    this.next = (this.next + 1) % servers.length;
    let answer = '';
    let isAnswered = false;
    const settle = (): void => {
      if (isAnswered || this.isOver) return;
      isAnswered = true;
      this.timer?.cancel();
      stream.destroy();
      if (answer.trim() === 'rw') this.options.onFound(server);
      else this.waitAndAsk();
    };
    const stream = net.dial(server.host, server.port, ANSWER_LIMIT_MS, {
      onOpen: () => stream.write(Buffer.from('isro')),
      onData: (chunk) => {
        answer += chunk.toString('latin1');
        if (/^r[ow]\s*$/.test(answer) || answer.length > MOST_ANSWER_BYTES) settle();
      },
      onEnd: settle,
      onClose: settle,
    });
    this.stream = stream;
    this.timer = clock.after(2 * ANSWER_LIMIT_MS, settle);
  }
}
