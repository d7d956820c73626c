import type { Clock, Timer } from '../../../io/clock.ts';
import type { Net, Stream } from '../../../io/net.ts';
import type { KdcAddress } from './krb5-conf.ts';

/**
 * One question to the KDCs of a realm, over TCP (RFC 4120, 7.2.2): a length of four bytes, and the message. They are asked one after
 * the other, and the first that answers counts. UDP is not spoken: tickets of today do not fit into it, and every KDC
 * has TCP.
 */
export interface KdcPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly net: Pick<Net, 'dial'>;
}

/** Of one KDC, for its connection and its answer. */
export const KDC_ANSWER_MS = 3000;
/** Tickets of large directories come to 48,000 bytes. */
export const KDC_ANSWER_BYTES_MAX = 131_072;
/** More are not asked. */
export const KDCS_MAX = 8;
const LENGTH_BYTES = 4;

export type KdcAnswer = { readonly bytes: Buffer; readonly from: KdcAddress } | { readonly fault: string };

/** `done` is called once, later than this returns. */
export function askKdc(
  kdcs: readonly KdcAddress[],
  request: Buffer,
  ports: KdcPorts,
  done: (answer: KdcAnswer) => void,
): void {
  new KdcCall(kdcs.slice(0, KDCS_MAX), request, ports, done).next();
}

class KdcCall {
  private readonly left: KdcAddress[];
  private readonly request: Buffer;
  private readonly ports: KdcPorts;
  private readonly done: (answer: KdcAnswer) => void;
  private readonly faults: string[] = [];
  private stream: Stream | undefined = undefined;
  private limit: Timer | undefined = undefined;
  private received: Buffer = Buffer.alloc(0);
  /** Counts KDCs, so that what an earlier one does is recognised. */
  private attempt = 0;

  constructor(kdcs: readonly KdcAddress[], request: Buffer, ports: KdcPorts, done: (answer: KdcAnswer) => void) {
    this.left = [...kdcs];
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32BE(request.length);
    this.request = Buffer.concat([head, request]);
    this.ports = ports;
    this.done = done;
  }

  next(): void {
    const kdc = this.left.shift();
    const attempt = ++this.attempt;
    if (kdc === undefined) {
      this.done({ fault: this.faults.join('; ') });
      return;
    }
    const { clock, net } = this.ports;
    this.received = Buffer.alloc(0);
    const isOver = (): boolean => attempt !== this.attempt;
    this.limit = clock.after(KDC_ANSWER_MS, () => this.fail(kdc, `no answer within ${KDC_ANSWER_MS} ms`));
    this.stream = net.dial(kdc.host, kdc.port, KDC_ANSWER_MS, {
      onOpen: () => {
        if (!isOver()) this.stream?.write(this.request);
      },
      onData: (chunk) => {
        if (!isOver()) this.onData(kdc, chunk);
      },
      onEnd: () => {
        if (!isOver()) this.fail(kdc, 'it closed the connection without an answer');
      },
      onClose: (error) => {
        if (!isOver()) this.fail(kdc, error?.message ?? 'it closed the connection without an answer');
      },
    });
  }

  private onData(kdc: KdcAddress, chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    if (this.received.length < LENGTH_BYTES) return;
    const length = this.received.readUInt32BE(0);
    if (length > KDC_ANSWER_BYTES_MAX) {
      this.fail(kdc, `an answer of ${length} bytes; ${KDC_ANSWER_BYTES_MAX} are the most`);
      return;
    }
    if (this.received.length < LENGTH_BYTES + length) return;
    this.hangUp();
    this.done({ bytes: this.received.subarray(LENGTH_BYTES, LENGTH_BYTES + length), from: kdc });
  }

  private fail(kdc: KdcAddress, why: string): void {
    this.faults.push(`${kdc.host}:${kdc.port}: ${why}`);
    this.hangUp();
    this.next();
  }

  private hangUp(): void {
    this.attempt++;
    this.limit?.cancel();
    this.stream?.destroy();
    this.stream = undefined;
  }
}
