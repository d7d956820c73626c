import { ConfigError } from '../../base/errors.ts';
import { bracketed, canonicalHost } from './host-address.ts';

/**
 * One member of the ensemble, as `server.N` gives it:
 *
 *   spec    = server *( "|" server ) [ ";" client ] [ ";" secure ]
 *   server  = host ":" quorumPort ":" electionPort [ ":" role ]
 *   role    = "participant" | "observer"               any case; participant when absent
 *   client  = [ host ":" ] port                        host 0.0.0.0 when absent
 *   secure  = [ host ":" ] port                        in files alone, as ZooKeeper 3.10 has it; client may be empty then
 *   host    = name | IPv4 | "[" IPv6 "]"                 host-address.ts has their spellings
 *
 * Printed with the role always, addresses sorted by host, and the client part with its host: other servers compare the
 * text. The secure part is never printed: no server of 3.9 reads a line with two ";".
 */
export interface ServerSpec {
  readonly sid: number;
  readonly role: 'participant' | 'observer';
  /** One or, with multiAddress.enabled, more. */
  readonly addresses: readonly PeerAddress[];
  readonly client: HostPort | undefined;
  /** The client address came from clientPort in zoo.cfg, so it is this peer's own knowledge and never printed. */
  readonly clientFromStatic: boolean;
  /** Where clients connect by TLS; only of what a file says, and of interest to that server alone. */
  readonly secureClient?: HostPort | undefined;
}

export interface PeerAddress {
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ServerSpecOptions {
  readonly multiAddress: boolean;
  /** A third part is understood. */
  readonly secureClient?: boolean;
}

const FORM = 'host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]';

/** Throws ConfigError. `key` names the setting in its text, `server.3` say. */
export function parseServerSpec(sid: number, key: string, value: string, options: ServerSpecOptions): ServerSpec {
  const refuse = (why: string): ConfigError => new ConfigError(`${key}=${value}: ${why}; write ${FORM}`);
  const parts = splitLikeJava(value.trim(), ';');
  if (parts.length > (options.secureClient === true ? 3 : 2)) {
    throw refuse(options.secureClient === true ? 'more than two ";"' : 'more than one ";"');
  }
  const servers = splitLikeJava(parts[0] ?? '', '|');
  if (servers.length > 1 && !options.multiAddress)
    throw refuse('several addresses need multiAddress.enabled=true, on every server');

  const addresses: PeerAddress[] = [];
  let role: ServerSpec['role'] | undefined;
  for (const server of servers) {
    const fields = hostAndPorts(server, refuse);
    if (fields.length < 3 || fields.length > 4) throw refuse(`"${server}" has ${fields.length} fields, not 3 or 4`);
    const address = {
      host: canonicalHost(fields[0] as string),
      quorumPort: parsePort(fields[1] as string, 'quorum port', refuse),
      electionPort: parsePort(fields[2] as string, 'election port', refuse),
    };
    if (address.host === '') throw refuse('the host is missing');
    if (/\s/.test(address.host)) throw refuse(`no host is named "${address.host}"`);
    if (address.quorumPort === address.electionPort) throw refuse('quorum port and election port must differ');
    if (!addresses.some((known) => sameAddress(known, address))) addresses.push(address);
    if (fields.length === 4) {
      const named = parseRole(fields[3] as string);
      if (named === undefined) throw refuse(`unknown role "${fields[3]}"`);
      if (role !== undefined && role !== named) throw refuse('all addresses of a server must name the same role');
      role = named;
    }
  }

  const [, clientPart, securePart] = parts;
  const hasClient = clientPart !== undefined && (clientPart.trim() !== '' || securePart === undefined);
  const client = hasClient ? parseClient(clientPart, 'client', refuse) : undefined;
  const spec = { sid, role: role ?? 'participant', addresses, client, clientFromStatic: false };
  return securePart === undefined ? spec : { ...spec, secureClient: parseClient(securePart, 'secure client', refuse) };
}

function parseClient(text: string, what: string, refuse: (why: string) => ConfigError): HostPort {
  const fields = hostAndPorts(text, refuse);
  if (fields.length > 2) throw refuse(`the ${what} part is host:port or port`);
  const host = fields.length === 2 ? canonicalHost(fields[0] as string) : '0.0.0.0';
  const port = parsePort(fields.at(-1) ?? '', `${what} port`, refuse);
  if (host === '') throw refuse(`the ${what} host is missing; without ":" it is every address`);
  return { host, port };
}

export function printServerSpec(spec: ServerSpec): string {
  const servers = [...spec.addresses]
    .sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0))
    .map((address) => `${bracketed(address.host)}:${address.quorumPort}:${address.electionPort}`)
    .join('|');
  const client =
    spec.client === undefined || spec.clientFromStatic ? '' : `;${bracketed(spec.client.host)}:${spec.client.port}`;
  return `${servers}:${spec.role}${client}`;
}

/** A client address that only this peer's zoo.cfg names is not held against a text that comes from elsewhere. */
export function sameServerSpec(a: ServerSpec, b: ServerSpec): boolean {
  return (
    a.sid === b.sid &&
    a.role === b.role &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address) => b.addresses.some((other) => sameAddress(address, other))) &&
    (a.clientFromStatic || b.clientFromStatic || sameClient(a.client, b.client))
  );
}

/**
 * Splits `host:port...` with brackets around IPv6, the brackets taken off; undefined when a bracket is not closed
 * or nothing follows the colon after it.
 */
export function splitHostPorts(text: string): string[] | undefined {
  if (!text.startsWith('[')) return splitLikeJava(text, ':');
  const close = text.indexOf(']');
  if (close < 0 || close + 2 === text.length) return undefined;
  const host = text.slice(1, close);
  return close + 2 < text.length ? [host, ...splitLikeJava(text.slice(close + 2), ':')] : [host];
}

function hostAndPorts(text: string, refuse: (why: string) => ConfigError): string[] {
  const fields = splitHostPorts(text);
  if (fields === undefined) throw refuse(`"${text}" begins with "[" but does not go on with "]:port"`);
  return fields;
}

function parsePort(text: string, what: string, refuse: (why: string) => ConfigError): number {
  const port = /^\+?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw refuse(`${what} "${text}" is not a number from 0 to 65535`);
  return port;
}

function parseRole(text: string): ServerSpec['role'] | undefined {
  const role = text.trim().toLowerCase();
  return role === 'participant' || role === 'observer' ? role : undefined;
}

function sameClient(a: HostPort | undefined, b: HostPort | undefined): boolean {
  return a?.host === b?.host && a?.port === b?.port;
}

function sameAddress(a: PeerAddress, b: PeerAddress): boolean {
  return a.host === b.host && a.quorumPort === b.quorumPort && a.electionPort === b.electionPort;
}

/** Java's String.split with a plain separator: empty pieces at the end are dropped, so "a;" is one piece. */
function splitLikeJava(text: string, separator: string): string[] {
  const pieces = text.split(separator);
  while (pieces.length > 1 && pieces.at(-1) === '') pieces.pop();
  return pieces;
}
