import { connect, json, TypedNodes } from '../../../src/client/client.ts';

await using client = await connect(process.env.SERVERS ?? 'localhost:2181');
const settings = new TypedNodes(client, json<{ colour: string }>());
await settings.create('/settings', { colour: 'blue' });
const { value, stat } = await settings.get('/settings');
await settings.set('/settings', { ...value, colour: 'red' }, { version: stat.version });

await client.quotas.set('/settings', { count: 100n, bytesHard: 1_000_000n });
console.log((await client.quotas.get('/settings'))?.used.count);
await client.quotas.remove('/settings');
