import type { HeldTicket } from '../../../../src/sasl/kerberos/client/held-ticket.ts';

/** Files as MIT's tools write them: a keytab of one key, and a ticket cache of one ticket or none. */
const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function keytabOf(principal: string, encryption: number, key: Buffer, version = 1): Buffer {
  const [name = '', realm = ''] = principal.split('@');
  const text = (value: string): Buffer => Buffer.concat([uint16(value.length), Buffer.from(value)]);
  const components = name.split('/');
  const entry = Buffer.concat([
    uint16(components.length),
    text(realm),
    ...components.map(text),
    uint32(1),
    uint32(0),
    Buffer.from([version]),
    uint16(encryption),
    uint16(key.length),
    key,
  ]);
  return Buffer.concat([Buffer.from([5, 2]), uint32(entry.length), entry]);
}

export function cacheOf(ticket: HeldTicket | undefined): Buffer {
  const data = (bytes: Buffer): Buffer => Buffer.concat([uint32(bytes.length), bytes]);
  const principal = (name: string): Buffer => {
    const [service = '', realm = ''] = name.split('@');
    const components = service.split('/');
    const parts = [realm, ...components].map((part) => data(Buffer.from(part)));
    return Buffer.concat([uint32(1), uint32(components.length), ...parts]);
  };
  const head = [Buffer.from([5, 4]), uint16(12), uint16(1), uint16(8), Buffer.alloc(8)];
  if (ticket === undefined) return Buffer.concat([...head, principal('alice@EXAMPLE.ORG')]);
  const { client, service, key, startMs, endMs, renewableUntilMs } = ticket;
  const times = [startMs, startMs, endMs, renewableUntilMs ?? 0].map((ms) => uint32(Math.floor(ms / 1000)));
  return Buffer.concat([
    ...head,
    principal(client),
    principal(client),
    principal(service),
    uint16(key.encryption),
    data(key.key),
    ...times,
    Buffer.from([0]),
    uint32(renewableUntilMs === undefined ? 0 : 1 << 23),
    uint32(0),
    uint32(0),
    data(ticket.ticket),
    data(Buffer.alloc(0)),
  ]);
}
