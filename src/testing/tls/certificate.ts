import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/**
 * Certificates for an ensemble under test, made anew for each: an authority that nobody else trusts, and what it signs. As much
 * of X.509 (RFC 5280) as that takes; keys are on P-256, signatures ECDSA with SHA-256.
 *
 *   Certificate     SEQUENCE { TBSCertificate, AlgorithmIdentifier, BIT STRING }
 *   TBSCertificate  SEQUENCE { [0] version, serial, AlgorithmIdentifier, issuer, validity, subject, key, [3] extensions }
 */
export interface Certificate {
  readonly name: string;
  readonly key: KeyObject;
  /** Of the certificate alone. */
  readonly pem: string;
  readonly keyPem: string;
}

const TAG = {
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8: 12,
  time: 24,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Encoded already; 1.2.840.10045.4.3.2, 2.5.4.3, 2.5.29.19 and 2.5.29.17. */
const OID = {
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
} as const;

const TRUE = Buffer.from('0101ff', 'hex');
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const VALID_FROM = '20200101000000Z';
const VALID_TO = '21200101000000Z';

/** An authority, signed by itself. */
export function makeAuthority(name: string): Certificate {
  const isAuthority = der(TAG.sequence, TRUE);
  return issue(name, undefined, [extension(OID.basicConstraints, isAuthority, true)]);
}

/** For a server on loopback, or for a client. */
export function makeCertificate(name: string, authority: Certificate): Certificate {
  const names = der(
    TAG.sequence,
    der(DNS_NAME, Buffer.from('localhost')),
    der(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
    der(IP_ADDRESS, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
  );
  return issue(name, authority, [extension(OID.subjectAltName, names, false)]);
}

function issue(name: string, authority: Certificate | undefined, extensions: readonly Buffer[]): Certificate {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const key = createPrivateKey(pair.privateKey);
  const algorithm = der(TAG.sequence, OID.ecdsaWithSha256);
  const serial = randomBytes(16);
  // A positive number, without a zero in front.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const signed = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, serial),
    algorithm,
    nameOf(authority?.name ?? name),
    der(TAG.sequence, der(TAG.time, Buffer.from(VALID_FROM)), der(TAG.time, Buffer.from(VALID_TO))),
    nameOf(name),
    pair.publicKey,
    der(0xa3, der(TAG.sequence, ...extensions)),
  );
  const signature = sign('sha256', signed, authority?.key ?? key);
  const bits = der(TAG.bitString, Buffer.concat([Buffer.from([0]), signature]));
  const body = der(TAG.sequence, signed, algorithm, bits).toString('base64').replace(/.{64}/g, '$&\n');
  const pem = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  return { name, key, pem, keyPem: pair.privateKey };
}

function nameOf(commonName: string): Buffer {
  const attribute = der(TAG.sequence, OID.commonName, der(TAG.utf8, Buffer.from(commonName)));
  return der(TAG.sequence, der(TAG.set, attribute));
}

function extension(oid: Buffer, value: Buffer, isCritical: boolean): Buffer {
  return der(TAG.sequence, oid, ...(isCritical ? [TRUE] : []), der(TAG.octetString, value));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
