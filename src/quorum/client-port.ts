import { FatalError } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import type { Log } from '../base/log.ts';
import { isAnyHost, printHostPort } from '../election/quorum/host-address.ts';
import type { ServerSpec } from '../election/quorum/server-spec.ts';
import type { NetError } from '../io/net.ts';
import type { ClientAddress } from '../server/connection/client-listener.ts';
import type { ZooKeeperServer } from '../server/zookeeper-server.ts';
import type { PeerConfig } from './config/peer-config.ts';

/**
 * Where clients connect: as configured, and from a reconfiguration on as this server's line says. A port that cannot be
 * had ends a peer at its start; later on its clients stay where they are, and the log says why.
 */
export class ClientPort {
  private readonly server: Pick<ZooKeeperServer, 'listen' | 'listenSecurely'>;
  private readonly log: Log;
  private readonly onListening: (port: number, isSecure: boolean) => void;
  private address: ClientAddress | undefined;
  /** The port for TLS alone, which no membership moves. */
  private readonly secureAddress: ClientAddress | undefined;
  private isOpen = false;

  constructor(
    server: Pick<ZooKeeperServer, 'listen' | 'listenSecurely'>,
    config: Pick<PeerConfig, 'clientPort' | 'clientPortAddress' | 'secureClientPort' | 'secureClientPortAddress'>,
    onListening: (port: number, isSecure: boolean) => void,
    log: Log,
  ) {
    this.server = server;
    this.log = log;
    this.onListening = onListening;
    const { clientPort: port, clientPortAddress: host } = config;
    this.address = port === undefined ? undefined : { host, port };
    const { secureClientPort, secureClientPortAddress } = config;
    if (secureClientPort !== undefined) {
      this.secureAddress = { host: secureClientPortAddress, port: secureClientPort };
    }
  }

  open(): void {
    const { address, secureAddress } = this;
    this.isOpen = true;
    if (address !== undefined) {
      this.server.listen(address, {
        onListening: (port) => this.onListening(port, false),
        onError: (error) => cannotListen('client port', address, error),
      });
    }
    if (secureAddress === undefined) return;
    this.server.listenSecurely(secureAddress, {
      onListening: (port) => this.onListening(port, true),
      onError: (error) => cannotListen('secure client port', secureAddress, error),
    });
  }

  /** `self` is what the membership in force says of this server. */
  follow(self: ServerSpec | undefined): void {
    // An address that zoo.cfg alone gives is in no membership that comes from elsewhere.
    if (self?.client === undefined || self.clientFromStatic) return;
    const { host: written, port } = self.client;
    const host = isAnyHost(written) ? undefined : written;
    if (this.address?.host === host && this.address?.port === port) return;
    const before = this.address;
    this.address = { host, port };
    if (!this.isOpen) return;
    const to = printHostPort(written, port);
    this.log.info({ to }, 'the client port moves, as the new membership says');
    this.server.listen(this.address, {
      onListening: (bound) => this.onListening(bound, false),
      onError: (error) => {
        this.address = before;
        this.log.error(
          { to, reason: error.message },
          'the client port could not be moved; clients are served where it was',
        );
      },
    });
  }
}

function cannotListen(name: string, { port }: ClientAddress, error: NetError): never {
  throw new FatalError(`cannot listen on ${name} ${port}: ${error.message}`, exitCodeOf(error));
}

/** A name that does not resolve is a fault of the configuration, though only the bind finds it. */
function exitCodeOf(error: NetError): number {
  return error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN' ? EXIT.invalidConfig : EXIT.unexpected;
}
