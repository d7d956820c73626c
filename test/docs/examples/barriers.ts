import { connect } from '../../../src/client/client.ts';
import { Barrier, DoubleBarrier } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const barrier = new Barrier(client, '/barrier');
await barrier.close();
await barrier.open();
await barrier.wait();

const double = new DoubleBarrier(client, '/together', 1);
await double.enter();
await double.leave();
await client.close();
