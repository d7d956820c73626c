import { keepSession, LeaderLatch } from '../../../src/recipes/recipes.ts';

await keepSession(process.env.SERVERS ?? 'localhost:2181', { sessionTimeoutMs: 10_000 }, async (client, signal) => {
  const latch = new LeaderLatch(client, '/leader');
  await latch.lead(signal);
  await latch.close();
});
