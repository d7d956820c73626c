import { FatalError } from '../../base/errors.ts';
import { EXIT } from '../../base/exit-codes.ts';
import type { Log } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import type { Net, NetError, Stream, StreamHandlers } from '../../io/net.ts';
import { PatientListener } from '../../io/patient-listener.ts';
import type { ElectionAddress } from './initial-message.ts';

/**
 * Where this server listens for elections. At the start a port that stays in use ends the peer after so many attempts,
 * as in Apache. When a reconfiguration changes its own addresses, those that are new are bound and those that are gone
 * are let go. A peer that is already at work does not end because of an address it was given, so a bind that fails is
 * tried for as long as it takes. A name that does not resolve yet is always a matter of patience.
 */
export interface ElectionPortsOptions {
  /** Bind the ports on every address of the machine. */
  readonly listenOnAllIPs: boolean;
  /** Attempts to bind, a second apart; 0: without end. */
  readonly bindRetries: number;
  readonly tcpKeepAlive: boolean;
}

export interface ElectionPortsHandlers {
  /** All are bound. */
  onListening(): void;
  onStream(stream: Stream): StreamHandlers | undefined;
  onFatal(error: FatalError): void;
}

const BIND_RETRY_MS = 1000;

interface Place {
  readonly host: string | undefined;
  readonly port: number;
  /** `host:port` */
  readonly text: string;
  /** Of attempts that count; 0: without end. */
  readonly retries: number;
  attempts: number;
  listener: PatientListener | undefined;
  isBound: boolean;
}

export class ElectionPorts {
  private readonly net: Net;
  private readonly clock: Clock;
  private readonly options: ElectionPortsOptions;
  private readonly handlers: ElectionPortsHandlers;
  private readonly log: Log;
  private readonly places = new Map<string, Place>();
  private isFirst = true;

  constructor(net: Net, clock: Clock, options: ElectionPortsOptions, handlers: ElectionPortsHandlers, log: Log) {
    this.net = net;
    this.clock = clock;
    this.options = options;
    this.handlers = handlers;
    this.log = log;
  }

  /** There from now on, and nowhere else. */
  listenAt(addresses: readonly ElectionAddress[]): void {
    const retries = this.isFirst ? this.options.bindRetries : 0;
    this.isFirst = false;
    const wanted = new Map<string, Place>();
    for (const { host, port } of addresses) {
      const text = `${this.options.listenOnAllIPs ? '*' : host}:${port}`;
      const bindHost = this.options.listenOnAllIPs ? undefined : host;
      const fresh = { host: bindHost, port, text, retries, attempts: 0, listener: undefined, isBound: false };
      wanted.set(text, this.places.get(text) ?? fresh);
    }
    for (const place of this.places.values()) if (wanted.get(place.text) !== place) this.leave(place);
    for (const place of wanted.values()) {
      if (this.places.has(place.text)) continue;
      this.places.set(place.text, place);
      this.bind(place);
    }
  }

  close(): void {
    for (const place of this.places.values()) this.leave(place);
  }

  private leave(place: Place): void {
    this.places.delete(place.text);
    place.listener?.close();
  }

  private bind(place: Place): void {
    const { host, port } = place;
    place.listener = new PatientListener(
      { net: this.net, clock: this.clock },
      { host, port, keepAlive: this.options.tcpKeepAlive },
      BIND_RETRY_MS,
      {
        onListening: () => {
          place.isBound = true;
          if ([...this.places.values()].every(({ isBound }) => isBound)) this.handlers.onListening();
        },
        onError: (error) => this.onBindError(place, error),
        onStream: (stream) => this.handlers.onStream(stream),
      },
    );
  }

  /** Whether it is tried again. */
  private onBindError(place: Place, error: NetError): boolean {
    const unresolved = error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN';
    if (!unresolved) place.attempts++;
    if (!unresolved && place.retries !== 0 && place.attempts >= place.retries) {
      const tried = `${place.attempts} ${place.attempts === 1 ? 'attempt' : 'attempts'} (electionPortBindRetry)`;
      const text = `cannot listen on the election port ${place.text} after ${tried}: ${error.message}`;
      this.handlers.onFatal(new FatalError(text, EXIT.cannotBind, { cause: error }));
      return false;
    }
    this.log.warn({ address: place.text, reason: error.message }, 'cannot listen on the election port yet');
    return true;
  }
}
