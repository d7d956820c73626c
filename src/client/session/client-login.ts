import type { ReplyHeader } from '../../jute/client-records.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import { type SaslClientExchange, SaslFault } from '../../sasl/sasl-exchange.ts';

/**
 * The login of one connection by SASL: after the session is granted, before anything else is asked. A server that does
 * not log clients in, or cannot prove that it knows the password, is not the one that was meant.
 */
export class ClientLogin {
  private readonly exchange: SaslClientExchange;
  private readonly send: (token: Buffer) => void;

  constructor(exchange: SaslClientExchange, send: (token: Buffer) => void) {
    this.exchange = exchange;
    this.send = send;
  }

  begin(): void {
    this.send(this.exchange.first);
  }

  /** The reply to a token. undefined: it goes on; `done`: the session may be used; else why it may not. */
  onReply({ err }: ReplyHeader, r: Reader): string | undefined {
    if (err !== ErrorCode.ok) return `the server refused the login (${err})`;
    const token = r.readBuffer();
    // Where the last token is the client's, the answer to it has none.
    if (this.exchange.isComplete) return 'done';
    if (token === undefined) return 'the server does not log clients in by SASL';
    try {
      const answer = this.exchange.step(Buffer.from(token));
      if (answer !== undefined) {
        this.send(answer);
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof SaslFault)) throw error;
      return error.message;
    }
    return this.exchange.isComplete ? 'done' : undefined;
  }
}
