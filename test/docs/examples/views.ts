import { connect } from '../../../src/client/client.ts';
import { Group, PersistentNode, ServiceDiscovery, TreeCache } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
await client.create('/colours', 'blue');
const cache = new TreeCache(client, '/colours');
await cache.current();
console.log(cache.isCurrent, cache.get('/colours')?.data?.toString());
cache.close();

const member = await new Group(client, '/workers').join('host-1', 'ready');
console.log([...(await new Group(client, '/workers').members()).keys()]);
await member.close();

const discovery = new ServiceDiscovery(client, '/services');
const registered = await discovery.register({ name: 'web', address: '10.0.0.1', port: 80 });
const provider = discovery.provider('web');
await provider.ready();
console.log(provider.next()?.address);
provider.close();
await registered.close();

const node = new PersistentNode(client, '/here', 'host-1');
await node.ready();
await node.close();
await client.close();
