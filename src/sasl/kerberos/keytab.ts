/**
 * A keytab, as MIT's tools write it (format 0x502): the keys of services.
 *
 *   file      = %x05 %x02 *entry
 *   entry     = length:int32 count:uint16 realm *component type:uint32 time:uint32 version:uint8 key [ version:uint32 ]
 *   realm     = text, component = text, text = length:uint16 bytes
 *   key       = encryption:uint16 length:uint16 bytes
 *
 * A negative length is a hole of that size.
 */
export interface KeytabEntry {
  /** `service/host@REALM`. */
  readonly principal: string;
  readonly version: number;
  readonly encryption: number;
  readonly key: Buffer;
}

/** The fault that it has instead. */
export function parseKeytab(bytes: Buffer): readonly KeytabEntry[] | string {
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== 0x0502) return 'it is no keytab of the format 0x502';
  const entries: KeytabEntry[] = [];
  for (let at = 2; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length === 0) break;
    if (at + Math.abs(length) > bytes.length) return `the entry at byte ${at - 4} is cut off`;
    if (length > 0) {
      const entry = entryIn(bytes.subarray(at, at + length));
      if (entry === undefined) return `the entry at byte ${at - 4} is cut off`;
      entries.push(entry);
    }
    at += Math.abs(length);
  }
  return entries;
}

function entryIn(bytes: Buffer): KeytabEntry | undefined {
  try {
    let at = 2;
    const taken = (): Buffer => {
      const length = bytes.readUInt16BE(at);
      if (at + 2 + length > bytes.length) throw new RangeError('cut off');
      at += 2 + length;
      return bytes.subarray(at - length, at);
    };
    const components: string[] = [];
    const realm = taken().toString('utf8');
    for (let left = bytes.readUInt16BE(0); left > 0; left--) components.push(taken().toString('utf8'));
    // The type of the name, and a time.
    at += 8;
    const short = bytes.readUInt8(at);
    const encryption = bytes.readUInt16BE(at + 1);
    at += 3;
    const key = Buffer.from(taken());
    const long = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
    return { principal: `${components.join('/')}@${realm}`, version: long === 0 ? short : long, encryption, key };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
