import type { Log } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import { packetName } from './packets.ts';

/**
 * The last packets of one link in either direction, and how long ago they were: ZooKeeper's message tracker. They go to the log
 * when the link ends, for whoever wonders what went on before.
 */
interface Passed {
  readonly type: number;
  readonly atMs: number;
}

export class PacketRecord {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly most: number;
  private readonly received: Passed[] = [];
  private readonly sent: Passed[] = [];

  /** `most`: in either direction. */
  constructor(clock: Clock, log: Log, most: number) {
    this.clock = clock;
    this.log = log;
    this.most = most;
  }

  onReceived(type: number): void {
    this.keep(this.received, type);
  }

  onSent(type: number): void {
    this.keep(this.sent, type);
  }

  /** The link with the server at this address is over. */
  end(address: string): void {
    const [received, sent] = [this.show(this.received), this.show(this.sent)];
    this.log.warn({ with: address, received, sent }, 'the last packets of a link that has ended');
  }

  private keep(passed: Passed[], type: number): void {
    if (passed.length === this.most) passed.shift();
    passed.push({ type, atMs: this.clock.nowMs() });
  }

  private show(passed: readonly Passed[]): string {
    const nowMs = this.clock.nowMs();
    return passed.map(({ type, atMs }) => `${packetName(type)} ${Math.round(nowMs - atMs)} ms ago`).join(', ');
  }
}
