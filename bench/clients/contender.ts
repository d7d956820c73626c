import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * One client at work, a process that stays while the others have their turns. It says `ready` when it has its session, and
 * then answers lines:
 *
 *   run <read or write> <requests under way> <ms>    <operations> <seconds> <CPU seconds> <p50 us> <p99 us>
 *   watch <requests under way>                       set <seconds>, once each node has a watch
 *                                                    fired <CPU seconds>, once each watch has fired
 *
 * The end of its standard input ends it. Latencies are 0 unless one request is under way. CPU is user and system time of
 * the whole process, by its own clock.
 */
export interface Run {
  readonly operations: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Watched {
  readonly setSeconds: number;
  readonly firedSeconds: number;
  readonly cpuSeconds: number;
}

const REPLY_LIMIT_MS = 20_000;

export class Contender {
  readonly name: string;
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private words = '';

  private constructor(name: string, program: string, args: readonly string[]) {
    this.name = name;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on('data', (chunk: Buffer) => {
      this.words += chunk.toString();
    });
    child.on('error', (error) => {
      this.words += error.message;
    });
    child.stdin.on('error', () => {});
  }

  static async start(name: string, program: string, args: readonly string[]): Promise<Contender> {
    const contender = new Contender(name, program, args);
    await contender.reply('ready');
    return contender;
  }

  async run(operation: 'read' | 'write', underWay: number, ms: number): Promise<Run> {
    this.order(`run ${operation} ${underWay} ${ms}`);
    const [operations = 0, seconds = 0, cpuSeconds = 0, p50 = 0, p99 = 0] = numbersOf(await this.reply());
    return { operations, seconds, cpuSeconds, p50, p99 };
  }

  /** `fire` changes every node that is watched. */
  async watch(underWay: number, fire: () => Promise<void>): Promise<Watched> {
    this.order(`watch ${underWay}`);
    const [setSeconds = 0] = numbersOf(await this.reply('set'));
    const began = performance.now();
    await fire();
    const [cpuSeconds = 0] = numbersOf(await this.reply('fired'));
    return { setSeconds, firedSeconds: (performance.now() - began) / 1000, cpuSeconds };
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = new Promise((done) => child.once('exit', done));
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.stdin?.end();
    await ended;
    clearTimeout(late);
  }

  private order(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The next line, without `word` in front. */
  private async reply(word = ''): Promise<string> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), REPLY_LIMIT_MS);
    const { value, done } = await this.lines.next();
    clearTimeout(late);
    if (done === true || !value.startsWith(word)) {
      throw new Error(`${this.name} said ${JSON.stringify(value ?? 'nothing more')}: ${this.words.trim().slice(-500)}`);
    }
    return value.slice(word.length).trim();
  }
}

function numbersOf(line: string): number[] {
  return line.split(' ').map(Number);
}
