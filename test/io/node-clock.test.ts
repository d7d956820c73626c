import { expect, test } from 'vitest';
import { NodeClock } from '../../src/io/node-clock.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

test('at the end of a turn its tasks run as they came; what they ask for is of the next', async () => {
  const clock = new NodeClock(new NodeGuard(() => {}));
  const ran: string[] = [];
  clock.afterTurn(() => {
    ran.push('log');
    clock.afterTurn(() => ran.push('next turn'));
  });
  clock.afterTurn(() => ran.push('links'));
  clock.afterTurn(() => ran.push('clients'));
  expect(ran).toEqual([]);
  await turn();
  expect(ran).toEqual(['log', 'links', 'clients']);
  await turn();
  expect(ran).toEqual(['log', 'links', 'clients', 'next turn']);
});

test('one task that throws is told of, and the others run; none does once the guard is shut', async () => {
  const thrown: unknown[] = [];
  const guard = new NodeGuard((error) => thrown.push(error));
  const clock = new NodeClock(guard);
  const ran: string[] = [];
  clock.afterTurn(() => {
    throw new Error('a bug');
  });
  clock.afterTurn(() => ran.push('clients'));
  await turn();
  expect([thrown.map(String), ran]).toEqual([['Error: a bug'], ['clients']]);
  clock.afterTurn(() => guard.shut());
  clock.afterTurn(() => ran.push('after the end'));
  await turn();
  expect(ran).toEqual(['clients']);
});
