// One real server process, Apache's or ours, in a directory of its own on a loopback port: started, awaited through
// its four-letter words, stopped, killed, paused. The tests above do not know which kind they hold.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = resolve(import.meta.dirname, '../../..');
export const cache = join(root, '.cache/interop');
const javaConf = join(root, 'test/interop/java/conf');

/** The release whose behaviour we copy; scripts/interop-setup.sh fetches it. */
export const judge = 'apache-3.9.5';
export const debian = 'apache-3.8.0';

export type Kind = 'ours' | `apache-${string}`;

export interface ServerOptions {
  readonly kind: Kind;
  readonly clientPort: number;
  /** Lines for zoo.cfg beyond dataDir and clientPort. */
  readonly settings?: { readonly [key: string]: string | number };
  /** -Dname=value, given to Java and, by SERVER_JVMFLAGS, to ours. */
  readonly flags?: readonly string[];
  /** server.N and the like, for an ensemble. */
  readonly members?: readonly string[];
  readonly id?: number;
  /** Kept when given; a fresh temporary directory otherwise. */
  readonly dir?: string;
}

/** Of the distribution; the clients over TLS need it. */
const NETTY = ['buffer', 'codec', 'common', 'handler', 'resolver', 'transport'].map((part) => `netty-${part}.jar`);

export function classpath(kind: Kind): string {
  const version = kind.slice('apache-'.length);
  const jars =
    version === '3.8.0'
      ? ['zookeeper.jar', ...NETTY, 'slf4j-log4j12.jar', 'log4j-1.2.jar'].map((jar) => `/usr/share/java/${jar}`)
      : [join(cache, `apache-${version}`, '*')];
  return [...jars, join(cache, 'classes'), javaConf].join(':');
}

/** Java flags for many short-lived processes on a small machine. */
export const lightJava = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Dfile.encoding=UTF-8'];

const live = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of live) child.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

export function peerProgram(): string {
  return process.env.MENAGERIE_PEER ?? join(root, 'dist/peer.js');
}

export class Server {
  readonly options: ServerOptions;
  readonly dir: string;
  readonly clientPort: number;
  private child: ChildProcess | null = null;
  private exited: Promise<number | string> = Promise.resolve(0);

  constructor(options: ServerOptions) {
    this.options = options;
    this.clientPort = options.clientPort;
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), `interop-${options.kind}-`));
    mkdirSync(this.dataDir, { recursive: true });
    if (options.id !== undefined) writeFileSync(join(this.dataDir, 'myid'), `${options.id}\n`);
  }

  get kind(): Kind {
    return this.options.kind;
  }

  get dataDir(): string {
    return join(this.dir, 'data');
  }

  get logFile(): string {
    return join(this.dir, 'server.out');
  }

  get running(): boolean {
    return this.child !== null;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  private writeConfig(): string {
    const { settings = {}, members = [] } = this.options;
    const all: { [key: string]: string | number } = {
      tickTime: 2000,
      dataDir: this.dataDir,
      clientPort: this.clientPort,
      clientPortAddress: '127.0.0.1',
      maxClientCnxns: 0,
      '4lw.commands.whitelist': '*',
      'admin.enableServer': 'false',
      ...settings,
    };
    const lines = [...Object.entries(all).map(([key, value]) => `${key}=${value}`), ...members];
    const file = join(this.dir, 'zoo.cfg');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** Starts the process and returns at once. */
  launch(): void {
    const config = this.writeConfig();
    const { kind, flags = [] } = this.options;
    const out = openSync(this.logFile, 'a');
    const [program, args, env] =
      kind === 'ours'
        ? ([process.execPath, [peerProgram(), '--config', config], { SERVER_JVMFLAGS: flags.join(' ') }] as const)
        : ([
            'java',
            [
              ...lightJava,
              '-Xmx512m',
              '-Dzookeeper.preAllocSize=1024',
              '-Dzookeeper.jmx.log4j.disable=true',
              ...flags,
              '-cp',
              classpath(kind),
              'org.apache.zookeeper.server.quorum.QuorumPeerMain',
              config,
            ],
            {},
          ] as const);
    const child = spawn(program, args, {
      cwd: this.dir,
      env: { ...process.env, ...env },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    live.add(child);
    this.child = child;
    this.exited = new Promise((done) => {
      child.once('exit', (code, signal) => {
        live.delete(child);
        if (this.child === child) this.child = null;
        done(signal ?? code ?? -1);
      });
    });
  }

  async start(timeoutMs = 30_000): Promise<this> {
    this.launch();
    await this.untilServing(timeoutMs);
    return this;
  }

  /** Serving: srvr names a mode. Fails early when the process has ended. */
  async untilServing(timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while ((await this.mode()) === null) {
      if (this.child === null) throw new Error(`${this.kind} ended with ${await this.exited}:\n${this.lastWords()}`);
      if (Date.now() > deadline) throw new Error(`${this.kind} does not serve:\n${this.lastWords()}`);
      await sleep(50);
    }
  }

  lastWords(): string {
    return this.log().split('\n').slice(-30).join('\n');
  }

  /** leader, follower, observer, standalone; null when the server does not answer or does not serve. */
  async mode(): Promise<string | null> {
    const answer = await this.word('srvr').catch(() => '');
    return /^Mode: (.*)$/m.exec(answer)?.[1] ?? null;
  }

  word(word: string, timeoutMs = 2_000): Promise<string> {
    return fourLetterWord(this.clientPort, word, timeoutMs);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Asks politely; the exit code, or the signal that ended it. */
  async stop(): Promise<number | string> {
    if (this.child === null) return this.exited;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), 15_000);
    const code = await this.exited;
    clearTimeout(late);
    return code;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  untilExit(): Promise<number | string> {
    return this.exited;
  }

  /** Loses everything the peer has on disk; its id stays. */
  wipe(): void {
    rmSync(join(this.dataDir, 'version-2'), { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function fourLetterWord(port: number, word: string, timeoutMs = 2_000): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(word));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer to ${word}`)));
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => done(text));
    socket.on('error', fail);
    socket.on('close', () => done(text));
  });
}
