import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { ToolError } from './tool.ts';

/** A file that was not there before: it is there whole in the end, or not at all. */
export class NewFile {
  readonly path: string;
  private readonly fd: number;

  /** Throws ToolError with `taken` when there is such a file already or none can be made. */
  constructor(path: string, taken: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'wx', 0o644);
    } catch {
      throw new ToolError(taken);
    }
  }

  write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done);
  }

  finish(): void {
    fsyncSync(this.fd);
    closeSync(this.fd);
  }

  discard(): void {
    closeSync(this.fd);
    rmSync(this.path, { force: true });
  }
}
