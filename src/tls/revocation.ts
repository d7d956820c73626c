import { createHash, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { get, request } from 'node:http';
import {
  bytesOfBitString,
  type Der,
  DerError,
  encodeDer,
  numberOf,
  oidText,
  partAt,
  partsOf,
  readDer,
  Tag,
  timeOf,
} from '../base/der.ts';
import { fieldsOfCertificate, subjectOf } from './distinguished-name.ts';

/**
 * Whether a certificate was revoked, asked of its issuer as Java's PKIXRevocationChecker does: by the list (CRL) that the
 * certificate names, or by OCSP at the address it names. An answer that cannot be had is a refusal, as in Java. Answers
 * are kept until they say that they are old.
 *
 * Certificates up to the one below the trusted one are asked about. Addresses are http ones; a CRL is the issuer's own and
 * whole, an OCSP answer is signed by the issuer or by one whom it gave that right.
 */
export interface RevocationOptions {
  readonly crl: boolean;
  readonly ocsp: boolean;
}

/** Why the certificate is not accepted; undefined: it is. */
export type RevocationAnswer = string | undefined;

const FETCH_MS = 5000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const KEPT_MS_MAX = 3_600_000;
const KEPT_MAX = 1024;
/** How far the clocks may be apart, as Java allows. */
const CLOCK_SKEW_MS = 900_000;

const OID = {
  crlPoints: '2.5.29.31',
  authorityInfo: '1.3.6.1.5.5.7.1.1',
  ocsp: '1.3.6.1.5.5.7.48.1',
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Gets the bytes at an address, or posts a question there. */
export type Fetch = (url: string, posted?: Buffer) => Promise<Buffer>;

interface Question {
  readonly certificate: Buffer;
  readonly issuer: X509Certificate;
  readonly serial: string;
}

interface Kept {
  readonly answer: RevocationAnswer;
  readonly untilMs: number;
}

export class Revocation {
  private readonly options: RevocationOptions;
  private readonly fetch: Fetch;
  private readonly kept = new Map<string, Kept>();

  constructor(options: RevocationOptions, fetch: Fetch = fetchBytes) {
    this.options = options;
    this.fetch = fetch;
  }

  /** `chain`: the certificate first, in DER. */
  check(chain: readonly Buffer[], trusted: readonly X509Certificate[], done: (answer: RevocationAnswer) => void): void {
    void this.checkAll(chain, trusted).then(done, () => done('its revocation cannot be judged: a bad certificate'));
  }

  private async checkAll(chain: readonly Buffer[], trusted: readonly X509Certificate[]): Promise<RevocationAnswer> {
    for (const [i, certificate] of chain.entries()) {
      if (trusted.some(({ raw }) => raw.equals(certificate))) return undefined;
      const parsed = new X509Certificate(certificate);
      const above = chain[i + 1];
      const candidates = above === undefined ? trusted : [new X509Certificate(above), ...trusted];
      const issuer = candidates.find((each) => parsed.checkIssued(each));
      if (issuer === undefined) return 'its revocation cannot be judged: the issuer is not known';
      const serial = partAt(fieldsOfCertificate(certificate), 0, Tag.integer).content.toString('hex');
      const answer = await this.ask({ certificate, issuer, serial });
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  private async ask(question: Question): Promise<RevocationAnswer> {
    const key = createHash('sha256').update(question.certificate).digest('hex');
    const nowMs = Date.now();
    const kept = this.kept.get(key);
    if (kept !== undefined && kept.untilMs > nowMs) return kept.answer;
    const reasons: string[] = [];
    const ways = [this.options.ocsp ? askOcsp : [], askCrl].flat();
    for (const way of ways) {
      try {
        const { isRevoked, nextMs } = await way(question, nowMs, this.fetch);
        const answer = isRevoked ? 'its certificate was revoked' : undefined;
        if (this.kept.size >= KEPT_MAX) this.kept.clear();
        this.kept.set(key, { answer, untilMs: Math.min(nextMs, nowMs + KEPT_MS_MAX) });
        return answer;
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
    }
    return `its revocation cannot be judged: ${reasons.join('; ')}`;
  }
}

interface Found {
  readonly isRevoked: boolean;
  /** Until then the answer holds. */
  readonly nextMs: number;
}

// Certificate revocation lists (RFC 5280)

async function askCrl({ certificate, issuer, serial }: Question, nowMs: number, fetch: Fetch): Promise<Found> {
  const urls = crlUrlsOf(certificate);
  if (urls.length === 0) throw new Error('the certificate names no list over http');
  let last = new Error('no list');
  for (const url of urls) {
    try {
      return readCrl(derOf(await fetch(url)), issuer, serial, nowMs);
    } catch (error) {
      last = error instanceof DerError ? new Error(`${url} is no list`) : (error as Error);
    }
  }
  throw last;
}

export function readCrl(bytes: Buffer, issuer: X509Certificate, serial: string, nowMs: number): Found {
  const [list, algorithm, signature] = partsOf(readDer(bytes));
  if (list === undefined || algorithm === undefined || signature === undefined) throw new DerError('no list');
  const fields = partsOf(list);
  if (fields[0]?.tag === Tag.integer) fields.shift();
  const [, name, , ...rest] = fields;
  if (name === undefined || !name.raw.equals(subjectOf(issuer.raw).raw))
    throw new Error('the list is not of the issuer');
  if (!isSigned(list.raw, algorithm, signature, issuer.publicKey))
    throw new Error('the signature of the list is wrong');
  const next = rest[0]?.tag === 0x17 || rest[0]?.tag === 0x18 ? rest.shift() : undefined;
  const nextMs = next === undefined ? nowMs : timeOf(next);
  if (nextMs < nowMs) throw new Error('the list is out of date');
  const entries = rest[0]?.tag === Tag.sequence ? partsOf(rest[0]) : [];
  const isRevoked = entries.some((entry) => partAt(partsOf(entry), 0, Tag.integer).content.toString('hex') === serial);
  return { isRevoked, nextMs };
}

function crlUrlsOf(certificate: Buffer): string[] {
  const points = extensionOf(certificate, OID.crlPoints);
  return points === undefined ? [] : urlsIn(points);
}

// The online protocol (RFC 6960)

async function askOcsp(question: Question, nowMs: number, fetch: Fetch): Promise<Found> {
  const access = extensionOf(question.certificate, OID.authorityInfo);
  const method =
    access === undefined ? undefined : partsOf(access).find((each) => oidText(partAt(partsOf(each), 0)) === OID.ocsp);
  const [url] = method === undefined ? [] : urlsIn(method);
  if (url === undefined) throw new Error('the certificate names no OCSP responder over http');
  const id = certificateId(question);
  const asked = encodeDer(Tag.sequence, encodeDer(Tag.sequence, encodeDer(Tag.sequence, encodeDer(Tag.sequence, id))));
  try {
    return readOcsp(await fetch(url, asked), id, question.issuer, nowMs);
  } catch (error) {
    throw error instanceof DerError ? new Error(`${url} gave no OCSP answer`) : error;
  }
}

function certificateId({ certificate, issuer }: Question): Buffer {
  const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  const publicKey = partAt(fieldsOfCertificate(issuer.raw), 5, Tag.sequence);
  const keyBits = bytesOfBitString(partAt(partsOf(publicKey), 1));
  return encodeDer(
    Tag.sequence,
    encodeDer(Tag.sequence, Buffer.from('06052b0e03021a0500', 'hex')),
    encodeDer(Tag.octetString, sha1(subjectOf(issuer.raw).raw)),
    encodeDer(Tag.octetString, sha1(keyBits)),
    partAt(fieldsOfCertificate(certificate), 0, Tag.integer).raw,
  );
}

export function readOcsp(bytes: Buffer, id: Buffer, issuer: X509Certificate, nowMs: number): Found {
  const [status, wrapped] = partsOf(readDer(bytes));
  if (status === undefined || numberOf(status) !== 0 || wrapped === undefined) {
    throw new Error('the OCSP responder gave no answer');
  }
  const [type, response] = partsOf(partAt(partsOf(wrapped), 0));
  if (type === undefined || response === undefined || oidText(type) !== OID.basicResponse)
    throw new DerError('no answer');
  const [data, algorithm, signature, extra] = partsOf(readDer(response.content));
  if (data === undefined || algorithm === undefined || signature === undefined) throw new DerError('no answer');
  const signers =
    extra === undefined ? [] : partsOf(partAt(partsOf(extra), 0)).map(({ raw }) => new X509Certificate(raw));
  const signer = [issuer, ...signers.filter((each) => maySignFor(each, issuer, nowMs))].find((each) =>
    isSigned(data.raw, algorithm, signature, each.publicKey),
  );
  if (signer === undefined) throw new Error('the OCSP answer is signed by none who may');
  const responses = partsOf(data).findLast(({ tag }) => tag === Tag.sequence);
  for (const each of responses === undefined ? [] : partsOf(responses)) {
    const [certId, certStatus, thisUpdate, next] = partsOf(each);
    if (certId === undefined || certStatus === undefined || thisUpdate === undefined || !certId.raw.equals(id))
      continue;
    const fromMs = timeOf(thisUpdate);
    if (fromMs - CLOCK_SKEW_MS > nowMs) throw new Error('the OCSP answer is of a time to come');
    // Without a time of the next one an answer is good for its own moment alone: an old one may be shown by anybody in between.
    const nextMs = next?.tag === Tag.context ? timeOf(partAt(partsOf(next), 0)) : fromMs;
    if (nextMs + CLOCK_SKEW_MS < nowMs) throw new Error('the OCSP answer is out of date');
    const kind = certStatus.tag & 0x1f;
    if (kind === 2) throw new Error('the OCSP responder does not know the certificate');
    return { isRevoked: kind === 1, nextMs };
  }
  throw new Error('the OCSP answer is about another certificate');
}

function maySignFor(signer: X509Certificate, issuer: X509Certificate, nowMs: number): boolean {
  const isOfToday = Date.parse(signer.validFrom) <= nowMs && nowMs <= Date.parse(signer.validTo);
  const isForIt = signer.keyUsage?.includes(OID.ocspSigning) === true;
  return isOfToday && isForIt && signer.checkIssued(issuer) && signer.verify(issuer.publicKey);
}

// Both

function isSigned(bytes: Buffer, algorithm: Der, signature: Der, key: KeyObject): boolean {
  const hash = SIGNATURES[oidText(partAt(partsOf(algorithm), 0))];
  if (hash === undefined) throw new Error('the answer is signed in a way that is unknown here');
  return verify(hash, bytes, key, bytesOfBitString(signature));
}

/** The value of an extension. */
function extensionOf(certificate: Buffer, oid: string): Der | undefined {
  const wrapped = fieldsOfCertificate(certificate).find(({ tag }) => tag === Tag.context + 3);
  for (const extension of wrapped === undefined ? [] : partsOf(partAt(partsOf(wrapped), 0))) {
    const parts = partsOf(extension);
    const value = parts.at(-1);
    if (value !== undefined && oidText(partAt(parts, 0)) === oid) return readDer(value.content);
  }
  return undefined;
}

/** All GeneralNames of the kind URI, however deep, that can be fetched. */
function urlsIn(value: Der): string[] {
  if (value.tag === Tag.contextBytes + 6) {
    const url = value.content.toString('latin1');
    return url.startsWith('http://') ? [url] : [];
  }
  const hasParts = (value.tag & 0x20) !== 0;
  return hasParts ? partsOf(value).flatMap(urlsIn) : [];
}

/** A list may come in PEM. */
function derOf(bytes: Buffer): Buffer {
  const match = /-----BEGIN X509 CRL-----([\s\S]+?)-----END X509 CRL-----/.exec(bytes.toString('latin1'));
  return match === null ? bytes : Buffer.from(match[1] as string, 'base64');
}

function fetchBytes(url: string, posted?: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asking =
      posted === undefined
        ? get(url)
        : request(url, { method: 'POST', headers: { 'Content-Type': 'application/ocsp-request' } });
    const limit = setTimeout(() => asking.destroy(new Error(`${url} did not answer within ${FETCH_MS} ms`)), FETCH_MS);
    asking.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    asking.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX)
          asking.destroy(new Error(`${url} answers with more than ${ANSWER_BYTES_MAX} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(limit);
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    if (posted !== undefined) asking.write(posted);
    asking.end();
  });
}
