import { connect } from '../../../src/client/client.ts';

await using client = await connect(process.env.SERVERS ?? 'localhost:2181');
const [created, changed] = await client.transaction().create('/a', 'x').setData('/a', 'y').commit();
console.log(created.path, changed.stat.version);
const [data, children] = await client.reads().getData('/a').getChildren('/').run();
if (data.op === 'getData') console.log(data.data?.toString());
if (children.op === 'getChildren') console.log(children.children.length);
