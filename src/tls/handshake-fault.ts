/** Why a handshake failed, as a plain sentence about the other side; the codes are those of OpenSSL and of Node. */
const BY_CODE: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'it sent HTTP in the clear to a port with TLS',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'it sent HTTP in the clear to a port with TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it sent what is no TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it sent what is no TLS',
  ERR_SSL_UNKNOWN_PROTOCOL: 'it sent what is no TLS',
  ERR_SSL_UNEXPECTED_MESSAGE: 'it sent what is no TLS handshake',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks none of the enabled versions of TLS',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it speaks none of the enabled versions of TLS',
  ERR_SSL_NO_SHARED_CIPHER: 'it has no cipher suite in common with this side',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'it refused the handshake: no common cipher suite, or a certificate is missing',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a certificate, and this side has none to show',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not trust this side's certificate: the issuer is unknown to it",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "it does not accept this side's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "it does not accept this side's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "to it, this side's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: "to it, this side's certificate was revoked",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'it showed no certificate',
  ECONNRESET: 'it closed the connection during the handshake',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  INVALID_PURPOSE: 'its certificate is for another purpose',
  INVALID_CA: 'its certificate was issued by one that is no certificate authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself and not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of its certificate is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of its certificate is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the issuer of its certificate is unknown',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_CHAIN_TOO_LONG: 'the chain of its certificates is too long',
};

export function handshakeFault(code: string | undefined, message: string): string {
  const known = code === undefined ? undefined : BY_CODE[code];
  if (known !== undefined) return known;
  // OpenSSL's text is numbers, then the reason, then a place in its source.
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  return reason ?? (message === '' ? 'the handshake failed' : message.trim());
}
