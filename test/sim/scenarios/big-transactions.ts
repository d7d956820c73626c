import { PacketType } from '../../../src/zab/packets.ts';
import { dialLeader, join } from '../neighbour.ts';
import type { Scenario, Script } from '../script.ts';

function limitQueue(s: Script, bytes: number): void {
  const { peer } = s.view(s.leader);
  const { role } = (peer as unknown as { current: { role: { leader: { options: { maxLinkQueueBytes: number } } } } })
    .current;
  role.leader.options.maxLinkQueueBytes = bytes;
}

export const scenario: Scenario = {
  name: 'large transactions',
  about:
    'they go out by themselves and in large synchronisations; who does not take them is cut off, and nobody waits for it',
  voters: 3,
  config: { snapshotSizeFactor: '100', snapCount: 1000 },
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
    limitQueue(s, 100_000);
    for (let i = 0; i < 40; i++) s.write('/large', `${data}${i}`);
    s.until('the end of it', () => log.lines.some((line) => /takes less than is sent/.test(line)));
    log.stop();
    s.expect(s.read('/large'), `${data}39`, 'the data');
  },
};
