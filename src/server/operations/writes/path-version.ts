import type { Reader } from '../../../jute/reader.ts';
import type { WriteRecord } from '../operation.ts';

/** The record that delete and check share: path ustring, version int. */
export interface PathVersionRecord extends WriteRecord {
  readonly version: number;
}

export function readPathVersion(r: Reader): PathVersionRecord {
  return { path: r.readString(), version: r.readInt() };
}
