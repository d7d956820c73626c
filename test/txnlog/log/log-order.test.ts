import { describe, expect, test } from 'vitest';
import { FatalError } from '../../../src/base/errors.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { LogOrder } from '../../../src/txnlog/log/log-order.ts';
import { Lab, payloadOf, seenBy, zxid } from '../lab.ts';

const DIR = '/data/version-2';

/** Two epochs: files log.100000001 to 3, log.100000004 and 5, log.200000001 and 2; each named by its first. */
function twoEpochs(): Lab {
  const lab = new Lab();
  for (const file of [[1, 2, 3].map((n) => zxid(1, n)), [4, 5].map((n) => zxid(1, n)), [1, 2].map((n) => zxid(2, n))]) {
    const { store } = lab.start();
    lab.appendSynced(store, ...file);
    lab.close(store);
  }
  lab.kill();
  return lab;
}

function refusal(lab: Lab): string {
  try {
    lab.start();
  } catch (error) {
    if (error instanceof FatalError) return error.message;
    throw error;
  }
  return 'none';
}

describe('the end of an epoch that is missing is noticed', () => {
  test('when its file is lost', () => {
    const lab = twoEpochs();
    lab.disk.remove(`${DIR}/log.100000004`);
    expect(refusal(lab)).toContain('zxid 0x200000001 follows 0x100000003: transactions in between are missing');
  });

  test('when its file is cut short, or damaged', () => {
    for (const change of [
      (log: Buffer) => log.subarray(0, 16),
      (log: Buffer) => log.subarray(0, 150),
      (log: Buffer) => Buffer.concat([log.subarray(0, 140), Buffer.alloc(4000)]),
    ]) {
      const lab = twoEpochs();
      lab.disk.put(`${DIR}/log.100000004`, change(lab.disk.read(`${DIR}/log.100000004`)));
      expect(refusal(lab)).toContain('transactions in between are missing');
    }
  });

  test('by who reads the log for a learner', () => {
    const lab = twoEpochs();
    const { store } = lab.start();
    const read = (): number[] => {
      const cursor = store.logs.readFrom(zxid(1, 2));
      const zxids: number[] = [];
      for (let entry = cursor?.next(); entry !== undefined; entry = cursor?.next()) zxids.push(entry.zxid);
      return zxids;
    };
    expect(read()).toEqual([zxid(1, 2), zxid(1, 3), zxid(1, 4), zxid(1, 5), zxid(2, 1), zxid(2, 2)]);
    lab.disk.remove(`${DIR}/log.100000004`);
    expect(read()).toEqual([zxid(1, 2), zxid(1, 3)]);
    expect(lab.lines.at(-1)).toContain('the log on disk has a hole');
  });
});

describe("of another server's files, where nobody left word,", () => {
  const foreign = (lab: Lab): Lab => {
    lab.disk.remove(`${DIR}/log-order`);
    lab.disk.remove(`${DIR}/synced`);
    return lab;
  };

  test('one that ends in a torn record is followed by the next epoch', () => {
    const lab = foreign(twoEpochs());
    const path = `${DIR}/log.100000004`;
    lab.disk.put(path, lab.disk.read(path).subarray(0, 150));
    expect(seenBy(lab.start().database)).not.toContain(zxid(1, 5));
  });

  test('one with whole records behind a bad one is not', () => {
    const lab = foreign(twoEpochs());
    lab.disk.flipBit(`${DIR}/log.100000004`, 60, 1);
    expect(refusal(lab)).toContain('transactions in between are missing');
  });

  test('one that is noted as synced is not, whatever follows the bad record', () => {
    const lab = twoEpochs();
    lab.disk.remove(`${DIR}/log-order`);
    const path = `${DIR}/log.100000004`;
    lab.disk.put(path, lab.disk.read(path).subarray(0, 150));
    expect(refusal(lab)).toContain('transactions in between are missing');
  });

  test('the log is not sent to a learner across an epoch', () => {
    const lab = foreign(twoEpochs());
    const { store } = lab.start();
    const cursor = store.logs.readFrom(zxid(1, 5));
    expect([cursor?.next()?.zxid, cursor?.next()]).toEqual([zxid(1, 5), undefined]);
  });
});

describe('the side file', () => {
  const write = (lab: Lab, order: LogOrder, file: Zxid, before: Zxid): void => {
    let done = false;
    order.write(file, before, (error) => {
      done = error === undefined;
    });
    lab.run();
    expect(done).toBe(true);
  };

  test('keeps its lines over a crash at any place, also behind half of one', () => {
    for (let seed = 1; seed < 40; seed++) {
      const lab = new Lab(seed);
      lab.disk.put('/data/x', Buffer.alloc(0));
      const disk = lab.disk.mount(lab.clock);
      write(lab, new LogOrder(disk, '/data'), zxid(2, 1), zxid(1, 7));
      const again = new LogOrder(disk, '/data');
      again.write(zxid(3, 1), zxid(2, 9), () => {});
      lab.run(seed % 3 === 0 ? 0.6 : 0.01);
      lab.powerLoss();
      const later = new LogOrder(lab.disk.mount(lab.clock), '/data');
      expect(later.before(zxid(2, 1))).toBe(zxid(1, 7));
      expect([zxid(2, 9), undefined]).toContain(later.before(zxid(3, 1)));
    }
  });

  test('lets the later of two lines count, and none that is damaged', () => {
    const lab = new Lab();
    lab.disk.put('/data/x', Buffer.alloc(0));
    const disk = lab.disk.mount(lab.clock);
    const order = new LogOrder(disk, '/data');
    write(lab, order, zxid(2, 1), zxid(1, 7));
    write(lab, order, zxid(2, 1), zxid(1, 5));
    write(lab, order, zxid(4, 1), zxid(2, 1));
    order.close();
    lab.disk.flipBit('/data/log-order', lab.disk.read('/data/log-order').length - 20, 0);
    const again = new LogOrder(disk, '/data');
    expect([again.before(zxid(2, 1)), again.before(zxid(4, 1))]).toEqual([zxid(1, 5), undefined]);
  });

  test('is tidied when it has grown: files that are gone are forgotten', () => {
    const lab = twoEpochs();
    lab.close(lab.open());
    const disk = lab.disk.mount(lab.clock);
    const order = new LogOrder(disk, DIR);
    for (let epoch = 3; epoch < 40; epoch++) write(lab, order, zxid(epoch, 1), zxid(epoch - 1, 9));
    order.close();
    const tidied = new LogOrder(disk, DIR, 500);
    expect([tidied.before(zxid(2, 1)), tidied.before(zxid(3, 1))]).toEqual([zxid(1, 5), undefined]);
    write(lab, tidied, zxid(5, 1), zxid(4, 4));
    const again = new LogOrder(disk, DIR);
    expect([again.before(zxid(2, 1)), again.before(zxid(5, 1))]).toEqual([zxid(1, 5), zxid(4, 4)]);
    expect(lab.disk.read(`${DIR}/log-order`).length).toBeLessThan(200);
  });

  test('says nothing when it is garbage', () => {
    const lab = twoEpochs();
    lab.disk.put(`${DIR}/log-order`, payloadOf(7));
    expect(seenBy(lab.start().database)).toHaveLength(7);
  });
});
