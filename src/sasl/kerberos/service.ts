import { DerError } from '../../base/der.ts';
import { encryptionOf } from './encryption.ts';
import type { EncryptedData } from './fields.ts';
import { framed, messageIn, TokenKind, type WrapKey } from './gss-token.ts';
import type { KeytabEntry } from './keytab.ts';
import {
  type ApReq,
  type Authenticator,
  apRep,
  apRepPart,
  readApReq,
  readAuthenticator,
  readTicketPart,
  type TicketPart,
} from './messages.ts';
import { ReplayMemory } from './replay-memory.ts';

/**
 * A service of Kerberos: judges the tickets that clients show it, with the keys of its keytab and nothing else; the KDC is
 * not asked. Follows RFC 4120, 3.2.3, and RFC 4121. A ticket's fault is a sentence for this side's log.
 */
export interface ServiceSettings {
  readonly keys: readonly KeytabEntry[];
  /** `service/host@REALM`; `*`: any that has a key. */
  readonly principal: string;
  readonly wallMs: () => number;
  /** Bytes that no one outside can guess. */
  readonly secret: (bytes: number) => Uint8Array;
}

/** The client that has shown a ticket, and the key that both sides go on with. */
export interface Shown {
  /** `name/host@REALM`. */
  readonly client: string;
  readonly key: WrapKey;
  /** The answer that proves this side; undefined: it was not asked for. */
  readonly reply: Buffer | undefined;
  /** Of the first message from here. */
  readonly sequence: number;
}

/** The most that clocks may differ, as krb5.conf has it by default. */
export const CLOCK_SKEW_MS = 300_000;

const Usage = { ticket: 2, apReqAuthenticator: 11, apRepPart: 12 } as const;
const TicketFlag = { invalid: 1 << 24, transitChecked: 1 << 19 } as const;
const GSS_CHECKSUM = 0x8003;
/** checksum = length:uint32le bindings:16 flags:uint32le ..., the length that of the bindings (RFC 4121, 4.1.1). */
const GSS_BINDINGS_BYTES = 16;
const GSS_FLAGS_AT = 20;
const MUTUAL = 2;
const CONFOUNDER_BYTES = 16;

export class KerberosService {
  private readonly settings: ServiceSettings;
  private readonly replays = new ReplayMemory(2 * CLOCK_SKEW_MS);

  constructor(settings: ServiceSettings) {
    this.settings = settings;
  }

  /** A sentence instead: why the ticket is not taken. */
  judge(token: Buffer): Shown | string {
    try {
      const message = messageIn(token, TokenKind.apReq);
      return message.length === 0
        ? 'the first token shows no ticket of Kerberos'
        : this.judgeMessage(readApReq(message));
    } catch (error) {
      if (error instanceof DerError || error instanceof RangeError)
        return `the token is no message of Kerberos: ${error.message}`;
      throw error;
    }
  }

  private judgeMessage(request: ApReq): Shown | string {
    const ticketBytes = this.openTicket(request);
    if (typeof ticketBytes === 'string') return ticketBytes;
    const ticket = readTicketPart(ticketBytes);
    const fault = this.faultOfTicket(ticket, request);
    if (fault !== undefined) return fault;
    const opened = openWith(ticket.key, Usage.apReqAuthenticator, request.authenticator);
    if (typeof opened === 'string')
      return `whoever shows the ticket of ${ticket.client} does not have its key: ${opened}`;
    const authenticator = readAuthenticator(opened);
    return this.faultOfAuthenticator(ticket, authenticator, request) ?? this.accept(ticket, authenticator);
  }

  private openTicket({ service, ticket }: ApReq): Buffer | string {
    const { keys, principal } = this.settings;
    if (principal !== '*' && service !== principal) return `the ticket is for ${service}; this server is ${principal}`;
    const own = keys.filter((entry) => entry.principal === service);
    if (own.length === 0) return `the keytab has no key of ${service}`;
    const fitting = own.filter(
      ({ encryption, version }) =>
        encryption === ticket.encryption && (ticket.version === 0 || version === ticket.version),
    );
    if (fitting.length === 0) {
      const held = own.map((entry) => `version ${entry.version} of type ${entry.encryption}`).join(', ');
      return `the ticket needs the key of ${service} in version ${ticket.version} of type ${ticket.encryption}; the keytab has ${held}`;
    }
    let why = '';
    for (const entry of fitting) {
      const opened = openWith(entry, Usage.ticket, ticket);
      if (typeof opened !== 'string') return opened;
      why = opened;
    }
    return `the ticket was not made with the key of ${service} in the keytab: ${why}`;
  }

  private faultOfTicket(
    { flags, client, startMs, endMs, clientRealm }: TicketPart,
    { serviceRealm }: ApReq,
  ): string | undefined {
    const nowMs = this.settings.wallMs();
    if ((flags & TicketFlag.invalid) !== 0) return `the ticket of ${client} is not valid yet`;
    if (startMs !== undefined && startMs > nowMs + CLOCK_SKEW_MS) return `the ticket of ${client} begins later`;
    if (endMs < nowMs - CLOCK_SKEW_MS) return `the ticket of ${client} has expired`;
    // A keytab may have keys of several realms; the KDC that made this ticket is that of the service.
    if (clientRealm !== serviceRealm && (flags & TicketFlag.transitChecked) === 0) {
      return `the ticket of ${client} came by realms that no KDC has checked`;
    }
    return undefined;
  }

  private faultOfAuthenticator(
    ticket: TicketPart,
    { client, timeMs, checksum, checksumType, subkey }: Authenticator,
    { authenticator }: ApReq,
  ): string | undefined {
    if (client !== ticket.client) return `whoever shows the ticket of ${ticket.client} says to be ${client}`;
    const nowMs = this.settings.wallMs();
    const apartMs = timeMs - nowMs;
    if (Math.abs(apartMs) > CLOCK_SKEW_MS) {
      return `the clock of ${client} is ${Math.round(Math.abs(apartMs) / 1000)} s ${apartMs > 0 ? 'ahead' : 'behind'}; ${CLOCK_SKEW_MS / 1000} s is the most`;
    }
    if (checksumType !== GSS_CHECKSUM || checksum.length < GSS_FLAGS_AT + 4) return 'the token is none of GSSAPI';
    if (checksum.readUInt32LE(0) !== GSS_BINDINGS_BYTES) return 'the token is none of GSSAPI';
    const key = subkey ?? ticket.key;
    if (encryptionOf(key.encryption)?.keyBytes !== key.key.length)
      return `the key of type ${key.encryption} is not taken`;
    switch (this.replays.take(authenticator.sealed, nowMs)) {
      case 'again':
        return `the token of ${client} has been shown before`;
      case 'full':
        // The key that the answer offers makes a copy useless; without an answer the memory is all there is.
        if (asksForAnswer(checksum)) return undefined;
        return 'too many logins in ten minutes to tell new tokens from old ones';
      case 'new':
        return undefined;
    }
  }

  /**
   * The key that the answer offers is new each time. A listener that has heard a whole login cannot show it again,
   * neither after a restart nor to another server with the same keytab: the last token is wrapped with that key.
   */
  private accept(ticket: TicketPart, authenticator: Authenticator): Shown {
    const { secret } = this.settings;
    const { client } = ticket;
    const chosen = authenticator.subkey ?? ticket.key;
    if (!asksForAnswer(authenticator.checksum)) {
      // Without an answer that names another number, both sides count from the client's.
      return { client, key: { ...chosen, isOffered: false }, reply: undefined, sequence: authenticator.sequence };
    }
    const sequence = Buffer.from(secret(4)).readUInt32BE(0) >>> 2;
    const offered = { encryption: chosen.encryption, key: Buffer.from(secret(chosen.key.length)), isOffered: true };
    const { encryption, key } = ticket.key;
    const part = apRepPart(authenticator, offered, sequence);
    const sealed = encryptionOf(encryption)?.encrypt(key, Usage.apRepPart, part, secret(CONFOUNDER_BYTES));
    const reply = framed(TokenKind.apRep, apRep(encryption, sealed ?? Buffer.alloc(0)));
    return { client, key: offered, reply, sequence };
  }
}

function asksForAnswer(checksum: Buffer): boolean {
  return (checksum.readUInt32LE(GSS_FLAGS_AT) & MUTUAL) !== 0;
}

/** A text: why it cannot be opened. */
function openWith(
  key: { readonly encryption: number; readonly key: Buffer },
  usage: number,
  data: EncryptedData,
): Buffer | string {
  const encryption = encryptionOf(data.encryption);
  if (encryption === undefined) return `encryption of type ${data.encryption} is not taken; 17 to 20 are (AES)`;
  if (data.encryption !== key.encryption || key.key.length !== encryption.keyBytes) return 'the key is of another type';
  return encryption.decrypt(key.key, usage, data.sealed) ?? 'it does not open';
}
