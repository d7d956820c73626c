import type { Log } from '../../base/log.ts';
import { readInitialMessage } from '../../election/mesh/initial-message.ts';
import type { Net } from '../../io/net.ts';
import type { World } from '../../io/world.ts';
import { DigestMd5Client } from '../../sasl/digest-md5-client.ts';
import { DigestMd5Login } from '../../sasl/digest-md5-server.ts';
import type { PeerConfig } from '../config/peer-config.ts';
import { AuthNet, type QuorumLogins } from './auth-net.ts';

/**
 * The networks of quorum and election ports: with TLS and logins in front where the configuration asks for them. On an election
 * port the initial message goes first, as in Apache.
 */
export interface ServersNets {
  readonly quorum: Net;
  readonly election: Net;
}

const SERVICE = 'zookeeper-quorum';
const REALM = 'zk-quorum-sasl-md5';

export function serversNets(
  world: Pick<World, 'clock' | 'net' | 'random' | 'secure'>,
  config: Pick<PeerConfig, 'quorumSasl'>,
  failures: { add(count: number): void },
  log: Log,
): ServersNets {
  const { clock, random } = world;
  const onFailed = (): void => failures.add(1);
  const net = world.secure?.servers ?? world.net;
  const { quorumSasl } = config;
  if (quorumSasl === undefined) return { quorum: net, election: net };
  const { users, isRequired, login } = quorumSasl;
  const secret = (bytes: number): Uint8Array => random.secret(bytes);
  const logins: QuorumLogins = {
    accept: new DigestMd5Login({ service: SERVICE, realm: REALM, users, identityOf: sameName, secret }),
    isRequired,
    begin:
      login === undefined ? undefined : () => new DigestMd5Client({ ...login, service: SERVICE, host: REALM, secret }),
  };
  return {
    quorum: new AuthNet(net, clock, { logins, front: () => 0, onFailed }, log),
    election: new AuthNet(net, clock, { logins, front: frontOf, onFailed }, log),
  };
}

/** A server may not log in as one and want to be another. */
function sameName(name: string, authzid: string): string {
  if (name !== authzid) throw new Error(`the server ${name} wants to be another`);
  return name;
}

/** Where it is none, there is nothing in front, and what is there is judged as a login. */
function frontOf(bytes: Buffer): number | undefined {
  const message = readInitialMessage(bytes);
  if (message === undefined) return undefined;
  return typeof message === 'string' ? 0 : message.bytes;
}
