import { OpCode } from '../../../src/jute/codes.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { makeZxid, type Zxid } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { databaseOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';
import { lead, ScriptedLeader, snapshotWith } from '../script/scripted-servers.ts';

const { ack, commit, newLeader, proposal, snap, upToDate } = PacketType;
const TRAILER = Buffer.concat([Buffer.from([0, 0, 0, 10]), Buffer.from('BenWasHere')]);

/** As ZooKeeper 3.4 begins: no session, no ACL, three nodes. */
const OLD_TREE = Buffer.concat([
  Buffer.alloc(8),
  ...['', '/zookeeper', '/zookeeper/quota'].map((path) => {
    const w = new Writer(128);
    w.writeString(path);
    w.writeBuffer(Buffer.alloc(0));
    w.writeLong(-1n);
    w.writeRaw(Buffer.alloc(60));
    return w.take();
  }),
  Buffer.from([0, 0, 0, 1, 0x2f]),
]);

export const scenario: Scenario = {
  name: 'a snapshot of Apache, taken while it changes',
  about:
    'it holds some of what comes after it, and is mended by that; a peer that starts from it again has the same tree',
  voters: 3,
  config: { snapCount: 1000 },
  play(s) {
    s.begin(3);
    s.create('/node');
    s.run(100);
    s.kill(1);
    const own = s.view(1).tip;
    s.write('/node', 'later');
    s.create('/later');
    s.write('/node', 'latest');
    s.run(100);
    const snapshot = snapshotWith(s, 2, []);
    const later = s.world.observer.ledger.delivered.filter(({ zxid }) => zxid > own);
    s.kill(2, 3);
    s.start(1);
    const leader = new ScriptedLeader(s, 3, [1]);
    const { link, epoch } = lead(s, leader, 1, 'plan');
    // Called by the zxid at which it was begun.
    s.world.looksInside = false;
    link.send(snap, own);
    link.write(snapshot);
    link.write(TRAILER);
    for (const { zxid, payload } of later) {
      link.send(proposal, zxid, payload);
      link.send(commit, zxid);
    }
    link.send(newLeader, makeZxid(epoch, 0));
    link.next(ack, 'the acknowledgement of NEWLEADER');
    s.itBegins();
    const last = later.at(-1)?.zxid as Zxid;
    s.world.observer.ledger.epochBegins(epoch, last);
    link.send(upToDate);
    link.next(ack, 'the acknowledgement of UPTODATE');
    s.run(100);
    s.expect(s.files(1, 'snapshot.').includes(`snapshot.${last.toString(16)}`), true, 'a snapshot of its own');
    leader.stop();
    s.powerLoss(1);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/node'), 'latest', 'the node');

    // A tree from before there was a node for the configuration.
    s.kill(1, 2, 3);
    s.start(1);
    const older = new ScriptedLeader(s, 3, [1]);
    const led = lead(s, older, 1, 'plan');
    const { zxid } = led.next({ kind: 'error', type: OpCode.error, err: -1 });
    s.world.looksInside = false;
    led.link.send(snap, zxid);
    led.link.write(OLD_TREE);
    led.link.write(TRAILER);
    s.run(50);
    led.link.close();
    s.run(50);
    const { tree } = databaseOf(s.view(1).peer as never);
    s.expect(tree.lookup('/zookeeper/config') >= 0, true, 'a node for the configuration');
    older.stop();
    s.wipe(1);
    s.itBegins();
    s.start(1, 2, 3);
    s.untilServing();
  },
};
