import { readFileSync } from 'node:fs';
import type { Acl, Id, Stat, StatPersisted } from '../../src/jute/data-records.ts';
import type { Zxid } from '../../src/jute/zxid.ts';

/**
 * The records of test/golden as our types: there, longs are decimal strings, buffers hexadecimal, null is null.
 * Values that our codecs read into one kind of null (a path, a list of paths) are turned into that here.
 */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Fields = { [key: string]: Json };

export function golden(file: string): string {
  return readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8');
}

export function goldenBytes(file: string): Buffer {
  return readFileSync(new URL(`../golden/${file}`, import.meta.url));
}

export interface GoldenRecord {
  name: string;
  record: string;
  fields: Fields;
  hex: string;
}

export const goldenRecords = JSON.parse(golden('records.json')) as GoldenRecord[];

export const text = (json: Json | undefined): string => json as string;
export const number = (json: Json | undefined): number => Number(json);
export const zxid = (json: Json | undefined): Zxid => Number(json) as Zxid;
export const long = (json: Json | undefined): bigint => BigInt(json as string);
export const bool = (json: Json | undefined): boolean => json as boolean;
export const list = (json: Json | undefined): Json[] => json as Json[];
export const fieldsOf = (json: Json | undefined): Fields => json as Fields;
export const texts = (json: Json | undefined): string[] => (json as string[] | null) ?? [];

export function optionalText(json: Json | undefined): string | undefined {
  return json === null ? undefined : (json as string);
}

export function buffer(json: Json | undefined): Buffer | undefined {
  return json === null ? undefined : Buffer.from(json as string, 'hex');
}

export function id(json: Json | undefined): Id {
  const fields = fieldsOf(json);
  return { scheme: text(fields.scheme), id: text(fields.id) };
}

export function acls(json: Json | undefined): Acl[] | undefined {
  if (json === null) return undefined;
  return list(json).map((entry) => ({ perms: number(fieldsOf(entry).perms), id: id(fieldsOf(entry).id) }));
}

export function statPersisted(json: Json | undefined): StatPersisted {
  const fields = fieldsOf(json);
  return {
    czxid: zxid(fields.czxid),
    mzxid: zxid(fields.mzxid),
    ctime: number(fields.ctime),
    mtime: number(fields.mtime),
    version: number(fields.version),
    cversion: number(fields.cversion),
    aversion: number(fields.aversion),
    ephemeralOwner: long(fields.ephemeralOwner),
    pzxid: zxid(fields.pzxid),
  };
}

export function stat(json: Json | undefined): Stat {
  const fields = fieldsOf(json);
  const { pzxid, ...persisted } = statPersisted(json);
  return { ...persisted, dataLength: number(fields.dataLength), numChildren: number(fields.numChildren), pzxid };
}
