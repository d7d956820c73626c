import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a leader whose disk hangs',
  about: 'it gives up after syncLimit, the others lead on, and it follows them when its disk answers',
  voters: 3,
  config: { initLimit: 5, syncLimit: 3 },
  play(s) {
    s.begin(3);
    s.create('/node');
    const client = s.addClient('at a follower', 1);
    const { currentEpoch } = s.view(3);
    s.slowDisk(60_000, 3);
    s.flood('/node', 3, client);
    // Decided without the disk of the leader, and not applied there: nothing new is seen by its own clients.
    s.until('its end', () => s.said(3, 'the disk here does not answer; others may lead on') > 0, 10_000);
    s.until('another leader', () => s.isServing(1) && s.isServing(2), 10_000);
    s.write('/node', 'by another leader');
    s.expect(s.view(1).currentEpoch > currentEpoch, true, 'whether there is another epoch');
    s.slowDisk(0.5, 3);
    s.until('its return', () => s.isServing(3), 120_000);
    s.expect(s.read('/node', s.addClient('at the old leader', 3)), 'by another leader', 'the node');
  },
};
