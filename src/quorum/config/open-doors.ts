import type { PeerConfig } from './peer-config.ts';

/**
 * The doors of a server that a stranger on the network finds open, each with the keys that shut it. A start says them in
 * one line; with `security=required` each of them stops it.
 */
export interface OpenDoor {
  readonly what: string;
  readonly cure: string;
  /** The heading of docs/OPERATIONS.md that tells how. */
  readonly page: string;
}

type Doors = Pick<
  PeerConfig,
  | 'clientPort'
  | 'requiredSchemes'
  | 'clientTls'
  | 'skipACL'
  | 'distributed'
  | 'sslQuorum'
  | 'portUnification'
  | 'quorumSasl'
  | 'quorumTls'
  | 'adminEnabled'
  | 'adminHost'
  | 'adminForceHttps'
  | 'adminNeedsClientAuth'
  | 'adminRequiresAuth'
  | 'metricsProvider'
  | 'metricsHttpHost'
>;

/** A client with one of these has proved nothing: an address, any name with any password, an ensemble. */
const NO_LOGINS: ReadonlySet<string> = new Set(['ip', 'digest', 'ensemble']);

export function openDoors(config: Doors): readonly OpenDoor[] {
  const { adminHost, adminRequiresAuth } = config;
  const quorumCertificates = config.sslQuorum && !config.portUnification && config.quorumTls?.clientAuth === 'need';
  const doors: (OpenDoor | false)[] = [
    config.clientPort !== undefined && {
      what: 'clients connect without TLS',
      cure: 'take secureClientPort instead of clientPort',
      page: 'tls-step-by-step',
    },
    (config.requiredSchemes.length === 0 || config.requiredSchemes.some((scheme) => NO_LOGINS.has(scheme))) && {
      what: 'clients need not log in',
      cure: 'set enforce.auth.enabled=true and enforce.auth.schemes=sasl or x509',
      page: 'who-may-connect-and-as-whom',
    },
    config.skipACL && { what: 'ACLs are passed over', cure: 'remove skipACL', page: 'who-may-connect-and-as-whom' },
    config.distributed &&
      (!config.sslQuorum || config.portUnification) && {
        what: 'servers talk without TLS',
        cure: 'set sslQuorum=true, without portUnification',
        page: 'tls-step-by-step',
      },
    config.distributed &&
      !quorumCertificates &&
      config.quorumSasl?.isRequired !== true && {
        what: 'servers need not prove who they are',
        cure: 'set quorum.auth.serverRequireSasl=true, or sslQuorum=true with ssl.quorum.clientAuth=need',
        page: 'who-may-connect-and-as-whom',
      },
    config.adminEnabled &&
      !config.adminForceHttps &&
      !isLoopback(adminHost) && {
        what: 'the admin port talks without TLS',
        cure: 'set admin.forceHttps=true',
        page: 'tls-step-by-step',
      },
    config.adminEnabled &&
      !adminRequiresAuth &&
      !(config.adminForceHttps && config.adminNeedsClientAuth) && {
        what: 'the admin port answers anybody',
        cure: 'set admin.auth=required, or admin.enableServer=false',
        page: 'who-may-connect-and-as-whom',
      },
    config.metricsProvider === 'prometheus' &&
      !isLoopback(config.metricsHttpHost) && {
        what: 'metrics are given to anybody',
        cure: 'set metricsProvider.httpHost=127.0.0.1',
        page: 'metrics',
      },
  ];
  return doors.filter((door) => door !== false);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
