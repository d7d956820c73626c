// The offline tools beside Apache's: the same arguments on copies of the same recorded files, then the same lines on the
// same streams, the same exit codes and the same files afterwards, but for what is listed as different.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshDirs } from './harness/fresh-dirs.ts';
import { type Outcome, run, runJava } from './harness/programs.ts';
import { root } from './harness/server.ts';

const golden = join(root, 'test/golden/files');
const freshDir = freshDirs('tools', () => undefined);

const PROGRAMS = {
  'txn-log-toolkit': 'org.apache.zookeeper.server.persistence.TxnLogToolkit',
  'snapshot-toolkit': 'org.apache.zookeeper.server.SnapshotFormatter',
  'snapshot-comparer': 'org.apache.zookeeper.server.SnapshotComparer',
  'snapshot-recursive-summary': 'org.apache.zookeeper.server.SnapshotRecursiveSummary',
  'purge-txn-log': 'org.apache.zookeeper.server.PurgeTxnLog',
} as const;
type Tool = keyof typeof PROGRAMS;

/** A directory with whole, damaged and foreign files, and a data directory of many generations. */
function inputs(): string {
  const dir = freshDir();
  const log = readFileSync(join(golden, 'standalone-3.9.5/log.1'));
  const snapshot = readFileSync(join(golden, 'standalone-3.9.5/snapshot.2c'));
  const put = (name: string, bytes: Buffer): void => writeFileSync(join(dir, name), bytes);
  put('log.1', log);
  put('snapshot.2c', snapshot);
  cpSync(join(golden, 'gz-3.9.5/snapshot.25.gz'), join(dir, 'snapshot.25.gz'));
  cpSync(join(golden, 'snappy-3.9.5/snapshot.25.snappy'), join(dir, 'snapshot.25.snappy'));
  cpSync(join(golden, 'quorum-3.9.5/snapshot.10000002f'), join(dir, 'snapshot.10000002f'));
  cpSync(join(golden, 'quorum-3.9.5/log.100000001'), join(dir, 'log.100000001'));
  const wrong = Buffer.from(log);
  wrong.write('jello', wrong.indexOf('hello again'));
  put('log.wrong', wrong);
  put('log.cut', log.subarray(0, log.indexOf('/golden/gone') + 3));
  put('log.head', log.subarray(0, 16));
  const unmarked = Buffer.from(log);
  unmarked[unmarked.indexOf('B', unmarked.indexOf('hello again'))] = 0x43;
  put('log.unmarked', unmarked);
  mkdirSync(join(dir, 'data/version-2'), { recursive: true });
  for (const zxid of ['1', '5', 'a', '14', '1e', '28', '32']) put(`data/version-2/snapshot.${zxid}`, snapshot);
  for (const zxid of ['1', '6', 'b', '15', '1f', '29', '33']) put(`data/version-2/log.${zxid}`, log);
  return dir;
}

/** Names and bytes; Apache reserves 64 MiB of zeros for a log that it writes. */
function files(dir: string): { [name: string]: string } {
  const names = readdirSync(dir, { recursive: true }).map(String).sort();
  return Object.fromEntries(
    names
      .filter((name) => statSync(join(dir, name)).isFile())
      .map((name) => {
        const bytes = readFileSync(join(dir, name));
        let end = bytes.length;
        while (end > 0 && bytes[end - 1] === 0) end--;
        return [name, bytes.subarray(0, end).toString('base64')];
      }),
  );
}

interface Run extends Outcome {
  readonly files: { [name: string]: string };
}

async function runBoth(tool: Tool, args: readonly string[], input = ''): Promise<{ apache: Run; ours: Run }> {
  const dirs = [inputs(), inputs()] as const;
  const options = { input, env: { TZ: 'UTC' } };
  const [apache, ours] = await Promise.all([
    runJava(
      PROGRAMS[tool],
      args.map((arg) => arg.replace('$', dirs[0])),
      options,
    ),
    run(
      process.execPath,
      [join(root, `dist/cli/${tool}.js`), ...args.map((arg) => arg.replace('$', dirs[1]))],
      options,
    ),
  ]);
  const judged = (outcome: Outcome, dir: string): Run => ({
    code: outcome.code,
    stdout: plain(outcome.stdout, dir),
    stderr: plain(outcome.stderr, dir).trimEnd(),
    files: files(dir),
  });
  return { apache: judged(apache, dirs[0]), ours: judged(ours, dirs[1]) };
}

/** Without what no two runs have in common. Files go in no particular order. */
function plain(text: string, dir: string): string {
  return text
    .replaceAll(dir, '$')
    .replaceAll(/[\d.]+ seconds/g, 'T seconds')
    .replaceAll(/"timestamp":\d+/g, '"timestamp":T')
    .replaceAll(/^(Removing file: )[^\t]*(\t.*\n)(?=(Removing|$))/gm, '$1DATE$2')
    .replaceAll(/(^Removing file: .*\n)+/gm, (lines) =>
      lines
        .split(/(?<=\n)/)
        .sort()
        .join(''),
    );
}

describe('the same lines, exit code and files', () => {
  const cases: [tool: Tool, args: string[], input?: string][] = [
    ['txn-log-toolkit', ['-d', '$/log.1']],
    ['txn-log-toolkit', ['$/log.100000001']],
    ['txn-log-toolkit', ['--dump', '-v', '$/log.wrong']],
    ['txn-log-toolkit', ['$/log.cut']],
    ['txn-log-toolkit', ['$/log.head']],
    ['txn-log-toolkit', ['$/log.unmarked']],
    ['txn-log-toolkit', ['-r', '-y', '$/log.wrong']],
    ['txn-log-toolkit', ['-ryv', '$/log.wrong']],
    ['txn-log-toolkit', ['-r', '$/log.wrong'], 'maybe\ny\n'],
    ['txn-log-toolkit', ['-r', '$/log.wrong'], 'No\n'],
    ['txn-log-toolkit', ['-r', '$/log.1']],
    ['txn-log-toolkit', ['-r', '-y', '$/log.cut']],
    ['txn-log-toolkit', ['-c', '-z', '0x10', '$/log.1']],
    ['txn-log-toolkit', ['--chop', '--zxid', '16', '$/log.1']],
    ['txn-log-toolkit', ['-h']],
    ['txn-log-toolkit', []],
    ['txn-log-toolkit', ['-q']],
    ['txn-log-toolkit', ['$/none']],
    ['txn-log-toolkit', ['$/snapshot.2c']],
    ...['snapshot.2c', 'snapshot.25.gz', 'snapshot.25.snappy', 'snapshot.10000002f'].flatMap((name) =>
      [[], ['-d'], ['-json']].map((flags): [Tool, string[]] => ['snapshot-toolkit', [...flags, `$/${name}`]]),
    ),
    ['snapshot-toolkit', []],
    ['snapshot-toolkit', ['$/none']],
    ['snapshot-comparer', ['-l', '$/snapshot.2c', '-r', '$/snapshot.25.gz', '-b', '1', '-n', '0']],
    ['snapshot-comparer', ['--left', '$/snapshot.25.gz', '-r', '$/snapshot.2c', '-b', '0', '-n', '0', '-d']],
    ['snapshot-comparer', ['-l', '$/snapshot.2c', '-r', '$/snapshot.2c', '-b', '0', '-n', '0']],
    [
      'snapshot-comparer',
      ['-l', '$/snapshot.2c', '-r', '$/snapshot.25.gz', '-b', '1', '-n', '0', '-i'],
      '\n/golden\nnonsense\n9\n2\n\n/none\n/\n\n\n',
    ],
    ['snapshot-comparer', []],
    ['snapshot-comparer', ['-l', '$/snapshot.2c']],
    ...[
      ['/', '0'],
      ['/', '1'],
      ['/golden', '2'],
    ].map((args): [Tool, string[]] => ['snapshot-recursive-summary', ['$/snapshot.2c', ...args]]),
    ['snapshot-recursive-summary', []],
    ['snapshot-recursive-summary', ['$/snapshot.2c', '/', 'x']],
    ['purge-txn-log', ['$/data', '-n', '3']],
    ['purge-txn-log', ['$/data', '$/data', '-n', '5']],
    ['purge-txn-log', ['$/data', '-n', '30']],
    ['purge-txn-log', []],
    ['purge-txn-log', ['$/none', '-n', '3']],
    ['purge-txn-log', ['$/data', '-n', '2']],
    ['purge-txn-log', ['$/data', '-n', 'x']],
    ['purge-txn-log', ['$/data', '3']],
  ];

  it.each(cases)('%s %j', async (tool, args, input = '') => {
    const { apache, ours } = await runBoth(tool, args, input);
    expect(ours).toEqual(apache);
  });
});

describe('different on purpose', () => {
  /** Apache ends with a stack trace, or with success, and leaves half a file. */
  const cases: [tool: Tool, args: string[], stderr: string, input?: string][] = [
    ['txn-log-toolkit', ['-c', '-z', '0x999', '$/log.1'], 'Failed to chop log.1: this log does not contain zxid 999'],
    [
      'txn-log-toolkit',
      ['-c', '-z', '0x20', '$/log.wrong'],
      "CRC doesn't match 2990870054 vs 2994409000 at offset 1399: mend it first (-r)",
    ],
    ['txn-log-toolkit', ['-r', '-y', '$/log.unmarked'], 'Last transaction was partial.'],
    ['txn-log-toolkit', ['-c', '$/log.1'], '-c and -z <zxid> belong together'],
    ['txn-log-toolkit', ['-c', '-z', 'abc', '$/log.1'], '-z takes a zxid, like 0x100000002 or 4294967298, not "abc"'],
    ['snapshot-toolkit', ['$/log.1'], '$/log.1 is no whole snapshot: magic is 0x5a4b4c47, not ZKSN'],
    ['snapshot-recursive-summary', ['$/snapshot.2c', '/none', '1'], 'there is no node /none in $/snapshot.2c'],
    ['purge-txn-log', ['$', '-n', '3'], '$ has no version-2: it is no data directory'],
  ];

  it.each(cases)('%s %j: a sentence, exit code 1, and no file changed', async (tool, args, stderr) => {
    const { ours } = await runBoth(tool, args);
    expect(ours.stderr).toBe(stderr);
    expect(ours.code).toBe(1);
    expect(ours.files).toEqual(files(inputs()));
  });
});
