import { connect } from '../../../src/client/client.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const stop = client.onState((state) => console.log('now', state));
console.log(client.state, client.server, client.sessionId, client.certainForMs);
await client.close();
stop();
for await (const state of client.stateChanges()) console.log(state);
