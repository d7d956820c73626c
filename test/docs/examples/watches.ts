import { connect } from '../../../src/client/client.ts';

await using client = await connect(process.env.SERVERS ?? 'localhost:2181');
await client.create('/config', 'a');
for await (const notice of client.watch('/config', { mode: 'persistentRecursive' })) {
  if (notice.kind === 'change') {
    console.log(notice.event.type, notice.event.path);
    break;
  }
  // A gap: changes may have gone by untold, so what is known is read again.
  console.log(notice.why, (await client.getData('/config')).data?.toString());
  await client.setData('/config', 'b');
}
