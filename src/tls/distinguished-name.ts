import type { X509Certificate } from 'node:crypto';
import { type Der, DerError, oidText, partAt, partsOf, readDer, Tag } from '../base/der.ts';

/**
 * The subject of a certificate as Java writes it (X500Principal.getName, RFC 2253): the last part first, nine types by
 * their letters, all others as numbers with their bytes in hexadecimal. It is the id of the scheme `x509`, so each character
 * counts.
 */
const LETTERS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
};

export function subjectName(certificate: Pick<X509Certificate, 'raw'>): string {
  return nameText(subjectOf(certificate.raw));
}

/** The name as bytes, from the certificate as bytes. */
export function subjectOf(certificate: Buffer): Der {
  const fields = fieldsOfCertificate(certificate);
  return partAt(fields, 4, Tag.sequence);
}

/** Of TBSCertificate, from the serial number on: serial, algorithm, issuer, validity, subject, public key, ... */
export function fieldsOfCertificate(certificate: Buffer): Der[] {
  const fields = partsOf(partAt(partsOf(readDer(certificate)), 0, Tag.sequence));
  return fields[0]?.tag === Tag.context ? fields.slice(1) : fields;
}

function nameText(name: Der): string {
  return partsOf(name).reverse().map(partText).join(',');
}

function partText(part: Der): string {
  return partsOf(part)
    .map((pair) => {
      const [type, value] = partsOf(pair);
      if (type === undefined || value === undefined) throw new DerError('no attribute');
      const oid = oidText(type);
      const letters = LETTERS[oid];
      const text = letters === undefined ? undefined : stringOf(value);
      return `${letters ?? oid}=${text === undefined ? `#${value.raw.toString('hex')}` : escaped(text)}`;
    })
    .join('+');
}

/** undefined: no kind of text. */
function stringOf({ tag, content }: Der): string | undefined {
  switch (tag) {
    case 0x0c:
      return content.toString('utf8');
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x1b:
      return content.toString('latin1');
    case 0x1c:
      return String.fromCodePoint(
        ...Array.from({ length: content.length >> 2 }, (_, i) => content.readUInt32BE(4 * i)),
      );
    case 0x1e:
      return Buffer.from(content).swap16().toString('utf16le');
    default:
      return undefined;
  }
}

function escaped(text: string): string {
  const inside = text.replace(/[,=+<>#;"\\]/g, '\\$&').replaceAll('\0', '\\00');
  const blanks = /^( *)([\s\S]*?)( *)$/.exec(inside) as RegExpExecArray;
  return `${(blanks[1] as string).replaceAll(' ', '\\ ')}${blanks[2]}${(blanks[3] as string).replaceAll(' ', '\\ ')}`;
}
