import { connect, ErrorCode, isZooKeeperError } from '../../../src/client/client.ts';

await using client = await connect(process.env.SERVERS ?? 'localhost:2181');
const path = await client.create('/job-', 'data', { mode: 'ephemeralSequential', mark: true });
console.log(path);
try {
  await client.getData('/none', { timeoutMs: 5000, signal: AbortSignal.timeout(10_000) });
} catch (error) {
  if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
}
