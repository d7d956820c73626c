import type { Log } from '../../base/log.ts';
import { readInitialMessage } from '../../election/mesh/initial-message.ts';
import type { Net } from '../../io/net.ts';
import type { World } from '../../io/world.ts';
import { DigestMd5Client } from '../../sasl/digest-md5-client.ts';
import { DigestMd5Login } from '../../sasl/digest-md5-server.ts';
import { KerberosClient } from '../../sasl/kerberos/client/kerberos-client.ts';
import { GssapiLogin } from '../../sasl/kerberos/gssapi-login.ts';
import { KerberosService } from '../../sasl/kerberos/service.ts';
import type { SaslLogin } from '../../sasl/sasl-exchange.ts';
import type { QuorumLogin, QuorumSasl } from '../config/auth-config.ts';
import type { PeerConfig } from '../config/peer-config.ts';
import type { ConfigBook } from '../config-book.ts';
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
  world: Pick<World, 'clock' | 'disk' | 'net' | 'random' | 'secure'>,
  config: Pick<PeerConfig, 'quorumSasl'>,
  book: () => Members | undefined,
  failures: { add(count: number): void },
  log: Log,
): ServersNets {
  const { clock } = world;
  const onFailed = (): void => failures.add(1);
  const net = world.secure?.servers ?? world.net;
  const { quorumSasl } = config;
  if (quorumSasl === undefined) return { quorum: net, election: net };
  const { isRequired, login } = quorumSasl;
  const logins: QuorumLogins = {
    accept: acceptedLogin(quorumSasl, () => memberHosts(book()), world),
    isRequired,
    begin: login === undefined ? undefined : ownLogin(login, world, log),
  };
  return {
    quorum: new AuthNet(net, clock, { logins, front: () => 0, onFailed }, log),
    election: new AuthNet(net, clock, { logins, front: frontOf, onFailed }, log),
  };
}

type Doors = Pick<World, 'clock' | 'disk' | 'net' | 'random'>;

function acceptedLogin({ logins, login }: QuorumSasl, hosts: () => ReadonlySet<string>, world: Doors): SaslLogin {
  const secret = (bytes: number): Uint8Array => world.random.secret(bytes);
  if (logins.mechanism === 'DIGEST-MD5') {
    const { users } = logins;
    return new DigestMd5Login({ service: SERVICE, realm: REALM, users, identityOf: sameName, secret });
  }
  const own = login?.mechanism === 'GSSAPI' ? login.identity.principal : undefined;
  const realms = new Set(logins.keys.map(({ principal }) => principal.slice(principal.lastIndexOf('@') + 1)));
  const service = new KerberosService({ ...logins, secret, wallMs: () => world.clock.wallMs() });
  return new GssapiLogin(service, (name, authzid) =>
    memberName(sameName(name, authzid), { own, realms, hosts: hosts() }),
  );
}

function ownLogin(login: QuorumLogin, { clock, disk, net, random }: Doors, log: Log): QuorumLogins['begin'] {
  const secret = (bytes: number): Uint8Array => random.secret(bytes);
  if (login.mechanism === 'DIGEST-MD5') {
    const { username, password } = login;
    const credentials = { username, password, service: SERVICE, host: REALM, secret };
    return (_host, done) => done(new DigestMd5Client(credentials));
  }
  const { identity, conf, servicePrincipal } = login;
  // A KDC has a port of its own, which is that of no server.
  const ports = { clock, net, secret, readFile: (path: string) => disk.readSmall(path) };
  const kerberos = new KerberosClient(identity, conf, ports, log);
  let isKept = false;
  return (host, done) => {
    // A server alone dials nobody, and needs no ticket.
    if (!isKept) kerberos.keepFresh();
    isKept = true;
    kerberos.begin(serviceAt(servicePrincipal, host), (begun) => done('fault' in begun ? begun.fault : begun));
  };
}

type Members = Pick<ConfigBook, 'active' | 'lastSeen'>;

/** The hosts of the members in force, and of those that are proposed; in lower case. */
function memberHosts(book: Members | undefined): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const verifier of [book?.active, book?.lastSeen]) {
    for (const { addresses } of verifier?.members.values() ?? [])
      for (const { host } of addresses) hosts.add(host.toLowerCase());
  }
  return hosts;
}

const ANY_HOST = /\/_HOST(?=@|$)/;

/** `zkquorum/_HOST@REALM`, with the host of the server that is dialled. */
export function serviceAt(principal: string, host: string): string {
  return principal.replace(ANY_HOST, () => `/${host.toLowerCase()}`);
}

export interface MemberNames {
  /** The name by which this server logs in. */
  readonly own: string | undefined;
  /** Those of the keys of this server. */
  readonly realms: ReadonlySet<string>;
  /** Of the members, in lower case. */
  readonly hosts: ReadonlySet<string>;
}

/**
 * The name of a ticket, when it is that of a member: a service on a host of the ensemble, of our realm. A name without a host is that
 * of all servers alike, or of anybody: Apache lets each of the realm in, and here it has to be our own. Throws otherwise.
 */
export function memberName(name: string, { own, realms, hosts }: MemberNames): string {
  if (name === own) return name;
  const match = /^[^/@]+\/([^/@]+)@([^/@]+)$/.exec(name);
  if (match === null) throw new Error(`${name} is no server: its name has no host`);
  const [, host, realm] = match as unknown as [string, string, string];
  if (!realms.has(realm)) throw new Error(`${name} is of another realm`);
  if (!hosts.has(host.toLowerCase())) throw new Error(`${name} is no member: no server line has the host ${host}`);
  return name;
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
