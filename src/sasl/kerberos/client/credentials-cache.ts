import type { HeldTicket } from './held-ticket.ts';

/**
 * A ticket cache of the kind FILE, as kinit writes it (format 0x504).
 *
 *   file       = %x05 %x04 length:uint16 header principal *credential
 *   principal  = type:uint32 count:uint32 realm *component, each of them data
 *   credential = client server key times:4*uint32 isSessionKey:uint8 flags:uint32 addresses data ticket:data second:data
 *   key        = encryption:uint16 data
 *   addresses  = count:uint32 *( type:uint16 data ), and so are the data that belong to it
 *   data       = length:uint32 bytes
 */
const RENEWABLE = 1 << 23;
const PARTS_MAX = 64;

/** What is wrong with it instead. */
export function parseCredentialsCache(bytes: Buffer): readonly HeldTicket[] | string {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0x0504) return 'it is no ticket cache of the format 0x504';
  const reader = new CacheReader(bytes);
  try {
    reader.skip(2);
    reader.skip(reader.uint16());
    reader.principal();
    const tickets: HeldTicket[] = [];
    while (!reader.isAtEnd) tickets.push(credentialIn(reader));
    return tickets;
  } catch (error) {
    if (error instanceof RangeError) return 'it is cut off';
    throw error;
  }
}

function credentialIn(reader: CacheReader): HeldTicket {
  const client = reader.principal();
  const service = reader.principal();
  const encryption = reader.uint16();
  const key = Buffer.from(reader.data());
  const [authMs, startMs, endMs, renewableMs] = [reader.time(), reader.time(), reader.time(), reader.time()];
  reader.skip(1);
  const flags = reader.uint32();
  reader.pairs();
  reader.pairs();
  const ticket = Buffer.from(reader.data());
  reader.data();
  return {
    client,
    service,
    key: { encryption, key },
    startMs: startMs === 0 ? authMs : startMs,
    endMs,
    renewableUntilMs: (flags & RENEWABLE) === 0 ? undefined : renewableMs,
    ticket,
  };
}

/** Throws RangeError at the end of the bytes. */
class CacheReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  skip(count: number): void {
    if (this.at + count > this.bytes.length) throw new RangeError('cut off');
    this.at += count;
  }

  uint16(): number {
    const value = this.bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  uint32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  time(): number {
    return this.uint32() * 1000;
  }

  data(): Buffer {
    const length = this.uint32();
    this.skip(length);
    return this.bytes.subarray(this.at - length, this.at);
  }

  principal(): string {
    this.skip(4);
    const count = this.uint32();
    const realm = this.data().toString('utf8');
    return `${this.many(count, () => this.data().toString('utf8')).join('/')}@${realm}`;
  }

  /** Addresses, or data of the login: neither means anything here. */
  pairs(): void {
    this.many(this.uint32(), () => {
      this.skip(2);
      this.data();
    });
  }

  private many<T>(count: number, take: () => T): T[] {
    if (count > PARTS_MAX) throw new RangeError('more parts than there are');
    return Array.from({ length: count }, take);
  }
}
