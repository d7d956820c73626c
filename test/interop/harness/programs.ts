// The clients of others, run as programs: kazoo, Apache's zkCli, the C client's cli_mt, Java helpers and Apache's tools.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { classpath, judge, type Kind, lightJava, root } from './server.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Give the input line by line to programs that do not wait for their own answers: when they have been quiet this long. */
  readonly quietMs?: number;
  readonly timeoutMs?: number;
  readonly env?: { readonly [name: string]: string };
  /** Called with each line of stdout as it comes; what it resolves to goes to the program's standard input. */
  readonly answer?: (line: string) => Promise<string> | undefined;
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { input = '', quietMs = 0, timeoutMs = 60_000, env = {}, answer } = options;
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8', ...env } });
    const out: string[] = [];
    const err: string[] = [];
    let line = '';
    let lastWordAt = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.push(text);
      lastWordAt = Date.now();
      if (answer === undefined) return;
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const each of lines) answer(each)?.then((reply) => child.stdin.write(reply), fail);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err.push(text);
      lastWordAt = Date.now();
    });
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', fail);
    child.on('close', (code) => {
      clearTimeout(late);
      done({ code: code ?? -1, stdout: out.join(''), stderr: err.join('') });
    });
    child.stdin.on('error', () => {});
    if (answer !== undefined) child.stdin.write(input);
    else if (quietMs === 0) child.stdin.end(input);
    else void feed(child.stdin, input.split(/(?<=\n)/), quietMs, () => lastWordAt);
  });
}

/** Line by line: the next one when the program has been quiet for a while after it said something. */
async function feed(to: Writable, lines: readonly string[], quietMs: number, lastWordAt: () => number): Promise<void> {
  for (const line of lines) {
    const given = Date.now();
    to.write(line);
    while (Date.now() - given < 10 * quietMs && (lastWordAt() < given || Date.now() - lastWordAt() < quietMs))
      await sleep(quietMs / 4);
  }
  to.end();
}

export function runJava(
  main: string,
  args: readonly string[],
  options: RunOptions & { kind?: Kind } = {},
): Promise<Outcome> {
  const { kind = judge } = options;
  return run('java', [...lightJava, '-Dinterop.log=OFF', '-cp', classpath(kind), main, ...args], options);
}

export function runKazoo(script: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run('/usr/bin/python3', [join(root, 'test/interop/kazoo', script), ...args], options);
}

/** One zkCli, its commands read from standard input as from a pipe. */
export function runZkCli(
  server: string,
  lines: readonly string[],
  options: RunOptions & { kind?: Kind } = {},
): Promise<Outcome> {
  return runJava('org.apache.zookeeper.ZooKeeperMain', ['-server', server, '-waitforconnection'], {
    ...options,
    input: `${lines.join('\n')}\n`,
  });
}

/** zkCli with one command on its command line. */
export function runZkCommand(
  server: string,
  command: readonly string[],
  options: RunOptions & { kind?: Kind } = {},
): Promise<Outcome> {
  return runJava('org.apache.zookeeper.ZooKeeperMain', ['-server', server, ...command], options);
}

/** The C client's shell, its commands given one by one. */
export function runCliMt(server: string, lines: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run('/usr/lib/zookeeper/bin/cli_mt', [server], { ...options, input: `${lines.join('\n')}\n`, quietMs: 80 });
}
