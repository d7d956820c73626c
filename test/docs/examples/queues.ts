import { connect } from '../../../src/client/client.ts';
import { LockingQueue, Queue } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const queue = new Queue(client, '/queue');
await queue.put('later', 200);
await queue.put('first', 1);
console.log((await queue.take({ timeoutMs: 1000 })).toString());

const safe = new LockingQueue(client, '/safe-queue');
await safe.put('work');
const item = await safe.takeLocked();
await item.done();
await client.close();
