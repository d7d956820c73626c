import type { Stat } from '../../client/client.ts';
import { zxidText } from '../../jute/zxid.ts';
import { dateParts } from '../files/date-parts.ts';

/** A node's Stat and dates, as Apache's shell prints them. */
export function statLines(stat: Stat): string[] {
  return [
    `cZxid = ${zxidText(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = ${zxidText(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = ${zxidText(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hexOf(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ];
}

/** The same for scripts: names of the fields as Apache's shell has them, zxids and session ids in hexadecimal. */
export function statJson(stat: Stat): { [field: string]: string | number } {
  return {
    cZxid: zxidText(stat.czxid),
    ctime: new Date(stat.ctime).toISOString(),
    mZxid: zxidText(stat.mzxid),
    mtime: new Date(stat.mtime).toISOString(),
    pZxid: zxidText(stat.pzxid),
    cversion: stat.cversion,
    dataVersion: stat.version,
    aclVersion: stat.aversion,
    ephemeralOwner: hexOf(stat.ephemeralOwner),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

export function hexOf(long: bigint): string {
  return `0x${BigInt.asUintN(64, long).toString(16)}`;
}

/** Date.toString in the zone of this process, or in `timeZone`: "Mon Nov 30 14:00:03 UTC 2026". */
export function javaDate(wallMs: number, timeZone?: string): string {
  if (Number.isNaN(new Date(wallMs).getTime())) return String(wallMs);
  const { weekday, month, day, hour, minute, second, year } = dateParts(wallMs, 'en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    weekday: 'short',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    year: 'numeric',
    hourCycle: 'h23',
  });
  return `${weekday} ${month} ${day} ${hour}:${minute}:${second} ${zoneName(wallMs, timeZone)} ${year}`;
}

/** No single locale knows the short names of all zones: America's are in one, Europe's in another. */
function zoneName(wallMs: number, timeZone: string | undefined): string {
  const names = ['en-US', 'en-GB', 'en-AU'].map(
    (locale) =>
      dateParts(wallMs, locale, { ...(timeZone === undefined ? {} : { timeZone }), timeZoneName: 'short' })
        .timeZoneName as string,
  );
  return names.find((name) => !/^(GMT|UTC)[+-]/.test(name)) ?? (names[0] as string);
}
