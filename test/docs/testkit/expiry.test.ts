import { expect, test } from 'vitest';
import { startEnsemble } from '../../../src/testing/testing.ts';

test('a session expires, at once or when its time has passed', async () => {
  const ensemble = await startEnsemble({ size: 3 });
  const worker = await ensemble.client({ sessionTimeoutMs: 10_000 });
  const sleeper = await ensemble.client({ sessionTimeoutMs: 10_000 });
  const watcher = await ensemble.client({ sessionTimeoutMs: 60_000 });
  await worker.create('/worker', '', { mode: 'ephemeral' });
  await sleeper.create('/sleeper', '', { mode: 'ephemeral' });

  await ensemble.expireSession(worker.sessionId);
  expect(await watcher.exists('/worker')).toBeUndefined();

  ensemble.clients.hold({ session: sleeper.sessionId });
  await ensemble.clock.advance(30_000);
  expect(await watcher.exists('/sleeper')).toBeUndefined();

  await ensemble.close();
});
