// The shells of the Java and the C client print the same lines, whichever server they are given: only dates, session
// ids, addresses and the order of children may differ.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runCliMt, runZkCli, runZkCommand } from './harness/programs.ts';
import { debian, judge, type Kind, root, Server } from './harness/server.ts';
import { type Transcript, transcript } from './harness/transcript.ts';

function commands(file: string): string[] {
  const lines = readFileSync(join(root, 'test/interop', file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

const settings = { extendedTypesEnabled: 'true' };
const flags = ['-Dznode.container.checkIntervalMs=2000000000'];

async function onFreshServer(
  kind: Kind,
  port: number,
  run: (address: string) => Promise<Outcome>,
): Promise<Transcript> {
  const server = await new Server({ kind, clientPort: port, settings, flags }).start();
  try {
    return transcript(await run(`127.0.0.1:${port}`));
  } finally {
    await server.remove();
  }
}

const shells: { name: string; run: (address: string) => Promise<Outcome> }[] = [
  { name: 'zkCli of 3.9.5', run: (address) => runZkCli(address, commands('zkcli/commands.txt')) },
  { name: 'cli_mt of 3.8.0', run: (address) => runCliMt(address, commands('cli_mt/commands.txt')) },
];

describe.each(shells)('$name', ({ run }) => {
  let expected: Transcript;
  beforeAll(async () => {
    expected = await onFreshServer(judge, 22_120, run);
  });

  it('prints the same twice on Apache', async () => {
    expect(expected.out.length + expected.err.length).toBeGreaterThan(60);
    expect(await onFreshServer(judge, 22_120, run)).toEqual(expected);
  });

  it('prints the same on ours', async () => {
    expect(await onFreshServer('ours', 22_120, run)).toEqual(expected);
  });
});

describe('zkCli with one command on its command line', () => {
  const servers = ([judge, 'ours'] as const).map(
    (kind, i) => new Server({ kind, clientPort: 22_122 + i, settings, flags }),
  );
  beforeAll(() => Promise.all(servers.map((server) => server.start())));
  afterAll(() => Promise.all(servers.map((server) => server.remove())));

  it.each([
    ['create', '/one', 'x'],
    ['create', '/one', 'again'],
    ['get', '-s', '/one'],
    ['get', '/none'],
    ['ls', '/'],
    ['whoami'],
    ['delete', '/one'],
    ['nonsense'],
  ])('%s %s %s: same lines, same exit code', async (...command) => {
    const both = await Promise.all(servers.map((server) => runZkCommand(`127.0.0.1:${server.clientPort}`, command)));
    const [a, b] = both.map(transcript);
    expect(b).toEqual(a);
  });

  it('is the same with the zkCli of 3.8.0', async () => {
    const both = await Promise.all(
      servers.map((server) =>
        runZkCli(
          `127.0.0.1:${server.clientPort}`,
          ['create /old x', 'get -s /old', 'addWatch /old', 'set /old y', 'ls /', 'quit'],
          { kind: debian, quietMs: 250 },
        ),
      ),
    );
    const [a, b] = both.map(transcript);
    expect(b).toEqual(a);
  });
});
