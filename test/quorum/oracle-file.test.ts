import { expect, test } from 'vitest';
import { DiskError } from '../../src/io/disk.ts';
import { OracleFile } from '../../src/quorum/oracle-file.ts';
import { logTo } from '../fakes/log-to.ts';

test('the first byte is the word, 1 for yes; a file that cannot be read is a no, and each change is logged', () => {
  let content: string | undefined = '1\n';
  let open = 0;
  const disk = {
    open: () => {
      const bytes = content === undefined ? undefined : Buffer.from(content);
      if (bytes === undefined) throw new DiskError('ENOENT', '/oracle', '/oracle: no such file');
      open++;
      return {
        readAt: (target: Buffer, offset: number) => bytes.copy(target, 0, offset, offset + target.length),
        close: () => open--,
      };
    },
  } as unknown as ConstructorParameters<typeof OracleFile>[0];
  const words: unknown[] = [];
  const oracle = new OracleFile(
    disk,
    '/oracle',
    logTo((_level, _message, { word }) => words.push(word)),
  );
  expect(oracle.lastWord).toBeUndefined();
  const said = ['1\n', '1', '10', '0', '', ' 1', 'yes', undefined, '1'].map((text) => {
    content = text;
    return oracle.permits();
  });
  expect(said).toEqual([true, true, true, false, false, false, false, false, true]);
  expect(words).toEqual(['yes', 'no', 'no, for it cannot be read: /oracle: no such file', 'yes']);
  expect([oracle.lastWord, open]).toEqual(['yes', 0]);
});
