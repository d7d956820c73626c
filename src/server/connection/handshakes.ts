import type { StreamHandlers } from '../../io/net.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';

/**
 * The TLS handshakes of clients that are under way, over all ports, and what became of them. A connection counts from its
 * first moment; on a port that takes plain ones as well until it shows which it is.
 */
export class Handshakes {
  private readonly metrics: Pick<ServerMetrics, 'connections'>;
  private readonly limit: number;
  outstanding = 0;

  /** `limit` undefined: as many as connections. */
  constructor(metrics: Pick<ServerMetrics, 'connections'>, limit: number | undefined) {
    this.metrics = metrics;
    this.limit = limit ?? Number.POSITIVE_INFINITY;
  }

  /** False: there are as many as there may be, and the connection is closed. */
  hasRoom(): boolean {
    if (this.outstanding < this.limit) return true;
    this.metrics.connections.tlsHandshakeExceeded.add(1);
    return false;
  }

  /** The same handlers, with the handshake counted until it is over. */
  count(handlers: StreamHandlers): StreamHandlers {
    let isUnderWay = true;
    this.outstanding++;
    const end = (): boolean => {
      const wasUnderWay = isUnderWay;
      if (wasUnderWay) this.outstanding--;
      isUnderWay = false;
      return wasUnderWay;
    };
    return {
      ...handlers,
      onOpen: () => {
        end();
        handlers.onOpen?.();
      },
      onClose: (error) => {
        if (end() && error !== undefined) {
          this.metrics.connections.unsuccessfulHandshakes.add(1);
          this.metrics.connections.authFailed.add(1);
        }
        handlers.onClose(error);
      },
    };
  }
}
