import type { Primary } from '../../../src/quorum/roles/primary.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a wrong digest',
  about: 'a leader names digests that no tree has: every server counts them, says so once, and goes on',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    const { pending } = (s.view(3).primary as Primary).prep;
    const { digest } = pending;
    // It is what the invariants look for.
    s.world.looksInside = false;
    pending.digest = () => 1n;
    for (let i = 0; i < 3; i++) s.write('/a', `${i}`);
    pending.digest = digest;
    for (const sid of [1, 2, 3]) {
      s.read('/a', s.addClient(`of ${sid}`, sid));
      s.expect(s.said(sid, 'the digest of the tree is not the one'), 1, `complaints of ${sid}`);
    }
  },
};
