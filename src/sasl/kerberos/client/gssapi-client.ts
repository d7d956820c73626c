import { DerError } from '../../../base/der.ts';
import { type SaslClientExchange, SaslFault } from '../../sasl-exchange.ts';
import { encryptionOf } from '../encryption.ts';
import { framed, messageIn, TokenKind, unwrapped, type WrapKey, wrapped } from '../gss-token.ts';
import { apReq, authenticatorBytes, readApRep, readApRepPart } from '../messages.ts';
import type { HeldTicket } from './held-ticket.ts';

/**
 * The side of the SASL mechanism GSSAPI (RFC 4752) that logs in. It shows a ticket, asks the service to prove that it has
 * opened it, and says in a wrapped token that nothing more is wrapped. A service without its key never gets that far.
 *
 *   offer, choice = layers:uint8 size:uint24 [ authzid ]
 */
export interface GssapiPorts {
  readonly wallMs: () => number;
  /** Bytes that no one outside can guess. */
  readonly secret: (bytes: number) => Uint8Array;
}

const Usage = { authenticator: 11, apRepPart: 12 } as const;
const CONFOUNDER_BYTES = 16;
const GSS_CHECKSUM = 0x8003;
/** checksum = length:uint32le bindings:16 flags:uint32le, the length that of the bindings (RFC 4121, 4.1.1). */
const GSS_BINDINGS_BYTES = 16;
const GSS_CHECKSUM_BYTES = 24;
const GssFlag = { mutual: 2, replay: 4, sequence: 8, integrity: 32 } as const;
const NO_LAYER = 1;
const OFFER_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

export class GssapiClient implements SaslClientExchange {
  readonly first: Buffer;
  isComplete = false;
  private readonly ticket: HeldTicket;
  private readonly subkey: Buffer;
  private readonly sequence: number;
  private readonly timeMs: number;
  private readonly micros: number;
  private next: 'proof' | 'offer' | 'nothing' = 'proof';
  private key: WrapKey | undefined = undefined;

  constructor(ticket: HeldTicket, { wallMs, secret }: GssapiPorts) {
    this.ticket = ticket;
    const { encryption, key } = ticket.key;
    this.timeMs = wallMs();
    // Two authenticators of one millisecond are never the same: the number within it is a random one.
    this.micros = (this.timeMs % 1000) * 1000 + (Buffer.from(secret(2)).readUInt16BE(0) % 1000);
    this.sequence = Buffer.from(secret(4)).readUInt32BE(0) >>> 2;
    this.subkey = Buffer.from(secret(key.length));
    const authenticator = authenticatorBytes({
      client: ticket.client,
      checksumType: GSS_CHECKSUM,
      checksum: gssChecksum(),
      timeMs: this.timeMs,
      micros: this.micros,
      subkey: { encryption, key: this.subkey },
      sequence: this.sequence,
    });
    const cipher = encryptionOf(encryption);
    const sealed = cipher?.encrypt(key, Usage.authenticator, authenticator, secret(CONFOUNDER_BYTES)) ?? NO_BYTES;
    this.first = framed(TokenKind.apReq, apReq(true, ticket.ticket, encryption, sealed));
  }

  step(token: Buffer): Buffer | undefined {
    const { next } = this;
    this.next = next === 'proof' ? 'offer' : 'nothing';
    if (next === 'nothing') throw new SaslFault('a token after the end of the login');
    return next === 'proof' ? this.onProof(token) : this.onOffer(token);
  }

  private onProof(token: Buffer): Buffer {
    const { key, service } = this.ticket;
    try {
      const message = messageIn(token, TokenKind.apRep);
      if (message.length === 0) throw new SaslFault(`${service} does not prove who it is`);
      const { encryption, sealed } = readApRep(message);
      const cipher = encryption === key.encryption ? encryptionOf(encryption) : undefined;
      const opened = cipher?.decrypt(key.key, Usage.apRepPart, sealed);
      if (opened === undefined) throw new SaslFault(`whoever answers for ${service} does not have its key`);
      const { timeMs, micros, subkey } = readApRepPart(opened);
      if (timeMs !== Math.floor(this.timeMs / 1000) * 1000 || micros !== this.micros)
        throw new SaslFault(`the answer of ${service} is to another login`);
      if (subkey !== undefined && encryptionOf(subkey.encryption)?.keyBytes !== subkey.key.length)
        throw new SaslFault(`${service} offers a key of type ${subkey.encryption}; 17 to 20 are taken (AES)`);
      this.key =
        subkey === undefined
          ? { encryption: key.encryption, key: this.subkey, isOffered: false }
          : { ...subkey, isOffered: true };
      return NO_BYTES;
    } catch (error) {
      if (error instanceof DerError || error instanceof RangeError)
        throw new SaslFault(`the answer of ${service} is no message of Kerberos: ${error.message}`);
      throw error;
    }
  }

  private onOffer(token: Buffer): Buffer {
    const { service, client } = this.ticket;
    const key = this.key as WrapKey;
    const offer = unwrapped(token, key, 'acceptor');
    if (offer === undefined || offer.length !== OFFER_BYTES)
      throw new SaslFault(`the offer of ${service} is not of this login`);
    if ((offer.readUInt8(0) & NO_LAYER) === 0)
      throw new SaslFault(`${service} wants all that follows to be wrapped, which is not done`);
    this.isComplete = true;
    const choice = Buffer.concat([Buffer.from([NO_LAYER, 0, 0, 0]), Buffer.from(client)]);
    return wrapped(choice, key, this.sequence, 'initiator');
  }
}

/** Without bindings to a channel. */
function gssChecksum(): Buffer {
  const checksum = Buffer.alloc(GSS_CHECKSUM_BYTES);
  checksum.writeUInt32LE(GSS_BINDINGS_BYTES, 0);
  const flags = GssFlag.mutual | GssFlag.replay | GssFlag.sequence | GssFlag.integrity;
  checksum.writeUInt32LE(flags, GSS_CHECKSUM_BYTES - 4);
  return checksum;
}
