import { connect } from '../../../src/client/client.ts';
import { LeaderLatch, leadOnce } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const latch = new LeaderLatch(client, '/leader', { id: 'host-1', onChange: (leads) => console.log(leads) });
await latch.lead();
console.log(latch.isLeader, latch.token, await latch.leader());
await latch.close();

await leadOnce(client, '/selector', async (term) => {
  term.assertHeld();
});
await client.close();
