/**
 * The others that connect to a client port: probes and browsers, and TLS clients of a port that is plain. Their first
 * four bytes read as a frame length mean nothing to an operator ("1195725856"). The log says instead what
 * they are.
 */
const HTTP_METHODS = new Set(['GET ', 'POST', 'HEAD', 'PUT ', 'DELE', 'OPTI', 'PATC', 'CONN', 'TRAC', 'PRI ']);

/** `head`: the four bytes taken for a length. undefined: nothing that is known. */
export function foreignProtocol(head: Buffer): 'HTTP' | 'TLS' | undefined {
  if (head[0] === 0x16 && head[1] === 0x03) return 'TLS';
  return HTTP_METHODS.has(head.toString('latin1', 0, 4)) ? 'HTTP' : undefined;
}
