import type { Timer } from '../../io/clock.ts';
import type { Txn } from '../../jute/txns.ts';
import type { ObserversInfo } from '../../server/monitoring/server-info.ts';
import { ObserverMaster } from '../../zab/observer-master/observer-master.ts';
import type { ObserverQuestions } from '../../zab/observer-master/observer-master-ports.ts';
import type { ConfigBook } from '../config-book.ts';
import { linkOptions } from '../config-parts.ts';
import { type PeerParts, packetsKept } from '../peer-parts.ts';
import { learnerInfo, learnerState } from '../roles/learner-info.ts';
import { LearnerMeter } from '../roles/learner-meter.ts';
import { QuorumPort, type QuorumPortAddress } from '../roles/quorum-port.ts';
import { ReplicaHistory } from '../roles/replica-history.ts';
import type { LearnerState } from '../state-dump.ts';

/**
 * A follower's service to observers: joins ObserverMaster to the port, the clock, and this peer's replica. It begins when the
 * follower serves, and ends with that role. A port that cannot be had is warned about, and the follower goes on without.
 */
export interface ObserverServiceOptions {
  readonly self: number;
  readonly leader: number;
  /** The leader's. */
  readonly epoch: number;
  readonly addresses: readonly QuorumPortAddress[];
}

export class ObserverService {
  readonly master: ObserverMaster;
  private readonly parts: PeerParts;
  private readonly book: ConfigBook;
  private readonly port: QuorumPort;
  private readonly ticker: Timer;
  private membership: ConfigBook['active'];

  constructor(parts: PeerParts, book: ConfigBook, clients: ObserverQuestions, options: ObserverServiceOptions) {
    const { config, clock, zabLog, net, log } = parts;
    this.parts = parts;
    this.book = book;
    this.membership = book.active;
    const { self, leader, epoch } = options;
    const meter = new LearnerMeter(parts, () => this.master.linkInfos());
    this.master = new ObserverMaster(
      { ...linkOptions(config, self, parts.probe?.limits), leader, epoch, verifier: book.active },
      { history: new ReplicaHistory(parts), clients, events: meter },
      zabLog,
    );
    this.port = new QuorumPort(
      net,
      clock,
      zabLog,
      { addresses: options.addresses, keepAlive: config.tcpKeepAlive, packetsKept: packetsKept(config) },
      {
        onOpened: (wire) => this.master.onLinkOpened(wire),
        onPacket: (link, packet) => this.master.onPacket(link, packet),
        onWaited: (link, ms, packets) => meter.waited(link, ms, packets),
        onLost: (link) => this.master.onLinkClosed(link),
        onUnavailable: (port, { message: reason }) =>
          log.warn({ port, reason }, 'observers cannot come to this server'),
      },
    );
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.master.onHalfTick());
  }

  applied(txn: Txn, payload: Buffer): void {
    const { clock, metrics } = this.parts;
    const beganMs = clock.nowMs();
    if (this.book.active !== this.membership) {
      this.membership = this.book.active;
      this.master.membersAre(this.membership);
    }
    if (txn.body.kind === 'closeSession') this.master.sessionClosed(txn.header.clientId);
    this.master.applied(txn.header.zxid, payload);
    metrics.broadcast.observersToldTime.add(Math.round(clock.nowMs() - beganMs));
  }

  get info(): ObserversInfo {
    const links = this.master.linkInfos();
    return {
      observers: links.filter(({ phase }) => phase === 'serving').map(({ sid, wire }) => learnerInfo(sid, wire)),
      resetObservers: () => {
        for (const { wire } of links) wire.counts.reset();
      },
    };
  }

  get learners(): LearnerState[] {
    return this.master.linkInfos().map(learnerState);
  }

  close(): void {
    this.ticker.cancel();
    this.port.close();
    this.master.close();
  }
}
