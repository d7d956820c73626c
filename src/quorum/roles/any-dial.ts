import type { HostPort } from '../../election/quorum/server-spec.ts';
import type { Clock } from '../../io/clock.ts';
import type { Net, NetError, Stream, StreamHandlers } from '../../io/net.ts';

const AGAIN_MS = 200;

/**
 * A server with several addresses is dialled at all of them at once (ZOOKEEPER-3188). The first connection that opens
 * is the one: it goes to `onChosen`, and its events to `handlers`. An address that fails while others are still being
 * tried is tried again: the others may lead nowhere, and it may only have been too early. When none is left, `handlers`
 * hear how the last attempt failed.
 */
export class AnyDial {
  private readonly world: { readonly net: Net; readonly clock: Clock };
  private readonly handlers: StreamHandlers;
  private readonly onChosen: (stream: Stream) => void;
  private readonly endMs: number;
  private readonly attempts = new Set<Stream>();
  private over = false;

  constructor(
    world: { readonly net: Net; readonly clock: Clock },
    addresses: readonly HostPort[],
    timeoutMs: number,
    handlers: StreamHandlers,
    onChosen: (stream: Stream) => void,
  ) {
    this.world = world;
    this.handlers = handlers;
    this.onChosen = onChosen;
    this.endMs = world.clock.nowMs() + timeoutMs;
    for (const address of addresses) this.dial(address);
  }

  /** Nothing is heard of it any more, unless a connection was chosen: that has an owner. */
  giveUp(): void {
    this.over = true;
    for (const attempt of this.attempts) attempt.destroy();
    this.attempts.clear();
  }

  private dial(address: HostPort): void {
    const { net, clock } = this.world;
    const { handlers } = this;
    let isChosen = false;
    const leftMs = Math.max(1, this.endMs - clock.nowMs());
    const stream = net.dial(address.host, address.port, leftMs, {
      onOpen: () => {
        isChosen = true;
        this.attempts.delete(stream);
        this.giveUp();
        this.onChosen(stream);
        handlers.onOpen?.();
      },
      onData: (chunk) => handlers.onData(chunk),
      onEnd: () => handlers.onEnd?.(),
      onDrain: () => handlers.onDrain?.(),
      onClose: (error) => {
        if (isChosen) handlers.onClose(error);
        else this.onFailed(address, stream, error);
      },
    });
    this.attempts.add(stream);
  }

  private onFailed(address: HostPort, stream: Stream, error: NetError | undefined): void {
    if (this.over) return;
    this.attempts.delete(stream);
    if (this.attempts.size === 0) {
      this.over = true;
      this.handlers.onClose(error);
      return;
    }
    this.world.clock.after(AGAIN_MS, () => {
      if (!this.over) this.dial(address);
    });
  }
}
