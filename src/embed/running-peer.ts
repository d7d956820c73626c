import type { AdminServer } from '../admin/admin-server.ts';
import { MetricsHttp } from '../admin/metrics-http.ts';
import { NodeHost } from '../admin/node-host.ts';
import { AssertionFailure } from '../base/assert.ts';
import { FatalError, messageOf } from '../base/errors.ts';
import { type Log, type LogLevels, logOf } from '../base/log.ts';
import type { NodeWorld } from '../io/node-world.ts';
import { openDoors } from '../quorum/config/open-doors.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { Peer } from '../quorum/peer.ts';
import type { PeerProbe } from '../quorum/peer-probe.ts';
import type { PeerMode } from '../quorum/roles/role.ts';
import { adminOfPeer } from './admin-of-peer.ts';
import { AuditOfPeer } from './audit-of-peer.ts';
import { loadOwnProviders } from './own-providers.ts';
import { TlsOfPeer } from './tls-of-peer.ts';

/**
 * A peer in the real world, as programs hold it: promises for what becomes of it. An error that its code throws ends
 * this peer and no other, and never the process.
 */
export class RunningPeer {
  readonly config: PeerConfig;
  /** It serves clients for the first time. Rejected when the peer ends before that. */
  readonly ready: Promise<void>;
  /** Resolved after `close`; rejected with the error that stopped the peer. */
  readonly closed: Promise<void>;
  /** Client port bound and listening; where there is none, resolved at the start. */
  readonly listening: Promise<void>;

  /** The admin server's port is bound, or was found taken; resolved at the start where there is none. */
  adminListening: Promise<void> = Promise.resolve();

  private readonly world: NodeWorld;
  private readonly log: Log;
  private readonly levels: LogLevels | undefined;
  private readonly probe: PeerProbe | undefined;
  private peer: Peer | undefined = undefined;
  private metricsHttp: MetricsHttp | undefined = undefined;
  private admin: AdminServer | undefined = undefined;
  private tls: TlsOfPeer | undefined = undefined;
  private audit: AuditOfPeer | undefined = undefined;
  private hasStarted = false;
  private boundPort: number | undefined = undefined;
  private boundSecurePort: number | undefined = undefined;
  private boundAdminPort: number | undefined = undefined;
  private ended = false;
  private servingAs: PeerMode | undefined = undefined;
  private isClosing = false;
  private readonly onReady: Settle;
  private readonly onClosed: Settle;
  private readonly onListening: Settle;

  /**
   * `world` is this peer's alone. `levels`: where the log's level can be read and set while it runs. `probe` looks into
   * the peer, as the test kit does.
   */
  constructor(world: NodeWorld, config: PeerConfig, log: Log, levels?: LogLevels, probe?: PeerProbe) {
    this.levels = levels;
    this.probe = probe;
    this.world = world;
    world.onThrow = (error) => this.fail(error);
    this.config = config;
    this.log = log;
    [this.ready, this.onReady] = settled();
    [this.closed, this.onClosed] = settled();
    [this.listening, this.onListening] = settled();
  }

  /** Serves once the modules of its providers are loaded; without any, it begins at once. */
  start(): void {
    const { ownProviderFiles } = this.config;
    if (ownProviderFiles.length === 0) {
      this.begin(this.config);
      return;
    }
    loadOwnProviders(ownProviderFiles, this.log).then(
      (ownProviders) => {
        if (!this.ended && !this.isClosing) this.begin({ ...this.config, ownProviders });
      },
      (error: unknown) => this.fail(error),
    );
  }

  private begin(config: PeerConfig): void {
    const open = openDoors(config)
      .map(({ what }) => what)
      .join('; ');
    if (open !== '') this.log.info({ open }, 'open to whoever reaches this server');
    try {
      this.audit = AuditOfPeer.of(config, this.log);
      const host = new NodeHost();
      this.tls = new TlsOfPeer(this.world.net, this.config, process.cwd(), this.log);
      this.peer = new Peer(
        { ...this.world, secure: this.tls.nets },
        config,
        host,
        {
          onListening: (port, isSecure) => this.onBound(port, isSecure),
          onServing: (mode) => this.onServing(mode),
          audit: this.audit,
          ...(this.probe === undefined ? {} : { probe: this.probe }),
        },
        this.log,
      );
      const { quorumHandshakeFailures } = this.peer.metrics.connections;
      this.tls.countRefused(() => quorumHandshakeFailures.add(1));
      const { audit } = this;
      if (audit !== undefined) this.peer.metrics.setGauge('audit_lines_lost', () => audit.lost);
      if (this.isBound) this.onListening.resolve();
      if (this.config.metricsProvider === 'prometheus') this.serveMetrics(this.peer);
      this.admin = adminOfPeer(this.peer, this.config, {
        host,
        disk: this.world.disk,
        log: logOf(this.log, 'admin'),
        levels: this.levels,
        door: this.tls.adminDoor,
      });
      this.adminListening = this.listenForAdmins();
      this.peer.start();
      this.hasStarted = true;
      this.audit?.onServer('serverStart', 'success');
    } catch (error) {
      this.fail(error);
    }
  }

  private onBound(port: number, isSecure: boolean): void {
    if (isSecure) this.boundSecurePort = port;
    else this.boundPort = port;
    this.log.info({ port, tls: isSecure }, 'clients are accepted');
    if (!this.isBound) return;
    this.onListening.resolve();
    this.sayServing();
  }

  /** Every port for clients that the configuration asks for. */
  private get isBound(): boolean {
    const { clientPort, secureClientPort } = this.config;
    return (
      (clientPort === undefined || this.boundPort !== undefined) &&
      (secureClientPort === undefined || this.boundSecurePort !== undefined)
    );
  }

  /** The port for clients with TLS alone; undefined until it is bound, and where there is none. */
  get secureClientPort(): number | undefined {
    return this.boundSecurePort;
  }

  /** The port clients connect to; undefined until it is bound. */
  get clientPort(): number | undefined {
    return this.boundPort;
  }

  /** The port of the admin server; undefined until it is bound, and where there is none. */
  get adminPort(): number | undefined {
    return this.boundAdminPort;
  }

  get mode(): PeerMode {
    return this.peer?.mode ?? 'looking';
  }

  /** Writes connections, roles, queues and the last elections to the log. */
  dumpState(): void {
    try {
      if (!this.ended) this.peer?.dumpState();
    } catch (error) {
      this.fail(error);
    }
  }

  /** For those who moved the file of the audit log away. Rejected with what `open` says; the old file goes on then. */
  async reopenAudit(): Promise<void> {
    await this.audit?.reopen();
  }

  /** Stops serving, brings what was received to disk, lets go of ports and directories. */
  close(): Promise<void> {
    if (!this.isClosing && !this.ended) {
      this.isClosing = true;
      if (this.hasStarted) this.audit?.onServer('serverStop', 'invoked');
      try {
        if (this.peer === undefined) this.end(undefined);
        else this.peer.leave(() => this.world.drain(() => this.end(undefined)));
      } catch (error) {
        this.fail(error);
      }
    }
    return this.closed;
  }

  /** Hands the leadership to server `to`; rejected with the reason when it stays here. */
  transfer(to: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.peer === undefined || this.ended) reject(new Error('this server does not run'));
      else this.peer.asked.transfer(to, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Ends the peer where it stands, as a killed process ends. */
  kill(): void {
    this.end(undefined);
  }

  /** Ends the peer where it stands, because of `error`. */
  fail(error: unknown): void {
    if (this.ended) return;
    const expected = error instanceof FatalError;
    const stack = expected || !(error instanceof Error) ? undefined : error.stack;
    this.log.error(
      { stack },
      `stopped: ${error instanceof AssertionFailure ? 'broken assert: ' : ''}${messageOf(error)}`,
    );
    if (!this.hasStarted) this.audit?.onServer('serverStart', 'failure');
    this.end(error);
  }

  private end(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    void this.metricsHttp?.close();
    void this.admin?.close();
    this.tls?.close();
    this.world.shut();
    const reason = error ?? new Error('the peer was closed');
    this.onReady.reject(reason);
    this.onListening.reject(reason);
    const onClosed = (): void => (error === undefined ? this.onClosed.resolve() : this.onClosed.reject(error));
    if (this.audit === undefined) onClosed();
    else void this.audit.close().then(onClosed);
  }

  private onServing(mode: PeerMode): void {
    this.servingAs = mode === 'looking' ? undefined : mode;
    this.sayServing();
  }

  /** When both are so: it serves, and clients can come. */
  private sayServing(): void {
    const mode = this.servingAs;
    if (mode === undefined || !this.isBound) return;
    this.servingAs = undefined;
    this.log.info({ mode }, 'serving');
    this.onReady.resolve();
  }

  private async listenForAdmins(): Promise<void> {
    this.boundAdminPort = await this.admin?.listen();
  }

  private serveMetrics(peer: Peer): void {
    const { metricsHttpHost, metricsHttpPort } = this.config;
    this.metricsHttp = new MetricsHttp(peer.metrics, this.log);
    this.metricsHttp.listen(metricsHttpHost, metricsHttpPort).catch((error: unknown) => this.fail(error));
  }
}

interface Settle {
  resolve(): void;
  reject(error: unknown): void;
}

/** A promise that nobody needs to wait for: its rejection is no unhandled one. */
function settled(): [Promise<void>, Settle] {
  let settle: Settle | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return [promise, settle as Settle];
}
