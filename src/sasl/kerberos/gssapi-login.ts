import type { SaslAnswer, SaslLogin, SaslServerExchange } from '../sasl-exchange.ts';
import { unwrapped, wrapped } from './gss-token.ts';
import type { KerberosService, Shown } from './service.ts';

/**
 * The accepting side of the SASL mechanism GSSAPI (RFC 4752). A ticket is shown and answered; then both say in wrapped
 * tokens that nothing more is wrapped, and the client names who it wants to be.
 *
 *   offer, choice = layers:uint8 size:uint24 [ authzid ]
 */
export class GssapiLogin implements SaslLogin {
  readonly mechanism = 'GSSAPI';
  private readonly service: KerberosService;
  private readonly identityOf: (name: string, authzid: string) => string;

  /** `identityOf`: from the name in the ticket, and who the client wants to be; throws when it has no identity. */
  constructor(service: KerberosService, identityOf: (name: string, authzid: string) => string) {
    this.service = service;
    this.identityOf = identityOf;
  }

  begin(): SaslServerExchange {
    return new GssapiServer(this.service, this.identityOf);
  }
}

const NO_LAYER = 1;
const OFFER = Buffer.from([NO_LAYER, 0, 0, 0]);
const AUTHZID_BYTES_MAX = 1024;
/**
 * Tickets of large directories come to 48,000 bytes. A longer token is not taken apart: nobody has proved anything yet.
 */
export const TOKEN_BYTES_MAX = 65_536;

class GssapiServer implements SaslServerExchange {
  private readonly service: KerberosService;
  private readonly identityOf: (name: string, authzid: string) => string;
  private next: 'ticket' | 'nod' | 'choice' | 'nothing' = 'ticket';
  private shown: Shown | undefined = undefined;

  constructor(service: KerberosService, identityOf: (name: string, authzid: string) => string) {
    this.service = service;
    this.identityOf = identityOf;
  }

  step(token: Buffer, done: (answer: SaslAnswer) => void): void {
    const { next } = this;
    this.next = 'nothing';
    if (token.length > TOKEN_BYTES_MAX) {
      done({ fault: `a token of ${token.length} bytes; ${TOKEN_BYTES_MAX} are the most` });
    } else if (next === 'ticket') done(this.onTicket(token));
    else if (next === 'nod') done(token.length === 0 ? this.offer() : { fault: 'an empty token was to come' });
    else if (next === 'choice') done(this.onChoice(token));
    else done({ fault: 'a token after the end of the login' });
  }

  private onTicket(token: Buffer): SaslAnswer {
    const shown = this.service.judge(token);
    if (typeof shown === 'string') return { fault: shown };
    this.shown = shown;
    if (shown.reply === undefined) return this.offer();
    this.next = 'nod';
    return { token: shown.reply };
  }

  private offer(): SaslAnswer {
    const { key, sequence } = this.shown as Shown;
    this.next = 'choice';
    return { token: wrapped(OFFER, key, sequence, 'acceptor') };
  }

  private onChoice(token: Buffer): SaslAnswer {
    const { key, client } = this.shown as Shown;
    const choice = unwrapped(token, key, 'initiator');
    if (choice === undefined || choice.length < OFFER.length)
      return { fault: `the last token of ${client} is not of this login` };
    if (choice.readUInt8(0) !== NO_LAYER)
      return { fault: `${client} asks for a layer of security that was not offered` };
    const wanted = choice.subarray(OFFER.length);
    if (wanted.length > AUTHZID_BYTES_MAX)
      return { fault: `${client} wants to be somebody with a name of ${wanted.length} bytes` };
    try {
      const identity = this.identityOf(client, wanted.length === 0 ? client : wanted.toString('utf8'));
      return { token: undefined, identity };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }
}
