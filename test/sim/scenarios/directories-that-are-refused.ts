import { adler32 } from '../../../src/txnlog/adler32.ts';
import { endOf, found, over, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';
import type { SimDisk } from '../world/disk.ts';

/** A directory that lacks something, or says two things, is refused with a reason and nothing in it is touched. */
export const scenario: Scenario = {
  name: 'directories that are refused',
  about: 'a peer finds a history that is damaged, put together from two, or not to be read, and does not vote with it',
  voters: 3,
  config: { txnLogSizeLimitInKb: 1, snapCount: 1000, dataLogDir: '/logs' },
  mutant: 'take damage for a torn tail',
  play(s) {
    s.begin(3);
    s.create('/a');
    const fill = (): void => {
      for (let i = 0; i < 24; i++) s.write('/a', `${i}`.padEnd(100, '.'));
      s.untilServing();
      s.run(1500);
    };
    const data = '/data/version-2';
    const logs = '/logs/version-2';
    const put = (path: string, text: string) => (disk: SimDisk) => disk.put(path, Buffer.from(text));
    const refused = (saying: string, change: (disk: SimDisk) => void): void => {
      fill();
      s.refuses(1, saying, change);
      s.expect(s.read('/a'), '23'.padEnd(100, '.'), '/a');
    };
    const failing =
      (operation: string, part: string, code = 'EIO') =>
      (disk: SimDisk): void => {
        disk.fault = (kind, path) => (kind === operation && path.includes(part) ? code : undefined);
      };
    const newest = (disk: SimDisk): string => found(disk, logs, 'log').at(-1)?.path ?? '';

    // Snapshots (ZOOKEEPER-2325, ZOOKEEPER-3056, ZOOKEEPER-3644, ZOOKEEPER-3781).
    refused('and no snapshot in', (disk) => disk.remove(`${data}/snapshot.0`));
    refused('no snapshot in /data/version-2 can be loaded', (disk) => {
      for (const { path } of found(disk, data, 'snapshot')) disk.remove(path);
      disk.put(`${data}/snapshot.7`, Buffer.from('half of one'));
    });
    refused('and without it the history ends at', put(`${data}/snapshot.900000000`, 'half of one'));

    // Epochs (ZOOKEEPER-1653, ZOOKEEPER-2307, ZOOKEEPER-2354, ZOOKEEPER-4269).
    for (const text of ['', '\n', 'two', '-1', '3 4', '99999999999999999', '2097152000']) {
      refused('which is no epoch', put(`${data}/acceptedEpoch`, text));
    }
    refused('which is no epoch', put(`${data}/currentEpoch`, 'x'.repeat(100)));
    refused('which is accepted first', put(`${data}/currentEpoch`, '900'));
    refused('but there are transactions of epoch', (disk) => {
      disk.put(`${data}/acceptedEpoch`, Buffer.from('0'));
      disk.put(`${data}/currentEpoch`, Buffer.from('0'));
    });
    refused('cannot read /data/version-2/currentEpoch', failing('read', 'currentEpoch'));

    // A change of history that nobody can finish.
    refused('not a change of history that can be finished', put(`${data}/history-change`, 'truncate 12'));
    refused('not a change of history that can be finished', put(`${data}/history-change`, 'truncate x\n'));
    refused('was to become the whole history', put(`${data}/history-change`, 'install snapshot.77\n'));

    // The log.
    refused('transactions in between are missing', (disk) => {
      const files = found(disk, logs, 'log');
      disk.remove(files[files.length - 2]?.path ?? '');
    });
    refused('ends at offset', (disk) => {
      const files = found(disk, logs, 'log');
      const { path } = files[files.length - 2] as { path: string };
      disk.flipBit(path, 40, 3);
    });
    refused('this is damage, not a torn tail', (disk) => {
      const path = newest(disk);
      disk.flipBit(path, 40, 3);
      disk.remove(`${logs}/synced`);
    });
    refused('this is damage, not a torn tail', (disk) => {
      const path = newest(disk);
      disk.flipBit(path, recordsOf(disk.read(path))[0]?.offset ?? 0, 3);
    });
    refused('is whole but cannot be read', (disk) => {
      const path = newest(disk);
      const log = disk.read(path);
      const last = recordsOf(log).at(-1);
      if (last === undefined) throw new Error('a record');
      const payload = Buffer.from(last.bytes.subarray(12, last.bytes.length - 1));
      // The next transaction, of a type that there is none.
      payload.writeUInt32BE(payload.readUInt32BE(16) + 1, 16);
      payload.writeInt32BE(7777, 28);
      disk.put(path, over(log, endOf(recordsOf(log)), recordOf(payload)));
    });
    refused('is out of range', put(`${logs}/log.ffffffffffffffff1`, ''));
    refused('cannot recover', failing('read', '/log.'));
    refused('cannot recover', failing('sync', '/log.'));
    refused('cannot open the data directory', failing('read', 'synced'));
    refused('cannot open the data directory', failing('syncDir', '/logs'));

    // A file that cannot be looked at is there: whoever takes it for missing makes up an epoch, or half a change.
    for (const code of ['EIO', 'EACCES', 'ELOOP']) {
      for (const name of ['acceptedEpoch', 'currentEpoch', 'history-change', 'synced', 'log-order']) {
        refused('cannot ', failing('look', name, code));
      }
    }

    // Directories.
    refused('belongs in dataDir', put(`${logs}/snapshot.5`, ''));
    refused('belongs in dataLogDir', put(`${data}/log.5`, ''));
    refused('is in use by another server', (disk) => void disk.takeLock('/logs'));
    refused('cannot use the data directory', (disk) => {
      disk.wipe('/logs');
      failing('makeDir', '/logs')(disk);
    });
    refused('cannot take the file initialize', (disk) => {
      disk.put('/logs/initialize', Buffer.alloc(0));
      failing('unlink', 'initialize')(disk);
    });
  },
};

/** A record of the log, head and end mark included. */
function recordOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(adler32(payload), 4);
  head.writeInt32BE(payload.length, 8);
  return Buffer.concat([head, payload, Buffer.from('B')]);
}
