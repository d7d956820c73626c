import { connect } from '../../../src/client/client.ts';
import { Counter, ExactTransactions, IdGenerator } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const transactions = new ExactTransactions(client);
await transactions.commit([{ op: 'create', path: '/orders-', data: 'tea', mode: 'persistentSequential' }]);

const counter = new Counter(client, '/hits');
console.log(await counter.add(1));

const ids = new IdGenerator(client, '/ids', 100);
console.log(await ids.take());
await client.close();
