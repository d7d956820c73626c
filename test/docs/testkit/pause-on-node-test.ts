import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ensembleForTests } from '../../../src/testing/testing.ts';

const zk = ensembleForTests({ before, after }, { size: 3 });

test('an owner that pauses for too long finds its node gone', async () => {
  const owner = await zk().client({ sessionTimeoutMs: 10_000 });
  const other = await zk().client({ sessionTimeoutMs: 60_000 });
  await owner.create('/lock', '', { mode: 'ephemeral' });
  zk().clients.hold({ session: owner.sessionId });
  await zk().clock.advance(30_000);
  assert.equal(await other.create('/lock', '', { mode: 'ephemeral' }), '/lock');
});
