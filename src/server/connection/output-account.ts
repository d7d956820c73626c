import type { Stream } from '../../io/net.ts';

/** Bytes that wait to be taken by clients, over all connections, as known when each was last looked at. */
export class OutputAccount {
  bytes = 0;
}

/** The part of one connection, until its stream is gone. */
export class ConnectionOutput {
  noted = 0;
  private readonly account: OutputAccount;
  private readonly stream: Stream;

  constructor(account: OutputAccount, stream: Stream) {
    this.account = account;
    this.stream = stream;
  }

  /** After something was written, and when it was taken. */
  note(): void {
    const { bufferedBytes } = this.stream;
    this.account.bytes += bufferedBytes - this.noted;
    this.noted = bufferedBytes;
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
