/**
 * The two streams of the shell. With `json` a command's answer is one JSON value on a line of standard output and the
 * lines for people are left out; complaints go to standard error either way.
 */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json | undefined };

export class Output {
  readonly json: boolean;
  private readonly streams: Streams;

  constructor(streams: Streams, json: boolean) {
    this.streams = streams;
    this.json = json;
  }

  /** For people, on standard output. */
  line(text: string): void {
    if (!this.json) this.streams.out(`${text}\n`);
  }

  /** The same without an end of line. */
  text(text: string): void {
    if (!this.json) this.streams.out(text);
  }

  /** For people, on standard error: what was done, what is deprecated. */
  note(text: string): void {
    if (!this.json) this.streams.err(`${text}\n`);
  }

  /** An error, on standard error in both forms. */
  error(text: string): void {
    this.streams.err(`${text}\n`);
  }

  /** For scripts: the answer, whole. */
  value(value: Json): void {
    if (this.json) this.streams.out(`${JSON.stringify(value)}\n`);
  }
}
