import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBackup, restoreBackup } from '../../src/backup/backup.ts';
import { connect } from '../../src/client/client.ts';
import { type Ensemble, startEnsemble } from '../../src/index.ts';
import { NodeDisk } from '../../src/io/node-disk.ts';

/** The procedure of docs/OPERATIONS.md: one directory restored, the others empty, or one of them with the old history. */
const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});
let dir = '';
let ensemble: Ensemble | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'restore-'));
});

afterEach(async () => {
  await ensemble?.close();
  ensemble = undefined;
  rmSync(dir, { recursive: true, force: true });
});

/** /kept was there when the backup was made, /later came after it; the old directories are in `old`. */
async function backedUp(): Promise<string> {
  const old = join(dir, 'old');
  ensemble = await startEnsemble(3, { dataDir: old });
  const client = await connect(ensemble.connectString);
  await client.create('/kept', 'x');
  const backup = join(dir, 'backup');
  const leader = ensemble.leader?.config.dataDir as string;
  await createBackup(disk, { dataDir: leader, dataLogDir: leader }, backup);
  await client.create('/later', 'y');
  await client.close();
  await ensemble.close();
  return backup;
}

async function names(): Promise<readonly (readonly string[])[]> {
  const peers = (ensemble as Ensemble).peers;
  return Promise.all(
    peers.map(async (peer) => {
      const client = await connect(`127.0.0.1:${peer.clientPort}`);
      await client.sync('/');
      const found = (await client.getChildren('/')).sort();
      await client.close();
      return found;
    }),
  );
}

it('empty servers take the restored history', async () => {
  const backup = await backedUp();
  const dataDir = join(dir, 'new');
  const at = (id: string) => ({ dataDir: join(dataDir, id), dataLogDir: join(dataDir, id) });
  mkdirSync(dataDir);
  expect(await restoreBackup(disk, backup, at('2'))).toMatchObject({ epoch: 2 });
  ensemble = await startEnsemble(3, { dataDir });
  expect(await names()).toEqual([
    ['kept', 'zookeeper'],
    ['kept', 'zookeeper'],
    ['kept', 'zookeeper'],
  ]);
});

it('an old member with a longer history gives it up, and does not lead', async () => {
  const backup = await backedUp();
  const dataDir = join(dir, 'new');
  const at = (id: string) => ({ dataDir: join(dataDir, id), dataLogDir: join(dataDir, id) });
  mkdirSync(dataDir);
  await restoreBackup(disk, backup, at('1'));
  cpSync(join(dir, 'old', '3'), join(dataDir, '3'), { recursive: true });
  ensemble = await startEnsemble(3, { dataDir });
  expect(ensemble.leader?.config.myid).toBe(1);
  expect(await names()).toEqual([
    ['kept', 'zookeeper'],
    ['kept', 'zookeeper'],
    ['kept', 'zookeeper'],
  ]);
});
