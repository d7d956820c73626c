import { expect, test } from 'vitest';
import { startEnsemble } from '../../../src/testing/testing.ts';

test('what was written survives its leader', async () => {
  const ensemble = await startEnsemble({ size: 3 });
  const client = await ensemble.client();
  await client.create('/kept', 'x');

  const first = ensemble.leader as number;
  const partition = ensemble.network.partition([first]);
  await ensemble.clock.advance(15_000);
  expect(ensemble.leader).not.toBe(first);
  partition.undo();

  await ensemble.kill(ensemble.leader as number);
  await ensemble.ready();
  const again = await ensemble.client({ server: ensemble.leader as number });
  expect((await again.getData('/kept')).data?.toString()).toBe('x');
  await ensemble.close();
});
