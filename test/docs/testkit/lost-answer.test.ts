import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ZooKeeperClient } from '../../../src/client/client.ts';
import { ensembleForTests } from '../../../src/testing/testing.ts';

const zk = ensembleForTests({ before: beforeAll, after: afterAll }, { size: 1 });

test('an order whose answer is lost is there once', async () => {
  const client = await zk().client();
  const lost = zk().clients.dropReply({ op: 'create', path: '/orders/**' });
  await client.create('/orders');
  await placeOrder(client, 'paid');
  expect(lost.hits).toBe(1);
  expect(await client.getChildren('/orders')).toEqual(['one']);
});

/** The program under test: it does not know whether the order was placed, and looks. */
async function placeOrder(client: ZooKeeperClient, data: string): Promise<void> {
  try {
    await client.create('/orders/one', data);
  } catch {
    await client.connected();
    if ((await client.exists('/orders/one')) === undefined) await client.create('/orders/one', data);
  }
}
