import type { X509Certificate } from 'node:crypto';
import { reverse } from 'node:dns';
import { isIP } from 'node:net';

/**
 * The comparison of a certificate with the one it came from. A name is looked for among the alternative names, and in the
 * common name only where there are none (RFC 2818); an address among the alternative names alone.
 */
export function fits(certificate: X509Certificate, nameOrAddress: string): boolean {
  const plain = nameOrAddress.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (isIP(plain) !== 0) return certificate.checkIP(plain) !== undefined;
  return certificate.checkHost(plain.replace(/\.$/, ''), { partialWildcards: false }) !== undefined;
}

/** `done` with why the certificate does not belong to `names`; undefined: it does. */
export function checkName(
  certificate: X509Certificate,
  names: readonly string[],
  mayAskForNames: boolean,
  done: (fault: string | undefined) => void,
): void {
  if (names.some((name) => fits(certificate, name))) {
    done(undefined);
    return;
  }
  const fault = `its certificate is for ${namesIn(certificate)}, and not for ${names.join(' or ')}`;
  const address = names.find((name) => isIP(name) !== 0);
  if (!mayAskForNames || address === undefined) {
    done(fault);
    return;
  }
  reverse(address, (error, found) => {
    if (error === null && found.some((name) => fits(certificate, name))) done(undefined);
    else done(error === null ? `${fault} (${found.join(', ')})` : `${fault}, which has no name (${error.code})`);
  });
}

function namesIn(certificate: X509Certificate): string {
  return certificate.subjectAltName ?? certificate.subject.replaceAll('\n', ', ');
}
