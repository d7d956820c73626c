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

export const paths: Scenario = {
  name: 'the paths that are asked for most',
  about: 'pathStats.enabled: a line for reads and one for writes of the clients of each server, now and then',
  voters: 1,
  config: { 'pathStats.enabled': 'true', 'pathStats.sampleRate': 1, 'pathStats.initialDelay': 1, 'pathStats.delay': 1 },
  play(s) {
    s.begin();
    const { lines } = s.listen(1);
    s.create('/a', '0');
    s.write('/a', '1');
    s.read('/a');
    s.run(125_000);
    const paths = lines.filter((line) => line.includes('paths=')).map((line) => line.replace(/^info /, ''));
    s.expect(paths.join('; ').includes('read most paths=/a : 1'), true, paths.join('; '));
    s.expect(paths.join('; ').includes('written most paths=/a : 2'), true, paths.join('; '));
    s.expect(paths.length, 4, 'the lines');
  },
};
