import type { Log } from '../base/log.ts';
import type { Clock, Timer } from '../io/clock.ts';
import type { Listener, Net, NetError, Stream, StreamHandlers } from '../io/net.ts';
import type { LearnerLink } from '../zab/leader/learner-link.ts';
import { LinkStream } from '../zab/wire/link-stream.ts';
import type { QuorumPacket } from '../zab/wire/packets.ts';

/**
 * Where learners come to: listens while this peer leads, and makes a link of every connection. The leader's learner-links.ts
 * keeps them.
 */
export interface QuorumPortOptions {
  /** A host that is undefined: all addresses of the machine. */
  readonly addresses: readonly { readonly host: string | undefined; readonly port: number }[];
  readonly keepAlive: boolean;
}

export interface QuorumPortHandlers {
  /** undefined: there is no place for it. */
  onOpened(wire: LinkStream): LearnerLink | undefined;
  onPacket(learner: LearnerLink, packet: QuorumPacket): void;
  /** Not when this side closed the link. */
  onLost(learner: LearnerLink): void;
  /** None of the addresses can be listened on; the last one could not for this reason. */
  onUnavailable(port: number, error: NetError): void;
}

/** Of packets from a learner that does not serve yet: the longest that there is has twenty bytes of data. */
const MAX_FIRST_PACKETS_BYTES = 4096;

/** The port of our own last term may take a moment to become free. */
const BIND_ATTEMPTS = 20;
const BIND_RETRY_MS = 100;

export class QuorumPort {
  private readonly net: Net;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly options: QuorumPortOptions;
  private readonly handlers: QuorumPortHandlers;
  private readonly listeners = new Set<Listener>();
  private readonly retries = new Set<Timer>();
  private unavailable = 0;
  private closed = false;

  constructor(net: Net, clock: Clock, log: Log, options: QuorumPortOptions, handlers: QuorumPortHandlers) {
    this.net = net;
    this.clock = clock;
    this.log = log;
    this.options = options;
    this.handlers = handlers;
    for (const address of options.addresses) this.listen(address, 1);
  }

  close(): void {
    this.closed = true;
    for (const listener of this.listeners) listener.close();
    for (const retry of this.retries) retry.cancel();
  }

  private listen(address: QuorumPortOptions['addresses'][number], attempt: number): void {
    const listener = this.net.listen(
      { ...address, keepAlive: this.options.keepAlive },
      {
        onListening: () => {},
        onError: (error) => {
          this.listeners.delete(listener);
          this.onBindError(address, attempt, error);
        },
        onStream: (stream) => this.onStream(stream),
      },
    );
    this.listeners.add(listener);
  }

  private onBindError(address: QuorumPortOptions['addresses'][number], attempt: number, error: NetError): void {
    const { port } = address;
    if (attempt < BIND_ATTEMPTS) {
      this.log.warn({ port, reason: error.message }, 'quorum port is not free yet');
      const retry = this.clock.after(BIND_RETRY_MS, () => {
        this.retries.delete(retry);
        this.listen(address, attempt + 1);
      });
      this.retries.add(retry);
      return;
    }
    this.unavailable++;
    if (this.unavailable === this.options.addresses.length) this.handlers.onUnavailable(port, error);
    else this.log.warn({ port, reason: error.message }, 'learners cannot come by this address');
  }

  private onStream(stream: Stream): StreamHandlers | undefined {
    if (this.closed) return undefined;
    let learner: LearnerLink | undefined;
    const link = new LinkStream(stream, this.clock, {
      onPacket: (packet) => {
        if (learner !== undefined) this.handlers.onPacket(learner, packet);
        return true;
      },
      onClose: (reason) => {
        if (learner === undefined) return;
        this.log.info({ learner: learner.ownerName, reason }, 'lost a learner');
        this.handlers.onLost(learner);
      },
    });
    link.maxPacketBytes = MAX_FIRST_PACKETS_BYTES;
    learner = this.handlers.onOpened(link);
    return learner === undefined ? undefined : link;
  }
}
