import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { NodeNet } from '../io/node-net.ts';
import type { SecureNets } from '../io/world.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { FileWatch } from '../tls/file-watch.ts';
import { Revocation } from '../tls/revocation.ts';
import { TlsDoor } from '../tls/tls-door.ts';
import { loadTls, type TlsMaterial } from '../tls/tls-material.ts';
import type { TlsSettings } from '../tls/tls-settings.ts';

/**
 * The TLS of one peer: which of its ports have a door, the material behind each, and the files that are watched for new
 * material. Nothing of it is known to the peer but nets.
 */
type TlsConfig = Pick<
  PeerConfig,
  | 'clientTls'
  | 'quorumTls'
  | 'secureClientPort'
  | 'clientPortUnification'
  | 'clientCertReload'
  | 'sslQuorum'
  | 'portUnification'
  | 'sslQuorumReloadCertFiles'
  | 'adminEnabled'
  | 'adminForceHttps'
  | 'adminPortUnification'
  | 'adminNeedsClientAuth'
  | 'distributed'
>;

/** Throws ConfigError. The admin server has the material of the servers. */
export function loadTlsOf(
  config: Pick<PeerConfig, 'clientTls' | 'quorumTls'>,
  cwd: string,
): { readonly clients: TlsMaterial | undefined; readonly servers: TlsMaterial | undefined } {
  const load = (settings: TlsSettings | undefined): TlsMaterial | undefined =>
    settings === undefined ? undefined : loadTls(settings, 'server', cwd, Date.now());
  return { clients: load(config.clientTls), servers: load(config.quorumTls) };
}

export class TlsOfPeer {
  readonly nets: SecureNets;
  private readonly config: TlsConfig;
  private readonly cwd: string;
  private readonly log: Log;
  private readonly watches: FileWatch[] = [];
  private readonly quorumDoors: TlsDoor[] = [];
  private readonly admin: TlsDoor | undefined;
  private serversDoor: TlsDoor | undefined = undefined;

  /** Throws ConfigError. */
  constructor(net: NodeNet, config: TlsConfig, cwd: string, log: Log) {
    this.config = config;
    this.cwd = cwd;
    this.log = log;
    const { clients, servers } = loadTlsOf(config, cwd);
    for (const warning of [clients, servers].flatMap((each) => each?.warnings ?? [])) log.warn({}, warning);
    let nets: SecureNets = {};
    if (clients !== undefined) {
      const revocation = revocationOf(clients.settings);
      const doors: TlsDoor[] = [];
      const open = (name: string, takesPlain: boolean): TlsDoor => {
        const door = new TlsDoor(clients, { name, takesPlain, dialsByName: false }, log, revocation);
        doors.push(door);
        return door;
      };
      nets = {
        ...(config.clientPortUnification ? { clients: net.through(open('clientPort', true)) } : {}),
        ...(config.secureClientPort === undefined
          ? {}
          : { secureClients: net.through(open('secureClientPort', false)) }),
      };
      if (config.clientCertReload) this.watch(clients, doors);
    }
    if (servers !== undefined) {
      nets = { ...nets, servers: this.netOfServers(net, servers) };
      this.admin = this.doorOfAdmin(servers);
      if (config.sslQuorumReloadCertFiles) this.watch(servers, this.quorumDoors);
    }
    this.nets = nets;
  }

  /** The door of the admin server, where it has one. */
  get adminDoor(): TlsDoor | undefined {
    return this.admin;
  }

  /** Hears of handshakes between servers that failed. */
  countRefused(onRefused: () => void): void {
    if (this.serversDoor !== undefined) this.serversDoor.onRefused = onRefused;
  }

  close(): void {
    for (const watch of this.watches) watch.close();
  }

  /** With unification alone, servers are still dialled in the clear. */
  private netOfServers(net: NodeNet, material: TlsMaterial): SecureNets['servers'] {
    const { distributed, sslQuorum, portUnification } = this.config;
    if (!distributed || !(sslQuorum || portUnification)) return undefined;
    this.serversDoor = this.open(material, 'ports between servers', portUnification);
    const through = net.through(this.serversDoor);
    return sslQuorum ? through : { listen: through.listen, dial: net.dial.bind(net) };
  }

  private doorOfAdmin(material: TlsMaterial): TlsDoor | undefined {
    const { adminEnabled, adminForceHttps, adminPortUnification, adminNeedsClientAuth } = this.config;
    if (!adminEnabled || !(adminForceHttps || adminPortUnification)) return undefined;
    const clientAuth = adminNeedsClientAuth ? 'need' : 'none';
    const settings: TlsSettings = { ...material.settings, clientAuth, checksClientName: false };
    return this.open({ ...material, settings }, 'admin server', !adminForceHttps);
  }

  private open(material: TlsMaterial, name: string, takesPlain: boolean): TlsDoor {
    const options = { name, takesPlain, dialsByName: false };
    const door = new TlsDoor(material, options, this.log, revocationOf(material.settings));
    this.quorumDoors.push(door);
    return door;
  }

  /** Material that is not good is not taken in, and what there is stays. */
  private watch(first: TlsMaterial, doors: readonly TlsDoor[]): void {
    const { settings } = first;
    const onChange = (): void => {
      try {
        const material = loadTls(settings, 'server', this.cwd, Date.now());
        const stale = material.warnings.find((warning) => /expired on|not valid before/.test(warning));
        if (stale !== undefined) throw new Error(stale);
        for (const door of doors) door.take(material);
        this.log.info({ keys: settings.prefix, files: first.files.join(', ') }, 'changed certificates were taken in');
      } catch (error) {
        this.log.error({ reason: messageOf(error) }, 'changed certificates are not taken in; those before stay in use');
      }
    };
    this.watches.push(new FileWatch(first.files, onChange));
  }
}

function revocationOf({ crl, ocsp }: TlsSettings): Revocation | undefined {
  return crl || ocsp ? new Revocation({ crl, ocsp }) : undefined;
}
