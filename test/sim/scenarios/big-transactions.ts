import { ZXID_NONE } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, introduce, join } from '../script/scripted-servers.ts';

export const scenario: Scenario = {
  name: 'large transactions',
  about:
    'they go out by themselves and in large synchronisations; who does not take them is cut off, and nobody waits for it',
  voters: 3,
  config: { snapshotSizeFactor: '100', snapCount: 1000, 'leader.maxConcurrentSnapSyncs': 1 },
  play(s) {
    s.begin();
    const data = 'x'.repeat(30_000);
    const follower = s.addClient('at a follower', s.followers[0]);
    s.do({ op: 'create', path: '/large', data, flags: 0 }, follower);
    for (let i = 0; i < 5; i++) {
      s.do({ op: 'setData', path: '/large', data: `${data}${i}`, version: -1 }, follower);
    }

    // 600 KB at once, from memory and from disk.
    const [away = 1] = s.followers;
    s.kill(away);
    s.until('a connection', () => s.client.isConnected && follower.isConnected === false);
    for (let i = 0; i < 20; i++) s.write('/large', `${data}${i}`);
    s.start(away);
    s.untilServing();

    // One that joins and reads no more. Its queue is bounded, and the others are served.
    const link = dialLeader(s, s.leader);
    join(link, { sid: 99, zxid: s.view(s.leader).tip, epoch: s.view(s.leader).currentEpoch });
    link.next(PacketType.upToDate, 'UPTODATE');
    link.pause();
    const log = s.listen(s.leader);
    s.world.observer.limits.maxLinkQueueBytes = 100_000;
    for (let i = 0; i < 40; i++) s.write('/large', `${data}${i}`);
    s.until('the end of it', () => log.lines.some((line) => /takes less than is sent/.test(line)));
    log.stop();

    // Snapshots of a megabyte: one at a time for observers, and given up when they are not taken.
    for (let i = 0; i < 30; i++) s.do({ op: 'create', path: `/large${i}`, data, flags: 0 });
    const busy = dialLeader(s, s.leader);
    introduce(busy, { sid: 98, observer: true });
    busy.next(PacketType.leaderInfo, 'LEADERINFO');
    busy.send(PacketType.ackEpoch, ZXID_NONE, intBody(0));
    busy.pause();
    s.run(50);
    const turnedAway = dialLeader(s, s.leader);
    introduce(turnedAway, { sid: 97, observer: true });
    turnedAway.next(PacketType.leaderInfo, 'LEADERINFO');
    turnedAway.send(PacketType.ackEpoch, ZXID_NONE, intBody(0));
    turnedAway.untilClosed('a second observer');
    s.until('the end of it', () => s.said(s.leader, 'synchronising made no progress') > 0);
    s.expect(s.read('/large'), `${data}39`, 'the data');
  },
};
