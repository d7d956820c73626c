// What pages for operators tell, step by step, with the release as it is unpacked: pages/pages.sh. In a network
// namespace of its own, where the ports of the pages are free. With MENAGERIE_APACHE_TREE, an unpacked release of Apache's,
// the same steps are run with that one as well: then a step that fails there is a fault of the script.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run } from './harness/programs.ts';
import { root } from './harness/server.ts';

const apache = process.env.MENAGERIE_APACHE_TREE;
const releases: string[] = [];
const PAGE_LIMIT_MS = 600_000;

beforeAll(() => {
  const archive = execFileSync(join(root, 'scripts/dist.sh'), { encoding: 'utf8' }).trim();
  releases.push(join(root, archive));
  if (apache !== undefined) releases.push(apache);
});

describe.each(apache === undefined ? ['our release'] : ['our release', "Apache's release"])('with %s', (name) => {
  const own =
    name === 'our release' ? ['quick-start', 'containers', ...(process.getuid?.() === 0 ? ['init'] : [])] : [];
  test.each(['first-server', 'three-hosts', 'one-host', 'service', 'files', ...own])(
    'the page %s',
    async (page) => {
      const release = releases[name === 'our release' ? 0 : 1] as string;
      const script = join(root, 'test/interop/pages/pages.sh');
      const network = process.getuid?.() === 0 ? ['-n'] : ['-r', '-n'];
      const { code, stdout, stderr } = await run(
        'unshare',
        [...network, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', script, release, page],
        { timeoutMs: PAGE_LIMIT_MS },
      );
      const failed = stdout.split('\n').filter((line) => !line.startsWith('ok '));
      expect({ failed, code }, stderr).toEqual({ failed: ['0 steps failed', ''], code: 0 });
    },
    PAGE_LIMIT_MS,
  );
});
