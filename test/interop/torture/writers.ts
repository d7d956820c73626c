// Several kazoo processes that write while the ensemble suffers.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/server.ts';

export class Writers {
  readonly files: string[] = [];
  private readonly children: ChildProcess[] = [];
  private readonly errors: string[] = [];

  constructor(hosts: string, count: number, dir: string, pauseMs: number) {
    mkdirSync(dir, { recursive: true });
    for (let i = 1; i <= count; i++) {
      const file = join(dir, `writer-${i}.jsonl`);
      this.files.push(file);
      const args = [join(root, 'test/interop/kazoo/writer.py'), hosts, `writer-${i}`, file, String(pauseMs / 1000)];
      const child = spawn('/usr/bin/python3', args, { stdio: ['pipe', 'ignore', 'pipe'] });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => this.errors.push(text));
      this.children.push(child);
    }
    process.on('exit', () => this.kill());
  }

  acknowledged(): number {
    return this.files.reduce((sum, file) => sum + (readFileSync(file, 'utf8').match(/^\["ack"/gm)?.length ?? 0), 0);
  }

  pause(): void {
    for (const child of this.children) child.kill('SIGSTOP');
  }

  resume(): void {
    for (const child of this.children) child.kill('SIGCONT');
  }

  /** Lets each finish the write it is at; what they complained of. */
  async stop(): Promise<string> {
    await Promise.all(
      this.children.map(
        (child) =>
          new Promise<void>((done) => {
            if (child.exitCode !== null || child.signalCode !== null) return done();
            const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
            child.once('exit', () => {
              clearTimeout(late);
              done();
            });
            child.stdin?.end();
          }),
      ),
    );
    return this.errors.join('');
  }

  kill(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }
}
