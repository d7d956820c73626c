import { makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import type { Peer } from '../../../src/quorum/peer.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import { storeOf } from '../judges/observer.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce } from '../script/scripted-servers.ts';

const { ackEpoch, diff, leaderInfo, newLeader, proposal, snap, trunc } = PacketType;

/** A learner that stands at `zxid` is synchronised by `kind`, with so many transactions. */
function expectSync(s: Script, zxid: Zxid, kind: number, txns: number, what: string): void {
  const link = dialLeader(s, s.leader);
  introduce(link, { sid: 99 });
  link.next(leaderInfo, 'LEADERINFO');
  link.send(ackEpoch, zxid, intBody(1));
  link.next(newLeader, 'NEWLEADER');
  const first = link.received.find(({ type }) => type === diff || type === trunc || type === snap);
  s.expect(first?.type, kind, `how ${what} is synchronised`);
  s.expect(link.count(proposal), txns, `transactions for ${what}`);
  s.expect(link.snapshots, kind === snap ? 1 : 0, `snapshots for ${what}`);
  link.close();
  link.untilClosed('that');
}

export const scenario: Scenario = {
  name: 'learners from anywhere',
  about: 'wherever a history ends, in memory, on disk, between epochs or beyond all: what follows is what is lacking',
  voters: 3,
  config: { snapshotSizeFactor: '1000', snapCount: 1000 },
  play(s) {
    s.begin();
    s.create('/node');
    for (let i = 0; i < 5; i++) s.write('/node', `${i}`);
    // Another epoch, which begins without a session.
    const end = s.world.observer.ledger.lastDelivered;
    const { leader } = s;
    s.kill(leader);
    s.untilServing();
    s.start(leader);
    s.untilServing();
    for (let i = 0; i < 3; i++) s.write('/node', `more ${i}`);
    s.run(100);
    const { currentEpoch: epoch, tip } = s.view(s.leader);
    const count = tip - makeZxid(epoch, 0);
    const all = s.world.observer.ledger.delivered.length;

    expectSync(s, tip, diff, 0, 'one that has all');
    expectSync(s, (tip - 1) as Zxid, diff, 1, 'one that lacks the last');
    expectSync(s, (tip + 3) as Zxid, trunc, 0, 'one that has more');
    expectSync(s, makeZxid(epoch, 0), diff, count, 'one at the start of the epoch');
    expectSync(s, end, diff, count, 'one at the end of the epoch before');
    expectSync(s, (end + 3) as Zxid, snap, 0, 'one beyond the end of the epoch before');
    expectSync(s, ZXID_ZERO, snap, 0, 'one that has nothing');
    expectSync(s, ZXID_NONE, snap, 0, 'one that does not say');

    // The same from the log on disk.
    s.world.observer.recentBytes = 1;
    storeOf(s.view(s.leader).peer as Peer).recent.maxBytes = 1;
    s.write('/node', 'the only one in memory');
    s.run(100);
    expectSync(s, makeZxid(1, 2), diff, all + 1 - 2, 'one far behind');
    expectSync(s, ZXID_ZERO, snap, 0, 'one that has nothing');
    expectSync(s, makeZxid(epoch, 0), diff, count + 1, 'one at the start of the epoch');
    expectSync(s, (end + 3) as Zxid, snap, 0, 'one beyond the end of the epoch before');
  },
};
