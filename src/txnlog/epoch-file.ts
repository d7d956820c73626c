import { messageOf } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import { MAX_EPOCH } from '../jute/zxid.ts';
import { join } from './file-names.ts';

/** acceptedEpoch and currentEpoch (f.p and f.a of the Zab paper): decimal text in version-2, as Apache keeps them. */
export const ACCEPTED_EPOCH = 'acceptedEpoch';
export const CURRENT_EPOCH = 'currentEpoch';

/** Why a file that is there says nothing. Each caller decides whether it does without, or refuses. */
export interface NoEpoch {
  readonly reason: string;
  /** It could be read, and holds something else. */
  readonly isDamaged: boolean;
  readonly cause?: unknown;
}

/** undefined: there is no such file. The first line counts, as by Apache, and has to be a number from first to last. */
export function epochIn(disk: Disk, dir: string, name: string): number | NoEpoch | undefined {
  const path = join(dir, name);
  let text: string;
  try {
    if (!disk.exists(path)) return undefined;
    text = disk.readSmall(path).toString('latin1');
  } catch (cause) {
    return { reason: `cannot read ${path}: ${messageOf(cause)}`, isDamaged: false, cause };
  }
  const digits = /^(\d{1,15})\r?(\n|$)/.exec(text)?.[1];
  const epoch = digits === undefined ? Number.NaN : Number(digits);
  if (epoch <= MAX_EPOCH) return epoch;
  return { reason: `${path} holds ${JSON.stringify(text.slice(0, 40))}, which is no epoch`, isDamaged: true };
}
