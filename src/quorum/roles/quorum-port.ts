import type { Log } from '../../base/log.ts';
import type { ServerSpec } from '../../election/quorum/server-spec.ts';
import type { Clock } from '../../io/clock.ts';
import type { Net, NetError, Stream, StreamHandlers } from '../../io/net.ts';
import { PatientListener } from '../../io/patient-listener.ts';
import type { LearnerLink } from '../../zab/leader/learner-link.ts';
import { LinkStream } from '../../zab/wire/link-stream.ts';
import { PacketRecord } from '../../zab/wire/packet-record.ts';
import type { QuorumPacket } from '../../zab/wire/packets.ts';

/**
 * Where learners come to: listens while this peer leads, and makes a link of every connection. The leader's learner-links.ts
 * keeps them.
 */
/** A host that is undefined: all addresses of the machine. */
export interface QuorumPortAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface QuorumPortOptions {
  readonly addresses: readonly QuorumPortAddress[];
  readonly keepAlive: boolean;
  /** The last packets of each link that are kept in mind; undefined: none. */
  readonly packetsKept: number | undefined;
}

export interface QuorumPortHandlers {
  /** undefined: there is no place for it. */
  onOpened(wire: LinkStream): LearnerLink | undefined;
  onPacket(learner: LearnerLink, packet: QuorumPacket): void;
  /** A packet waited so long until it was sent to it, and so many wait behind it. */
  onWaited(learner: LearnerLink, ms: number, packets: number): void;
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
  private readonly listeners: readonly PatientListener[];
  private unavailable = 0;
  private closed = false;

  constructor(net: Net, clock: Clock, log: Log, options: QuorumPortOptions, handlers: QuorumPortHandlers) {
    this.net = net;
    this.clock = clock;
    this.log = log;
    this.options = options;
    this.handlers = handlers;
    this.listeners = options.addresses.map((address) => this.listen(address));
  }

  close(): void {
    this.closed = true;
    for (const listener of this.listeners) listener.close();
  }

  private listen(address: QuorumPortAddress): PatientListener {
    let attempts = 0;
    const options = { ...address, keepAlive: this.options.keepAlive };
    return new PatientListener({ net: this.net, clock: this.clock }, options, BIND_RETRY_MS, {
      onListening: () => {},
      onError: (error) => this.mayTryAgain(address, ++attempts, error),
      onStream: (stream) => this.onStream(stream),
    });
  }

  private mayTryAgain({ port }: QuorumPortAddress, attempts: number, error: NetError): boolean {
    if (attempts < BIND_ATTEMPTS) {
      this.log.warn({ port, reason: error.message }, 'quorum port is not free yet');
      return true;
    }
    this.unavailable++;
    if (this.unavailable === this.options.addresses.length) this.handlers.onUnavailable(port, error);
    else this.log.warn({ port, reason: error.message }, 'learners cannot come by this address');
    return false;
  }

  private onStream(stream: Stream): StreamHandlers | undefined {
    if (this.closed) return undefined;
    let learner: LearnerLink | undefined;
    const { packetsKept } = this.options;
    const link = new LinkStream(stream, this.clock, {
      record: packetsKept === undefined ? undefined : new PacketRecord(this.clock, this.log, packetsKept),
      onPacket: (packet) => {
        if (learner !== undefined) this.handlers.onPacket(learner, packet);
        return true;
      },
      // Nothing is sent before there is a learner to send it to.
      onWaited: (ms, packets) => this.handlers.onWaited(learner as LearnerLink, ms, packets),
      onClose: (reason) => {
        if (learner === undefined) return;
        this.log.info({ sid: learner.sid, learner: learner.ownerName, reason }, 'lost a learner');
        this.handlers.onLost(learner);
      },
    });
    link.maxPacketBytes = MAX_FIRST_PACKETS_BYTES;
    learner = this.handlers.onOpened(link);
    return learner === undefined ? undefined : link;
  }
}

/** The addresses of a leader's port for its learners. */
export function listenAddresses(spec: ServerSpec, onAllIPs: boolean): readonly QuorumPortAddress[] {
  if (!onAllIPs) return spec.addresses.map(({ host, quorumPort }) => ({ host, port: quorumPort }));
  return [...new Set(spec.addresses.map(({ quorumPort }) => quorumPort))].map((port) => ({ host: undefined, port }));
}

/** The addresses of a follower's port for observers; none where it has no such port. */
export function observerAddresses(
  spec: ServerSpec | undefined,
  config: { readonly observerMasterPort: number; readonly quorumListenOnAllIPs: boolean },
): readonly QuorumPortAddress[] {
  const port = config.observerMasterPort;
  if (port === 0 || spec === undefined) return [];
  if (config.quorumListenOnAllIPs) return [{ host: undefined, port }];
  return [...new Set(spec.addresses.map(({ host }) => host))].map((host) => ({ host, port }));
}
