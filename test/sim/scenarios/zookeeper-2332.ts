import { adler32 } from '../../../src/txnlog/adler32.ts';
import { endOf, found, over, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';
import type { SimDisk } from '../world/disk.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2332',
  about: 'the newest log file has no record, or not even a header; or the last record in it is torn, at any place',
  voters: 3,
  config: { preAllocSize: 0 },
  mutant: 'leave the torn end of the log',
  play(s) {
    s.begin(3);
    s.create('/a', 'kept');
    const logs = '/data/version-2';
    const newest = (disk: SimDisk): { path: string; log: Buffer } => {
      const path = found(disk, logs, 'log').at(-1)?.path ?? '';
      return { path, log: disk.read(path) };
    };
    const header = Buffer.from('ZKLG\0\0\0\u0002\0\0\0\0\0\0\0\0', 'latin1');
    const recovers = (saying: string, change: (disk: SimDisk) => void): void => {
      s.recovers(1, saying, change);
      s.write('/a', saying);
      s.powerLoss(1);
      s.start(1);
      s.untilServing();
    };
    for (const bytes of [0, 1, 15, 16]) {
      recovers('', (disk) => {
        const last = recordsOf(newest(disk).log).at(-1)?.zxid ?? 0;
        disk.put(`${logs}/log.${(last + 1).toString(16)}`, header.subarray(0, bytes));
      });
    }
    recovers('removing a log file without a record', (disk) => {
      const last = recordsOf(newest(disk).log).at(-1)?.zxid ?? 0;
      disk.put(`${logs}/log.${(last + 1).toString(16)}`, Buffer.concat([header, Buffer.alloc(1000)]));
    });
    recovers('version is 3, not 2', (disk) => {
      const last = recordsOf(newest(disk).log).at(-1)?.zxid ?? 0;
      disk.put(`${logs}/log.${(last + 1).toString(16)}`, over(header, 7, Buffer.from([3])));
    });
    // The record that would have been the next.
    const next = (disk: SimDisk): Buffer => {
      const last = recordsOf(newest(disk).log).at(-1);
      if (last === undefined) throw new Error('a record');
      const payload = Buffer.from(last.bytes.subarray(12, last.bytes.length - 1));
      payload.writeUInt32BE(payload.readUInt32BE(16) + 1, 16);
      return payload;
    };
    const appended = (reason: string, bytes: (record: Buffer, payload: Buffer) => Buffer): void =>
      recovers(`reason=${reason}`, (disk) => {
        const { path, log } = newest(disk);
        const payload = next(disk);
        disk.put(path, over(log, endOf(recordsOf(log)), bytes(recordOf(payload), payload)));
      });
    let length = 0;
    const earlier = Buffer.from(recordsOf(newest(s.view(1).machine.disk).log)[0]?.bytes ?? []);
    appended('the record is cut short', (record) => {
      length = record.length;
      return record.subarray(0, 12);
    });
    for (let at = 13; at < length; at += 7) {
      appended('the record runs past the end of the file', (record) => record.subarray(0, at));
    }
    appended('the record has no end mark', (record) => record.fill(0x43, record.length - 1));
    appended('the checksum does not match', (record) => record.fill(0xff, 40, 41));
    appended('the record has no length', (record) => record.fill(0, 8, 12));
    appended('the length 5 cannot be', (record) => record.fill(0, 8, 12).fill(5, 11, 12));
    appended('the zxid is out of range', (_, payload) => recordOf(payload.fill(0xff, 12, 14)));
    appended('there is more after the end', () => Buffer.concat([Buffer.alloc(40), Buffer.from('more')]));
    // A whole record behind it, but one that is known already.
    appended('the record has no length', (record) => Buffer.concat([record.fill(0, 8, 12), earlier]));
    recovers('passed over records that repeat earlier ones', (disk) => {
      const { path, log } = newest(disk);
      const records = recordsOf(log);
      disk.put(path, over(log, endOf(records), records.at(-1)?.bytes ?? earlier));
    });
    // And nothing behind it but zeros.
    recovers('', (disk) => {
      const { path, log } = newest(disk);
      disk.put(path, over(log, endOf(recordsOf(log)), Buffer.alloc(5)));
    });
    s.expect(s.read('/a'), '', '/a');
  },
};

/** A record of the log, head and end mark included. */
function recordOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(adler32(payload), 4);
  head.writeInt32BE(payload.length, 8);
  return Buffer.concat([head, payload, Buffer.from('B')]);
}
