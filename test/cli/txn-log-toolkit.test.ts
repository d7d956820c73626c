import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockDirectory } from '../../src/io/node-lock.ts';
import { contents, golden, goldenFiles, runTool, scratch } from './run-tool.ts';

const fresh = scratch();
const LOG = 'standalone-3.9.5/log.1';
const HEAD = 'ZooKeeper Transactional Log File with dbid 0 txnlog format version 2\n';
const BAD_LINE = '11/20/26, 7:52:32 AM UTC session 0x10000197e6b0000 cxid 0xa zxid 0xe setData /golden,jello again,1\n';

/** A copy of the log in which one byte of one transaction is another. */
function damaged(): string {
  const file = join(fresh(LOG), 'log.1');
  const bytes = readFileSync(file);
  bytes.write('jello', bytes.indexOf('hello again'));
  writeFileSync(file, bytes);
  return file;
}

function dirOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}

describe('a dump', () => {
  test.each(goldenFiles('log.'))('of %s is what Apache’s tool printed of it', (file) => {
    const { code, out, err } = runTool('txn-log-toolkit', ['-d', file]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toBe(readFileSync(`${file}.toolkit.txt`, 'utf8'));
  });

  test('names the transaction whose checksum is wrong, and goes on behind it', () => {
    const { code, out } = runTool('txn-log-toolkit', [damaged()]);
    expect(code).toBe(0);
    expect(out).toContain(`\nCRC ERROR - ${BAD_LINE}${BAD_LINE}`);
    expect(out).toMatch(/EOF reached after 44 txns\.\n$/);
  });

  test('ends before a transaction that was cut short', () => {
    const file = join(fresh(LOG), 'log.1');
    truncateSync(file, readFileSync(file).indexOf('/golden/gone') + 3);
    expect(runTool('txn-log-toolkit', [file]).out).toMatch(/EOF reached after 19 txns\.\n$/);
  });

  test('ends at a transaction without its end mark', () => {
    const file = join(fresh(LOG), 'log.1');
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('B', bytes.indexOf('hello again'))] = 0x43;
    writeFileSync(file, bytes);
    expect(runTool('txn-log-toolkit', [file])).toMatchObject({ code: 1, err: 'Last transaction was partial.\n' });
  });
});

describe('recovery', () => {
  test('writes a copy with the checksum mended, for which a server has use', () => {
    const file = damaged();
    const before = readFileSync(file);
    const { code, out } = runTool('txn-log-toolkit', ['-r', '-y', file]);
    expect(code).toBe(0);
    expect(out).toBe(
      `${HEAD}CRC FIXED - ${BAD_LINE}EOF reached after 44 txns.\nRecovery file ${file}.fixed has been written with 1 fixed CRC error(s)\n`,
    );
    expect(readFileSync(file)).toEqual(before);
    expect(runTool('txn-log-toolkit', [`${file}.fixed`]).out).not.toContain('CRC ERROR');
  });

  test('asks of each, takes the first letter of the answer, and asks again when it is another one', () => {
    const file = damaged();
    const { out } = runTool('txn-log-toolkit', ['-r', file], 'maybe\ny\n');
    const question = 'Would you like to fix it (Yes/No/Abort) ? ';
    expect(out).toContain(`CRC ERROR - ${BAD_LINE}${question}${question}EOF reached after 44 txns.\n`);
    expect(out).toContain('with 1 fixed CRC error(s)\n');
  });

  test('given up, leaves nothing behind', () => {
    const file = damaged();
    const before = contents(dirOf(file));
    expect(runTool('txn-log-toolkit', ['-r', file], 'a\n')).toMatchObject({ code: 0, err: 'Recovery aborted.\n' });
    expect(contents(dirOf(file))).toEqual(before);
  });

  test('never writes over a file that is there', () => {
    const file = damaged();
    writeFileSync(`${file}.fixed`, 'precious');
    expect(runTool('txn-log-toolkit', ['-r', '-y', file])).toEqual({
      code: 1,
      out: '',
      err: `Recovery file ${file}.fixed already exists or not writable\n`,
    });
    expect(readFileSync(`${file}.fixed`, 'utf8')).toBe('precious');
  });
});

describe('chopping', () => {
  test('copies up to a transaction, named in decimal or hexadecimal', () => {
    for (const zxid of ['16', '0x10']) {
      const file = join(fresh(LOG), 'log.1');
      const { code, out } = runTool('txn-log-toolkit', ['-c', '-z', zxid, file]);
      expect(out).toBe(`${HEAD}Chopping at 10 new log has 16 records\n`);
      expect(code).toBe(0);
      const copy = readFileSync(`${file}.chopped16`);
      expect(copy.equals(readFileSync(file).subarray(0, copy.length))).toBe(true);
      expect(runTool('txn-log-toolkit', [`${file}.chopped16`]).out).toMatch(/EOF reached after 16 txns\.\n$/);
    }
  });

  test('at what is not in the log is an error, and leaves nothing behind', () => {
    const file = join(fresh(LOG), 'log.1');
    const before = contents(dirOf(file));
    const { code, err } = runTool('txn-log-toolkit', ['-c', '-z', '0x999', file]);
    expect(code).toBe(1);
    expect(err).toBe('Failed to chop log.1: this log does not contain zxid 999\n');
    expect(contents(dirOf(file))).toEqual(before);
  });

  test('of a log with a wrong checksum before that is an error that says where', () => {
    const file = damaged();
    const { code, err } = runTool('txn-log-toolkit', ['-c', '-z', '0x20', file]);
    expect(code).toBe(1);
    expect(err).toBe("CRC doesn't match 2990870054 vs 2994409000 at offset 1399: mend it first (-r)\n");
    expect(Object.keys(contents(dirOf(file)))).toEqual(['log.1']);
  });
});

describe('what it refuses', () => {
  test('to write beside the files of a server that runs; to read there is fine', () => {
    const file = damaged();
    const lock = lockDirectory(dirOf(file));
    try {
      const { code, err } = runTool('txn-log-toolkit', ['-r', '-y', file]);
      expect(code).toBe(1);
      expect(err).toBe(`${dirOf(file)} is in use by a running server: nothing was changed there\n`);
      expect(runTool('txn-log-toolkit', ['-c', '-z', '2', file]).code).toBe(1);
      expect(runTool('txn-log-toolkit', [file]).code).toBe(0);
      expect(Object.keys(contents(dirOf(file)))).toEqual(['log.1']);
    } finally {
      lock?.release();
    }
  });

  test.each([
    [['/none'], 1, "File doesn't exist or not readable: /none\n"],
    [[join(golden, 'standalone-3.9.5/snapshot.2c')], 2, 'Invalid magic number for snapshot.2c\n'],
    [[join(golden, 'standalone-3.9.5')], 1, `${join(golden, 'standalone-3.9.5')} is not a file\n`],
    [['-q', 'x'], 1, 'Unrecognized option: -q\n'],
    [['-c', join(golden, LOG)], 1, '-c and -z <zxid> belong together\n'],
    [['-c', '-z', 'abc', join(golden, LOG)], 1, '-z takes a zxid, like 0x100000002 or 4294967298, not "abc"\n'],
    [['a', 'b'], 1, 'one log at a time, not 2: a b\n'],
    [[], 1, ''],
  ])('%j', (args, code, err) => {
    const ended = runTool('txn-log-toolkit', args);
    expect(ended).toMatchObject({ code, err });
    if (args.length === 0) expect(ended.out).toMatch(/^usage: TxnLogToolkit \[-dhrvc\] <txn_log_file_name>/);
  });

  test('what is too short to be a log, and a length that none can have', () => {
    const dir = fresh(LOG);
    writeFileSync(join(dir, 'log.2'), 'ZKLG');
    expect(runTool('txn-log-toolkit', [join(dir, 'log.2')])).toMatchObject({
      code: 1,
      err: `${dir}/log.2 has 4 bytes, and a log begins with a header of 16\n`,
    });
    const bytes = readFileSync(join(dir, 'log.1'));
    bytes.writeInt32BE(-5, 16 + 8);
    writeFileSync(join(dir, 'log.1'), bytes);
    expect(runTool('txn-log-toolkit', [join(dir, 'log.1')])).toMatchObject({
      code: 1,
      err: `${dir}/log.1: the record at offset 16 says that it has -5 bytes\n`,
    });
  });
});
