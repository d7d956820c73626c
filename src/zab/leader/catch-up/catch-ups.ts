import type { Log } from '../../../base/log.ts';
import { zxidText } from '../../../jute/zxid.ts';
import { QuorumPacket as Packet, PacketType } from '../../wire/packets.ts';
import type { History, LeaderEvents, LinkOptions, LinksRole } from '../leader-ports.ts';
import type { LearnerLink } from '../learner-link.ts';
import type { LearnerLinks } from '../learner-links.ts';
import type { SyncPlan, SyncRules } from './sync-plan.ts';
import { SyncSource } from './sync-source.ts';

/**
 * The learners that are being given a history: whether there is room for one more, how it gets its DIFF, TRUNC or SNAP, and
 * what becomes of a DIFF from disk that breaks off. Of a leader, and of a follower that serves observers.
 */
export class CatchUps {
  private readonly options: LinkOptions;
  private readonly history: Pick<History, 'startCut'>;
  private readonly events: Pick<LeaderEvents, 'catchingUp'>;
  private readonly log: Log;
  private readonly links: LearnerLinks;
  /** Servers whose DIFF from disk broke off: they get a SNAP. */
  private readonly snapOnly = new Set<number>();

  constructor(
    role: LinksRole,
    history: Pick<History, 'startCut'>,
    events: Pick<LeaderEvents, 'catchingUp'>,
    links: LearnerLinks,
  ) {
    this.options = role.options;
    this.history = history;
    this.events = events;
    this.log = role.log;
    this.links = links;
  }

  rulesFor(link: LearnerLink): SyncRules {
    return {
      forceSnapshotSync: this.options.forceSnapshotSync || link.catchUp.needsSnapshot || this.snapOnly.has(link.sid),
      snapshotSizeFactor: this.options.snapshotSizeFactor,
    };
  }

  /** False: there is no room for it, and its link is closed. */
  begin(link: LearnerLink, plan: SyncPlan): boolean {
    // A server that is no member may still be one to be, as its own files say it; it has the places of observers.
    if (!link.voter && !this.hasRoomFor(plan.kind)) {
      plan.disk?.cursor.close();
      this.links.drop(link, 'too many learners are being synchronised at the same time');
      return false;
    }
    this.log.info(
      {
        sid: link.sid,
        sync: plan.kind,
        learner: zxidText(link.lastZxid),
        to: zxidText(plan.zxid),
        txns: plan.entries.length,
      },
      'synchronising a learner',
    );
    link.catchUp.kind = plan.kind;
    this.events.catchingUp(link, plan.kind, plan.zxid);
    this.links.enter(link, 'syncing');
    this.send(link, plan);
    return true;
  }

  /** It has acknowledged all of it. */
  finished(link: LearnerLink): void {
    closeSource(link);
    this.snapOnly.delete(link.sid);
  }

  onGone(link: LearnerLink): void {
    closeSource(link);
  }

  close(): void {
    for (const link of this.links.values()) closeSource(link);
  }

  private send(link: LearnerLink, plan: SyncPlan): void {
    link.wire.send(new Packet(PacketType[plan.kind], plan.zxid));
    if (plan.kind === 'snap') {
      link.wire.sendRaw(this.history.startCut());
      return;
    }
    if (plan.disk === undefined && plan.entries.length === 0) return;
    const source = new SyncSource(plan, (reason) => {
      this.snapOnly.add(link.sid);
      this.links.drop(link, reason);
    });
    link.catchUp.source = source;
    link.wire.sendFrom(source);
  }

  private hasRoomFor(kind: SyncPlan['kind']): boolean {
    let busy = 0;
    for (const link of this.links.values()) {
      if (link.phase === 'syncing' && (link.catchUp.kind === 'snap') === (kind === 'snap')) busy++;
    }
    return busy < (kind === 'snap' ? this.options.maxConcurrentSnapSyncs : this.options.maxConcurrentDiffSyncs);
  }
}

function closeSource({ catchUp }: LearnerLink): void {
  catchUp.source?.close();
  catchUp.source = undefined;
}
