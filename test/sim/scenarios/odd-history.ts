import { OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import type { TxnBody } from '../../../src/jute/txns.ts';
import { makeZxid } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { databaseOf } from '../judges/observer.ts';
import type { Scenario, Script } from '../script/script.ts';
import { lead, NOBODYS_SESSION, ScriptedLeader, snapshotWith } from '../script/scripted-servers.ts';

const { ack, newLeader, snap, upToDate } = PacketType;

function create(path: string, ephemeral = false): TxnBody {
  const acl = [...OPEN_ACL_UNSAFE];
  return {
    kind: 'create',
    type: OpCode.create,
    path,
    data: Buffer.alloc(0),
    acl,
    ephemeral,
    parentCVersion: 1,
    ttl: 0n,
  };
}

export const scenario: Scenario = {
  name: 'histories that only others make',
  about: 'a snapshot with ephemerals that have no session, and with a TTL of which this server was not told',
  voters: 3,
  config: { snapCount: 1000 },
  play(s) {
    s.begin();
    s.create('/node');
    s.untilServing();
    s.kill(1, 2, 3);
    s.start(1);
    const leader = new ScriptedLeader(s, 3, [1]);
    const log = s.listen(1);
    const led = lead(s, leader, 1, 'plan');
    const [, , third] = [
      led.next(create('/orphan', true)),
      led.next(create('/orphan2', true)),
      led.next(create('/ttl')),
    ];
    led.link.send(snap, third.zxid);
    const snapshot = snapshotWith(s, 1, [
      ['/orphan', NOBODYS_SESSION],
      ['/orphan2', NOBODYS_SESSION],
      ['/ttl', -(1n << 56n) + 5000n],
    ]);
    const trailer = Buffer.concat([Buffer.from([0, 0, 0, 10]), Buffer.from('BenWasHere')]);
    // The trailer comes by itself, and in pieces.
    led.link.write(snapshot);
    s.run(20);
    led.link.write(trailer.subarray(0, 6));
    s.run(20);
    led.link.write(trailer.subarray(6));
    s.run(20);
    led.link.send(newLeader, makeZxid(led.epoch, 0));
    led.link.next(ack, 'the acknowledgement of NEWLEADER');
    s.world.observer.ledger.epochBegins(led.epoch, third.zxid);
    s.world.observer.ledger.deliver(third.zxid, 'the scripted leader');
    led.link.send(upToDate);
    led.link.next(ack, 'the acknowledgement of UPTODATE');
    led.link.close();

    leader.stop();

    // Alone it goes on without the ephemerals, and with what it takes for a TTL.
    s.kill(1);
    s.configure(1, [1]);
    s.votersAre(1);
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.write('/node', 'alone');
    s.expect(
      log.lines.some((line) => line.includes('nodes with a TTL are kept')),
      true,
      'a warning',
    );
    log.stop();
    const { tree } = databaseOf(s.view(1).peer as NonNullable<ReturnType<Script['view']>['peer']>);
    s.expect(tree.lookup('/orphan'), -1, 'an ephemeral without a session');
    s.expect(tree.lookup('/ttl') >= 0, true, 'whether the node with a TTL is there');
    s.do({ op: 'delete', path: '/ttl', version: -1 });
    s.kill(1);
    s.configure(1, [1, 2, 3]);
    s.votersAre(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
  },
};
