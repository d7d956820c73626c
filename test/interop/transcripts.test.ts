// The shells of the Java and the C client print the same lines, whichever server they are given: only dates, session
// ids, addresses and the order of children may differ.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, runCliMt, runZkCli, runZkCommand } from './harness/programs.ts';
import { debian, judge, type Kind, root, Server } from './harness/server.ts';

function commands(file: string): string[] {
  const lines = readFileSync(join(root, 'test/interop', file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function named(text: string): string {
  const sessions: string[] = [];
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
    .replaceAll(/\w{3} \w{3} +\d+ \d\d:\d\d:\d\d (\w+ )?(\d{4})/g, (date, _zone, year) =>
      year === '1970' ? date : 'DATE',
    )
    .replaceAll(/\b(?:0x)?(1[0-9a-f]{14})\b/g, (_, id) => {
      if (!sessions.includes(id)) sessions.push(id);
      return `SESSION-${sessions.indexOf(id)}`;
    })
    .replaceAll(/^time = .* msec\n/gm, '')
    .replaceAll(/^\w{3} \d+, \d{4} .*\nWARNING: Unable to create a system terminal.*\n/gm, '');
}

/** The lines of cli_mt, runs of children sorted. */
function sortedChildren(text: string): string {
  return text.replaceAll(/(^\t[^\s=]+\n)+/gm, (run) =>
    run
      .split(/(?<=\n)/)
      .sort()
      .join(''),
  );
}

interface Transcript {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
  /** Printed by another thread, between any two lines. */
  readonly events: string[];
}

function transcript({ code, stdout, stderr }: Outcome): Transcript {
  const events: string[] = [];
  // Two prints of zkCli, with anything between them; one of cli_mt.
  const event = /\nWATCHER::\n|\nWatchedEvent .*\n|^Watcher (?!SESSION).*\n/gm;
  const lines = (text: string): string[] => {
    const plain = named(text).replaceAll(event, (print) => {
      // Whether the news of the connection itself is printed before the end is a matter of threads.
      if (!/WATCHER|type:None/.test(print)) events.push(print.trim());
      return '';
    });
    return sortedChildren(plain).split('\n');
  };
  return { code, out: lines(stdout), err: lines(stderr), events: events.sort() };
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
