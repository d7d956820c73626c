import { ErrorCode } from '../jute/codes.ts';
import { ZooKeeperError } from './errors.ts';

/** Why there is no session: what each server did, and what that usually means. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'the name is not known to the resolver'],
  [/EHOSTUNREACH|ENETUNREACH/, 'there is no way to that address'],
  [/ETIMEDOUT|timed? ?out/i, 'no answer to the connection: an address that is gone, or a firewall'],
  [
    /closed the connection|ECONNRESET/,
    'it has no quorum, has all connections it allows (maxClientCnxns), or expects TLS or a login',
  ],
  [/did not answer/, 'it took the connection and said nothing: it is stopped, or expects TLS'],
  [/frame|length/i, 'what listens there is no ZooKeeper server, or expects TLS'],
  [/certificate|SSL|TLS/i, 'the two do not agree about TLS'],
];

export function noConnection(limitMs: number, failures: ReadonlyMap<string, string>): ZooKeeperError {
  const reasons = [...failures].map(([server, reason]) => `${server}: ${reason}${meaningOf(reason)}`).join('; ');
  const text = `no server gave a session within ${limitMs} ms (${reasons === '' ? 'none has answered' : reasons})`;
  return new ZooKeeperError(ErrorCode.connectionLoss, undefined, text);
}

function meaningOf(reason: string): string {
  const found = MEANINGS.find(([pattern]) => pattern.test(reason));
  return found === undefined ? '' : ` - ${found[1]}`;
}
