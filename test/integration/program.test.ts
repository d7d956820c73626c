import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** src/peer.ts as a process: arguments in, exit code and output out. */
const root = resolve(import.meta.dirname, '../..');
const children: ChildProcess[] = [];
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'program-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out = '';
  err = '';
  private readonly waiting: { text: string; done: () => void }[] = [];

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, ['--import', './scripts/ts.mjs', 'src/peer.ts', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    children.push(this.child);
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk;
      for (const { text, done } of this.waiting) if (this.out.includes(text)) done();
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
    });
    this.ended = new Promise((done) => this.child.on('close', done));
  }

  said(text: string): Promise<void> {
    return new Promise((done) => {
      this.waiting.push({ text, done });
      if (this.out.includes(text)) done();
    });
  }

  get lines(): { msg: string; level: string }[] {
    return this.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

function configFile(text: string): string {
  const file = join(dir, 'zoo.cfg');
  writeFileSync(file, `dataDir=${dir}/data\nclientPortAddress=127.0.0.1\npreAllocSize=64\n${text}`);
  return file;
}

test('--version and --help say so and end', async () => {
  const version = new Program(['--version']);
  expect(await version.ended).toBe(0);
  expect(version.out).toMatch(/^\d+\.\d+\.\d+ \(compatible with Apache ZooKeeper 3\.9\.\d+\)\n$/);
  const help = new Program(['--help']);
  expect(await help.ended).toBe(0);
  expect(help.out).toContain('--config');
});

test('it serves until SIGTERM, one line of JSON per event, and ends with 0', async () => {
  const program = new Program(['--config', configFile('clientPort=0\n')], {
    SERVER_JVMFLAGS: '-Dzookeeper.snapCuont=3',
  });
  await program.said('clients are accepted');
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const messages = program.lines.map((line) => line.msg);
  expect(messages[0]).toBe('starting');
  expect(messages.at(-1)).toBe('stopped');
  expect(program.lines.find((line) => line.level === 'warn')?.msg).toContain('did you mean snapCount?');
});

test('a configuration that cannot be honoured ends it with 2, and standard error says where', async () => {
  const program = new Program([configFile('clientPort=0\ntickTime=now\n')]);
  expect(await program.ended).toBe(2);
  expect(program.err).toContain(`${dir}/zoo.cfg:5: tickTime=now: a whole number is needed, 1 or more\n`);
  const unknown = new Program(['--confgi', 'zoo.cfg']);
  expect(await unknown.ended).toBe(2);
  expect(unknown.err).toContain('unknown option --confgi');
});

test('a directory that another process uses ends it with 3, a port that is taken with 1', async () => {
  const first = new Program(['--config', configFile('clientPort=0\n')]);
  await first.said('clients are accepted');
  const second = new Program(['0', `${dir}/data`]);
  expect(await second.ended).toBe(3);
  expect(second.err).toContain('in use by another server');
  const port = /"port":(\d+)/.exec(first.out)?.[1] as string;
  const third = new Program(['--config', configFile(`dataDir=${dir}/other\nclientPort=${port}\n`)]);
  expect(await third.ended).toBe(1);
  expect(third.err).toContain('EADDRINUSE');
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
});
