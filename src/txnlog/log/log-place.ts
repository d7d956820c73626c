import type { Disk } from '../../io/disk.ts';
import type { DurableNote } from './durable-note.ts';
import type { LogOrder } from './log-order.ts';

/** The directory of the log, and the two side files that say what the log itself cannot. */
export interface LogPlace {
  readonly disk: Disk;
  readonly dir: string;
  readonly note: DurableNote;
  readonly order: LogOrder;
}
