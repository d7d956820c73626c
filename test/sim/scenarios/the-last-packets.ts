import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'the last packets of a link that ends',
  about: 'messageTracker.Enabled: both ends log the last three of either direction',
  voters: 3,
  config: { 'messageTracker.Enabled': 'true', 'messageTracker.BufferSize': 3 },
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    const [follower] = s.followers as [number];
    const [atLeader, atFollower] = [s.listen(leader), s.listen(follower)];
    s.breakStreams(leader, follower);
    s.run(200);
    s.untilServing();
    for (const { lines } of [atLeader, atFollower]) {
      const line = lines.find((each) => each.includes('the last packets of a link')) ?? 'no line';
      s.expect(/received=(\w+ \d+ ms ago(, |)){3} sent=(\w+ \d+ ms ago(, |)){3}$/.test(line), true, line);
    }
    s.write('/a', 'after');
  },
};
