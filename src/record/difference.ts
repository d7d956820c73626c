import { errorName } from '../conversation/names.ts';
import type { EventSeen, Fields, ReplySeen } from '../conversation/seen.ts';

/**
 * Two servers' answers to the same, held against each other. Times, zxids and session ids differ between any two. Data of nodes is in the
 * text only `with data`.
 */
export function replyDifference(
  left: ReplySeen,
  right: ReplySeen,
  how: 'with data' | 'without data',
): string | undefined {
  if (left.err !== right.err) return `${outcome(left)} against ${outcome(right)}`;
  return fieldsDifference(left.fields ?? {}, right.fields ?? {}, how === 'with data');
}

function outcome({ err }: ReplySeen): string {
  return err === 0 ? 'ok' : errorName(err);
}

function fieldsDifference(left: Fields, right: Fields, withData: boolean): string | undefined {
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (left[key] === right[key]) continue;
    if (/(^| )data$/.test(key) && !withData) return `${key} differs`;
    return `${key} ${left[key] ?? 'missing'} against ${right[key] ?? 'missing'}`;
  }
  return undefined;
}

export function eventText({ name, path }: EventSeen): string {
  return `${name} ${path}`;
}
