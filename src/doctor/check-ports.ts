import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

/** Before a start: whether this machine has the addresses of the server, and nobody else its ports. */
const ABOUT = 'ports';

interface Wanted {
  readonly what: string;
  /** undefined: all addresses. */
  readonly host: string | undefined;
  readonly port: number;
  /** Without it a server serves all the same. */
  readonly isOptional?: true;
}

export async function checkPorts(config: PeerConfig): Promise<Finding[]> {
  const findings = await Promise.all(wantedBy(config).map(check));
  return [...findings.flat(), ...(await checkOwnName(config))];
}

function wantedBy(config: PeerConfig): Wanted[] {
  const { clientPort, clientPortAddress } = config;
  const wanted: Wanted[] = [];
  if (clientPort !== undefined) wanted.push({ what: 'clientPort', host: clientPortAddress, port: clientPort });
  const own = config.quorumVerifier?.members.get(config.myid ?? -1);
  for (const { host: named, quorumPort, electionPort } of own?.addresses ?? []) {
    const host = config.quorumListenOnAllIPs ? undefined : named;
    wanted.push({ what: `quorum port of server.${own?.sid}`, host, port: quorumPort });
    wanted.push({ what: `election port of server.${own?.sid}`, host, port: electionPort });
  }
  if (config.adminEnabled) {
    wanted.push({ what: 'admin.serverPort', host: config.adminHost, port: config.adminPort, isOptional: true });
  }
  return wanted.filter(({ port }) => port !== 0);
}

async function check({ what, host, port, isOptional }: Wanted): Promise<Finding[]> {
  const where = `${host ?? '*'}:${port}`;
  switch (await bindingFails(host, port)) {
    case undefined:
      return [good(ABOUT, `${what}: ${where} is free`)];
    case 'EADDRINUSE': {
      const text = `${what}: ${where} is taken by another program`;
      if (isOptional === true) return [unknown(ABOUT, `${text}; the server goes on without it`)];
      return [bad(ABOUT, text, `who has it: ss -ltnp sport = :${port}`)];
    }
    case 'EADDRNOTAVAIL':
      return [
        bad(
          ABOUT,
          `${what}: ${host} is no address of this machine`,
          'is myid that of another server? Where addresses are translated, set quorumListenOnAllIPs=true',
        ),
      ];
    case 'EACCES':
      return [unknown(ABOUT, `${what}: this user may not listen on ${where}`, 'run as the user of the server')];
    default:
      // A name that does not resolve is told of elsewhere.
      return [];
  }
}

/** The system's reason; undefined: the port is free. */
function bindingFails(host: string | undefined, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => {
      server.close(() => done(undefined));
    });
  });
}

/** Debian's installer gives the machine's own name to 127.0.1.1: nobody else reaches what listens there. */
async function checkOwnName(config: PeerConfig): Promise<Finding[]> {
  const members = [...(config.quorumVerifier?.members.values() ?? [])];
  const host = members.find(({ sid }) => sid === config.myid)?.addresses[0]?.host;
  const others = members.filter(({ sid }) => sid !== config.myid).flatMap(({ addresses }) => addresses);
  if (host === undefined || config.quorumListenOnAllIPs || !(await isLoopback(host))) return [];
  const areElsewhere = await Promise.all(others.map(async (other) => !(await isLoopback(other.host))));
  if (!areElsewhere.includes(true)) return [];
  return [
    bad(
      ABOUT,
      `server.${config.myid}: ${host} is a loopback address here, and other servers are on other machines`,
      'take the name from the line of 127.0.1.1 in /etc/hosts, or set quorumListenOnAllIPs=true',
    ),
  ];
}

async function isLoopback(host: string): Promise<boolean> {
  try {
    const { address } = await lookup(host);
    return address.startsWith('127.') || address === '::1';
  } catch {
    return false;
  }
}
