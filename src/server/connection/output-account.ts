import type { Stream } from '../../io/net.ts';
import { OUTPUT_TOTAL_LEFT_BYTES, OUTPUT_TOTAL_MAX_BYTES } from './client-limits.ts';

/**
 * Bytes that are in memory for clients, over all connections, as known when each was last looked at. They are output
 * that waits to be taken, and the begun part of a request that has not come in whole.
 */
export class OutputAccount {
  bytes = 0;
  /** Above `maxBytes` connections are cut off until `leftBytes` are left. */
  maxBytes = OUTPUT_TOTAL_MAX_BYTES;
  leftBytes = OUTPUT_TOTAL_LEFT_BYTES;

  get isOver(): boolean {
    return this.bytes > this.maxBytes;
  }
}

/** The part of one connection, until its stream is gone. */
export class ConnectionOutput {
  noted = 0;
  private readonly account: OutputAccount;
  private readonly stream: Stream;
  private readonly input: { readonly bufferedBytes: number };
  private notedInput = 0;

  constructor(account: OutputAccount, stream: Stream, input: { readonly bufferedBytes: number }) {
    this.account = account;
    this.stream = stream;
    this.input = input;
  }

  /** After something was written, and when it was taken. */
  note(): void {
    this.notedInput = this.input.bufferedBytes;
    const bytes = this.stream.bufferedBytes + this.notedInput;
    this.account.bytes += bytes - this.noted;
    this.noted = bytes;
  }

  /** After something came in. True: something has to be cut off. */
  noteInput(): boolean {
    if (this.input.bufferedBytes === this.notedInput) return false;
    this.note();
    return this.account.isOver;
  }

  forget(): void {
    this.account.bytes -= this.noted;
    this.noted = 0;
  }

  /** Closes the stream at once; output that has not left yet is lost. */
  cutOff(): void {
    this.stream.destroy();
  }
}
