import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { startEnsemble } from '../../src/testing/testing.ts';

/** Sockets and listeners of this thread. bench/testkit.ts counts more, over 500 ensembles. */
function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
}

function directories(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`menagerie-testing-${process.pid}-`));
}

test('ensembles that are closed leave no socket and no directory, whatever state they were in', async () => {
  const before = sockets();
  for (let round = 0; round < 6; round++) {
    const storage = round % 3 === 0 ? 'directory' : 'memory';
    const ensemble = await startEnsemble({ size: round % 2 === 0 ? 3 : 1, storage });
    const client = await ensemble.client();
    await client.create('/a');
    if (round === 0) expect(directories()).toHaveLength(1);
    if (round === 1) ensemble.pause(1);
    if (round === 2) await ensemble.kill(2);
    if (round === 3) ensemble.clients.hold();
    if (round === 4) ensemble.network.partition([1]);
    if (round === 5) ensemble.clients.slow({}, 60_000);
    const late = client.exists('/a').catch(() => undefined);
    await ensemble.close();
    await late;
  }
  expect(sockets()).toEqual(before);
  expect(directories()).toEqual([]);
});
