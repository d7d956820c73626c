import { describe, expect, test } from 'vitest';
import { ZXID_ZERO } from '../../src/jute/zxid.ts';
import { Epochs } from '../../src/txnlog/epochs.ts';
import { fatalOf, Lab, zxid } from './lab.ts';

const DIR = '/data/version-2';

function labWith(files: Record<string, string>): Lab {
  const lab = new Lab();
  lab.disk.makeDir(DIR);
  for (const [name, text] of Object.entries(files)) lab.disk.put(`${DIR}/${name}`, Buffer.from(text));
  return lab;
}

function epochsOf(lab: Lab): Epochs {
  return new Epochs(lab.disk.mount(lab.clock), DIR, lab.log);
}

describe('epoch files', () => {
  test('a peer that never took part has none', () => {
    const epochs = epochsOf(labWith({}));
    epochs.checkAgainst(ZXID_ZERO);
    expect([epochs.acceptedEpoch, epochs.currentEpoch]).toEqual([undefined, undefined]);
  });

  test('they are written as Apache writes them: digits and nothing else', () => {
    const lab = labWith({});
    const epochs = epochsOf(lab);
    epochs.setAccepted(12);
    epochs.setCurrent(12);
    expect(lab.files()).toEqual(['acceptedEpoch', 'currentEpoch']);
    expect(lab.disk.read(`${DIR}/acceptedEpoch`).toString()).toBe('12');
    expect(lab.disk.read(`${DIR}/currentEpoch`).toString()).toBe('12');
  });

  test('they are durable on return', () => {
    for (let seed = 0; seed < 20; seed++) {
      const lab = new Lab(seed);
      lab.disk.makeDir(DIR);
      const epochs = epochsOf(lab);
      epochs.setAccepted(1);
      epochs.setAccepted(2);
      epochs.setCurrent(2);
      lab.powerLoss();
      const after = epochsOf(lab);
      expect([after.acceptedEpoch, after.currentEpoch]).toEqual([2, 2]);
    }
  });

  test('a final newline is accepted', () => {
    expect(epochsOf(labWith({ currentEpoch: '7\n', acceptedEpoch: '8\r\n' })).currentEpoch).toBe(7);
  });

  test('what is no number is refused, and the file is named', () => {
    for (const text of ['', '\n', 'x', '-1', '1.5', '12 13', '99999999999999', '0x10']) {
      const refusal = fatalOf(() => epochsOf(labWith({ currentEpoch: text })));
      expect(refusal.message).toContain(`${DIR}/currentEpoch`);
    }
  });

  test('a missing file is made up for by the last transaction', () => {
    const lab = labWith({});
    const epochs = epochsOf(lab);
    epochs.checkAgainst(zxid(5, 3));
    expect([epochs.acceptedEpoch, epochs.currentEpoch]).toEqual([5, 5]);
    const onlyCurrent = epochsOf(labWith({ currentEpoch: '6' }));
    onlyCurrent.checkAgainst(zxid(5, 3));
    expect([onlyCurrent.acceptedEpoch, onlyCurrent.currentEpoch]).toEqual([6, 6]);
  });

  test('an epoch taken from the log is written once it is set', () => {
    const lab = labWith({});
    const epochs = epochsOf(lab);
    epochs.checkAgainst(zxid(5, 3));
    expect(lab.files()).toEqual([]);
    epochs.setCurrent(5);
    expect(lab.files()).toEqual(['currentEpoch']);
  });

  test('an accepted epoch without a current one is the rest of a first synchronisation, and no history', () => {
    const cutShort = epochsOf(labWith({ acceptedEpoch: '5' }));
    cutShort.checkAgainst(zxid(5, 3));
    expect([cutShort.acceptedEpoch, cutShort.currentEpoch]).toEqual([5, undefined]);
  });

  test('a current epoch taken from the log is on the disk before a later one is accepted', () => {
    const lab = labWith({});
    const epochs = epochsOf(lab);
    epochs.checkAgainst(zxid(5, 3));
    epochs.setAccepted(6);
    expect(lab.files()).toEqual(['acceptedEpoch', 'currentEpoch']);
    const again = epochsOf(lab);
    again.checkAgainst(zxid(5, 3));
    expect([again.acceptedEpoch, again.currentEpoch]).toEqual([6, 5]);
  });

  test('the current epoch may be behind the log, the accepted one may not', () => {
    const behind = epochsOf(labWith({ acceptedEpoch: '5', currentEpoch: '4' }));
    behind.checkAgainst(zxid(5, 3));
    expect(behind.currentEpoch).toBe(4);
    const mixed = epochsOf(labWith({ acceptedEpoch: '4', currentEpoch: '4' }));
    expect(fatalOf(() => mixed.checkAgainst(zxid(5, 3))).message).toContain('transactions of epoch 5');
    const swapped = epochsOf(labWith({ acceptedEpoch: '4', currentEpoch: '6' }));
    expect(fatalOf(() => swapped.checkAgainst(zxid(4, 3))).message).toContain('acceptedEpoch says 4');
  });

  test('they never go back', () => {
    const epochs = epochsOf(labWith({ acceptedEpoch: '5', currentEpoch: '5' }));
    expect(() => epochs.setAccepted(4)).toThrow('never goes back');
    expect(() => epochs.setCurrent(4)).toThrow('never goes back');
  });

  test('a disk that refuses stops the peer', () => {
    const lab = labWith({});
    const epochs = epochsOf(lab);
    lab.disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    expect(fatalOf(() => epochs.setAccepted(1)).message).toContain('acceptedEpoch: EIO');
  });
});
