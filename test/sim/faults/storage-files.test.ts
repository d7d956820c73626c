import { expect, test } from 'vitest';
import { SimDisk } from '../world/disk.ts';
import { SimRandom } from '../world/random.ts';
import { defectOf, sealed } from './snapshot-files.ts';
import { fuzzySnapshot, halves, purgeTo, rot, withoutEpochs } from './storage-files.ts';

const DIR = '/data/version-2';
const DIRS = { snapDir: DIR, logDir: DIR };
const HEADER = Buffer.from('ZKSN\0\0\0\u0002\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from('\0\0\0\u0001/', 'latin1');

function diskWith(files: Readonly<Record<string, Buffer>>): SimDisk {
  const disk = new SimDisk(new SimRandom(1));
  for (const [name, content] of Object.entries(files)) disk.put(`${DIR}/${name}`, content);
  return disk;
}

/** No sessions, no table of access lists, and the root, whose list is `acl`. */
function snapshot(acl: bigint): Buffer {
  const root = Buffer.alloc(4 + 4 + 8 + 60);
  root.writeBigInt64BE(acl, 8);
  return sealed(Buffer.concat([HEADER, Buffer.alloc(8), root, END]), Buffer.alloc(20), Buffer.alloc(8));
}

const EMPTY_LOG = Buffer.from('ZKLG\0\0\0\u0002\0\0\0\0\0\0\0\0', 'latin1');

test('a snapshot can be loaded when it ends, its seal is right, and each access list is in its table', () => {
  const whole = snapshot(-1n);
  expect(defectOf(whole)).toBeUndefined();
  expect(defectOf(whole.subarray(0, 60))).toBe('it ends too early');
  expect(defectOf(snapshot(5n))).toBe('1 nodes have an access list that is not there');
  const flipped = Buffer.from(whole);
  flipped[40] = 1;
  expect(defectOf(flipped)).toBe('no seal');
});

test('purging keeps the newest whole snapshots, halves among them, and the log that may go on behind the oldest', () => {
  const disk = diskWith({
    'snapshot.100000001': snapshot(-1n),
    'snapshot.100000005': snapshot(-1n),
    'snapshot.100000009': snapshot(-1n).subarray(0, 50),
    'log.100000001': EMPTY_LOG,
    'log.100000004': EMPTY_LOG,
    'log.100000006': EMPTY_LOG,
  });
  expect(purgeTo(disk, DIRS, 1)).toBe('2 old files are purged');
  expect(disk.list(DIR)).toEqual(['log.100000004', 'log.100000006', 'snapshot.100000005', 'snapshot.100000009']);
});

test('epochs are taken away only where both say what the log says', () => {
  const epochs = (accepted: string, current: string) =>
    diskWith({
      'snapshot.200000003': snapshot(-1n),
      acceptedEpoch: Buffer.from(accepted),
      currentEpoch: Buffer.from(current),
    });
  expect(withoutEpochs(epochs('3', '2'), DIRS)).toBeUndefined();
  expect(withoutEpochs(epochs('3', '3'), DIRS)).toBeUndefined();
  const same = epochs('2', '2');
  expect(withoutEpochs(same, DIRS)).toBe('no epochs beside the log');
  expect(same.list(DIR)).toEqual(['snapshot.200000003']);
});

test('nothing is done where it would take something away that is needed', () => {
  const disk = diskWith({ 'snapshot.100000001': snapshot(-1n), 'log.100000001': EMPTY_LOG });
  const random = new SimRandom(3);
  expect(halves(disk, DIRS, random)).toBeUndefined();
  expect(fuzzySnapshot(disk, DIRS, random)).toBeUndefined();
  expect(rot(disk, DIRS, random)).toBeUndefined();
  expect(disk.list(DIR)).toEqual(['log.100000001', 'snapshot.100000001']);
});
