import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inHashSetOrder, inLongMapOrder } from '../../src/cli/files/java-order.ts';
import { contents, golden, goldenFiles, runTool, scratch } from './run-tool.ts';

const fresh = scratch();
const SNAPSHOT = join(golden, 'standalone-3.9.5/snapshot.2c');
const LOG = join(golden, 'standalone-3.9.5/log.1');

describe('the formatter', () => {
  test.each(goldenFiles('snapshot.'))('prints %s as Apache’s tool printed it', (file) => {
    const { code, out, err } = runTool('snapshot-toolkit', ['-d', file]);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toBe(readFileSync(`${file}.formatter.txt`, 'utf8'));
  });

  test('without -d gives lengths, and with -json what ncdu reads', () => {
    expect(runTool('snapshot-toolkit', [SNAPSHOT]).out).toContain('\n  dataLength = 17\n----\nSession Details');
    const { out } = runTool('snapshot-toolkit', ['-json', SNAPSHOT]);
    const [major, minor, info, root] = JSON.parse(out) as [number, number, { progver: string }, unknown[]];
    expect([major, minor, info.progver]).toEqual([1, 0, '0.01']);
    expect(root[0]).toEqual({ name: '/', asize: 4, dsize: 4, dev: 0, ino: 1001 });
    expect(root.length).toBe(3);
  });

  test.each([
    [[], 2, /^USAGE: SnapshotFormatter \[-d\|-json\] snapshot_file\n/],
    [['-q', SNAPSHOT], 2, /unknown option -q\n$/],
    [['-d', '-json', SNAPSHOT], 2, /^Cannot specify both data dump \(-d\) and json mode/],
    [['/none'], 2, /^File '\/none' does not exist\.\n$/],
    [[golden], 2, /is not a file\.\n$/],
    [[LOG], 1, /log\.1 is no whole snapshot: magic is 0x5a4b4c47, not ZKSN\n$/],
  ])('%j is refused', (args, code, err) => {
    const ended = runTool('snapshot-toolkit', args);
    expect(ended.code).toBe(code);
    expect(ended.err).toMatch(err);
  });

  test('half a snapshot and a flipped byte are refused', () => {
    const dir = fresh('standalone-3.9.5/snapshot.2c');
    const bytes = readFileSync(join(dir, 'snapshot.2c'));
    writeFileSync(join(dir, 'half'), bytes.subarray(0, 700));
    expect(runTool('snapshot-toolkit', [join(dir, 'half')])).toMatchObject({
      code: 1,
      out: '',
      err: `${dir}/half is no whole snapshot: the file ends before the tree does\n`,
    });
    bytes[bytes.indexOf('hello again')] = 0x6a;
    writeFileSync(join(dir, 'flipped'), bytes);
    expect(runTool('snapshot-toolkit', [join(dir, 'flipped')])).toMatchObject({
      code: 1,
      out: '',
      err: `${dir}/flipped is no whole snapshot: the checksum does not match\n`,
    });
  });
});

test('names and ids come in the order of Java’s hash tables', () => {
  expect(inHashSetOrder(['a', 'b', 'c', 'zookeeper', 'golden'])).toEqual(['golden', 'a', 'b', 'c', 'zookeeper']);
  expect(inHashSetOrder(['Aa', 'BB'])).toEqual(['Aa', 'BB']);
  expect(inHashSetOrder(['BB', 'Aa'])).toEqual(['BB', 'Aa']);
  expect(inLongMapOrder([17n, 1n, 0n, -1n])).toEqual([0n, -1n, 17n, 1n]);
});

test('the summary counts what is below each node that has children, as deep as it is told to print', () => {
  const { code, out } = runTool('snapshot-recursive-summary', [SNAPSHOT, '/', '1']);
  expect(code).toBe(0);
  expect(out).toBe(
    [
      ' /',
      '   children: 21',
      '   data: 73',
      '-- /golden',
      '--   children: 14',
      '--   data: 34',
      '-- /zookeeper',
      '--   children: 5',
      '--   data: 35',
      '',
      '',
    ].join('\n'),
  );
  expect(runTool('snapshot-recursive-summary', [SNAPSHOT, '/', 'x'])).toMatchObject({ code: 2, out: '' });
  expect(runTool('snapshot-recursive-summary', [SNAPSHOT, '/none', '1'])).toMatchObject({
    code: 1,
    err: `there is no node /none in ${SNAPSHOT}\n`,
  });
});

describe('the comparer', () => {
  const other = join(golden, 'gz-3.9.5/snapshot.25.gz');
  const compare = (...args: string[]) => runTool('snapshot-comparer', ['-l', SNAPSHOT, '-r', other, ...args]);

  test('prints nodes whose subtrees differ by more than the thresholds', () => {
    const { code, out } = compare('-b', '1', '-n', '0');
    expect(code).toBe(0);
    expect(out.replaceAll(/\d+\.\d{6} seconds/g, 'T seconds')).toBe(
      [
        'Successfully parsed options!',
        'Deserialized snapshot in snapshot.2c in T seconds',
        'Processed data tree in T seconds',
        'Deserialized snapshot in snapshot.25.gz in T seconds',
        'Processed data tree in T seconds',
        'Node count: 22',
        'Total size: 73',
        'Max depth: 5',
        'Count of nodes at depth 0: 1',
        'Count of nodes at depth 1: 2',
        'Count of nodes at depth 2: 13',
        'Count of nodes at depth 3: 4',
        'Count of nodes at depth 4: 2',
        '',
        'Node count: 21',
        'Total size: 71',
        'Max depth: 5',
        'Count of nodes at depth 0: 1',
        'Count of nodes at depth 1: 2',
        'Count of nodes at depth 2: 12',
        'Count of nodes at depth 3: 4',
        'Count of nodes at depth 4: 2',
        '',
        'Printing analysis for nodes difference larger than 1 bytes or node count difference larger than 0.',
        'Analysis for depth 0',
        'Node  found in both trees. Delta: -2 bytes, -1 descendants',
        'Analysis for depth 1',
        'Node /golden found in both trees. Delta: -2 bytes, -1 descendants',
        'Analysis for depth 2',
        'Node /golden/box found only in right tree. Descendant size: 3. Descendant count: 1',
        'Node /golden/multi found in both trees. Delta: -2 bytes, -1 descendants',
        'Node /golden/ttl found only in left tree. Descendant size: 3. Descendant count: 0',
        'Analysis for depth 3',
        'Node /golden/multi/ttl found only in left tree. Descendant size: 2. Descendant count: 0',
        'Analysis for depth 4',
        'All layers compared.',
        '',
      ].join('\n'),
    );
  });

  test('goes level by level when asked to, to a level, and to a node', () => {
    const { out } = runTool(
      'snapshot-comparer',
      ['-l', SNAPSHOT, '-r', other, '-b', '1', '-n', '0', '-i'],
      '\n/golden/multi\nnonsense\n9\n4\n\n',
    );
    const said = out.slice(out.indexOf('Current depth')).replaceAll(/- Press[\s\S]*?'\/'\.\n/g, '');
    const limits = 'Printing analysis for nodes difference larger than 1 bytes or node count difference larger than 0.';
    expect(said).toBe(
      [
        'Current depth is 0',
        limits,
        'Analysis for depth 0',
        'Node  found in both trees. Delta: -2 bytes, -1 descendants',
        '',
        'Current depth is 1',
        limits,
        'Analysis for node /golden/multi',
        'Filtered node /golden/multi/box of left size 0, right size 0',
        'Filtered node /golden/multi/e of left size 2, right size 2',
        'Node /golden/multi/ttl found only in left tree. Descendant size: 2. Descendant count: 0',
        '',
        'Current depth is 1',
        limits,
        "Input nonsense is not valid. Depth must be in range [0, 4]. Path must be an absolute path which starts with '/'.",
        '',
        'Current depth is 1',
        limits,
        'Depth must be in range [0, 4]',
        'Current depth is 1',
        limits,
        'Analysis for depth 4',
        'Filtered node /zookeeper/quota/golden/zookeeper_limits of left size 18, right size 18',
        'Filtered node /zookeeper/quota/golden/zookeeper_stats of left size 17, right size 17',
        '',
        'Current depth is 4',
        limits,
        'Analysis for depth 4',
        'Filtered node /zookeeper/quota/golden/zookeeper_limits of left size 18, right size 18',
        'Filtered node /zookeeper/quota/golden/zookeeper_stats of left size 17, right size 17',
        '',
        'All layers compared.',
        '',
      ].join('\n'),
    );
  });

  test.each([
    [['-b', '1'], 'Missing required option: n\n', 2],
    [['-b', 'x', '-n', '1'], '-b takes a whole number, not "x"\n', 1],
    [['-b', '1', '-n', '1', '-q'], 'Unrecognized option: -q\n', 2],
    [['-b', '1', '-n', '1', 'word'], 'nothing can be done with "word"\n', 2],
  ])('%j is refused', (args, err, code) => {
    expect(compare(...args)).toMatchObject({ code, err });
  });
});

describe('purging', () => {
  function directory(): string {
    const dir = fresh();
    mkdirSync(join(dir, 'version-2'));
    for (const zxid of ['1', '5', 'a', '14', '1e', '28', '32']) {
      cpSync(SNAPSHOT, join(dir, 'version-2', `snapshot.${zxid}`));
    }
    for (const zxid of ['1', '6', 'b', '15', '1f', '29', '33']) cpSync(LOG, join(dir, 'version-2', `log.${zxid}`));
    return dir;
  }

  test('keeps the newest snapshots and the logs they need, and names what goes', () => {
    const dir = directory();
    const { code, out } = runTool('purge-txn-log', [dir, '-n', '3']);
    expect(code).toBe(0);
    expect(out.replaceAll(/: \w{3} \d+, \d{4}, \d+:\d\d:\d\d [AP]M\t/g, ': DATE\t')).toBe(
      ['log.1', 'log.6', 'log.b', 'snapshot.1', 'snapshot.5', 'snapshot.a', 'snapshot.14']
        .map((name) => `Removing file: DATE\t${dir}/version-2/${name}\n`)
        .join(''),
    );
    expect(readdirSync(join(dir, 'version-2'))).toEqual([
      'log.15',
      'log.1f',
      'log.29',
      'log.33',
      'snapshot.1e',
      'snapshot.28',
      'snapshot.32',
    ]);
    expect(runTool('purge-txn-log', [dir, dir, '-n', '3'])).toMatchObject({ code: 0, out: '' });
  });

  test.each([
    [['-n', '2'], 'count should be greater than or equal to 3\n'],
    [['-n', 'x'], "'x' can not be parsed to integer.\n"],
    [['-n'], ''],
    [['/none', '-n', '3'], "Path '/none' does not exist. \n"],
    [['b', 'c', '-n', '3'], ''],
  ])('%j behind the directory is refused with the usage', (args, err) => {
    const dir = directory();
    const before = contents(dir);
    const ended = runTool('purge-txn-log', [dir, ...args]);
    expect(ended).toMatchObject({ code: 1, err });
    expect(ended.out).toMatch(/^Usage:\nPurgeTxnLog dataLogDir \[snapDir\] -n count\n/);
    expect(contents(dir)).toEqual(before);
  });

  test('directories that are exchanged, or no data directories, are refused', () => {
    const dir = directory();
    const other = fresh();
    const before = contents(dir);
    expect(runTool('purge-txn-log', [other, '-n', '3'])).toMatchObject({
      code: 1,
      err: `${other} has no version-2: it is no data directory\n`,
    });
    mkdirSync(join(other, 'version-2'));
    expect(runTool('purge-txn-log', [other, dir, '-n', '3'])).toMatchObject({
      code: 1,
      err: 'Snapshot directory has log files. Check if dataLogDir and dataDir configuration is correct.\n',
    });
    expect(contents(dir)).toEqual(before);
    expect(readdirSync(other)).toEqual(['version-2']);
  });
});
