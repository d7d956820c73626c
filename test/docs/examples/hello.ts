import { connect } from '../../../src/client/client.ts';

await using client = await connect(process.env.SERVERS ?? 'localhost:2181', { sessionTimeoutMs: 10_000 });
await client.create('/hello', 'world');
const { data, stat } = await client.getData('/hello');
console.log(data?.toString(), stat.version);
await client.setData('/hello', 'again', { version: stat.version });
await client.delete('/hello');
