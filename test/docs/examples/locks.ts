import { connect } from '../../../src/client/client.ts';
import { Lock, ReadWriteLock, Semaphore } from '../../../src/recipes/recipes.ts';

const client = await connect(process.env.SERVERS ?? 'localhost:2181');
const lock = new Lock(client, '/locks/report', { data: 'host-1' });

await lock.with(
  async (hold) => {
    // hold.signal is aborted when the lock is lost; hold.token goes along with every write to what is guarded.
    console.log('report', hold.token, hold.signal.aborted);
  },
  { timeoutMs: 10_000 },
);

const both = new ReadWriteLock(client, '/locks/index');
const reading = await both.read.acquire();
await reading.release();

const seat = await new Semaphore(client, '/locks/seats', 3).acquire();
await seat.release();
await client.close();
