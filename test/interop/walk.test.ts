// From one server to three, to five, and back, with eight clients that write: as docs/OPERATIONS.md tells it.
import { expect, it } from 'vitest';
import { Walk } from './walk/walk.ts';

it('eight clients write and keep their sessions while one server becomes three, five, three and one', async () => {
  const walk = new Walk({ kinds: ['ours', 'ours', 'ours', 'ours', 'ours'], basePort: 23_400 });
  const { steps, acknowledged, problems } = await walk.go();
  expect(problems).toEqual([]);
  expect(steps.map(({ what, voters }) => `${what}: ${voters}`)).toEqual([
    '1 -> 3: 1,2,3',
    '3 -> 5: 1,2,3,4,5',
    '5 -> 3: 1,2,3',
    'the rest of 3: 1,2,3',
    '3 -> 1: 3',
    'the rest of 1: 3',
  ]);
  expect(steps.at(-1)?.leader).toBe(3);
  expect(acknowledged).toBeGreaterThan(200);
});
