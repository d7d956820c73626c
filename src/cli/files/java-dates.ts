import { dateParts } from './date-parts.ts';

/** Dates as Java's DateFormat prints them in English, in the zone of the process or another one. */

/** Date short, time long: "11/20/26, 7:52:32 AM UTC". */
export function shortDateLongTime(wallMs: number, timeZone?: string): string {
  const { month, day, year, hour, minute, second, dayPeriod, timeZoneName } = partsOf(wallMs, timeZone, {
    month: 'numeric',
    year: '2-digit',
  });
  return `${month}/${day}/${year}, ${hour}:${minute}:${second} ${dayPeriod} ${timeZoneName}`;
}

/** Both medium: "Nov 30, 2026, 2:49:49 PM". */
export function mediumDate(wallMs: number, timeZone?: string): string {
  const { month, day, year, hour, minute, second, dayPeriod } = partsOf(wallMs, timeZone, {
    month: 'short',
    year: 'numeric',
  });
  return `${month} ${day}, ${year}, ${hour}:${minute}:${second} ${dayPeriod}`;
}

function partsOf(
  wallMs: number,
  timeZone: string | undefined,
  options: Intl.DateTimeFormatOptions,
): { readonly [part: string]: string } {
  return dateParts(wallMs, 'en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h12',
    timeZoneName: 'short',
    ...options,
  });
}
