import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encodeDer, Tag } from '../../base/der.ts';

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

const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;

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
  const isAuthority = encodeDer(Tag.sequence, TRUE);
  return issue(name, undefined, [extension(OID.basicConstraints, isAuthority, true)]);
}

/** For a server on loopback, or for a client. */
export function makeCertificate(name: string, authority: Certificate): Certificate {
  const names = encodeDer(
    Tag.sequence,
    encodeDer(DNS_NAME, Buffer.from('localhost')),
    encodeDer(IP_ADDRESS, Buffer.from([127, 0, 0, 1])),
    encodeDer(IP_ADDRESS, Buffer.concat([Buffer.alloc(15), Buffer.from([1])])),
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
  const algorithm = encodeDer(Tag.sequence, OID.ecdsaWithSha256);
  const serial = randomBytes(16);
  // A positive number, without a zero in front.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const signed = encodeDer(
    Tag.sequence,
    encodeDer(Tag.context, encodeDer(Tag.integer, Buffer.from([2]))),
    encodeDer(Tag.integer, serial),
    algorithm,
    nameOf(authority?.name ?? name),
    encodeDer(
      Tag.sequence,
      encodeDer(GENERALIZED_TIME, Buffer.from(VALID_FROM)),
      encodeDer(GENERALIZED_TIME, Buffer.from(VALID_TO)),
    ),
    nameOf(name),
    pair.publicKey,
    encodeDer(Tag.context + 3, encodeDer(Tag.sequence, ...extensions)),
  );
  const signature = sign('sha256', signed, authority?.key ?? key);
  const bits = encodeDer(Tag.bitString, Buffer.concat([Buffer.from([0]), signature]));
  const body = encodeDer(Tag.sequence, signed, algorithm, bits).toString('base64').replace(/.{64}/g, '$&\n');
  const pem = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  return { name, key, pem, keyPem: pair.privateKey };
}

function nameOf(commonName: string): Buffer {
  const attribute = encodeDer(Tag.sequence, OID.commonName, encodeDer(UTF8_STRING, Buffer.from(commonName)));
  return encodeDer(Tag.sequence, encodeDer(Tag.set, attribute));
}

function extension(oid: Buffer, value: Buffer, isCritical: boolean): Buffer {
  return encodeDer(Tag.sequence, oid, ...(isCritical ? [TRUE] : []), encodeDer(Tag.octetString, value));
}
