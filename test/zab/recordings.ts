import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Connections between two Apache servers, as recorded (test/golden/README.md). */
export interface RecordedPacket {
  readonly from: 'learner' | 'leader';
  readonly name: string;
  readonly type: number;
  readonly zxid: string;
  /** Hexadecimal; null is jute's null. */
  readonly data: string | null;
  readonly authinfo: readonly { readonly scheme: string; readonly id: string }[] | null;
  readonly hex: string;
}

const WIRE = resolve(import.meta.dirname, '../golden/wire');

export function recordingNames(): string[] {
  return readdirSync(WIRE).filter((name) => name.includes('-quorum-'));
}

export function recording(name: string): RecordedPacket[] {
  const lines = readFileSync(join(WIRE, name), 'utf8').trim().split('\n');
  return lines.slice(1).map((line) => JSON.parse(line) as RecordedPacket);
}

export const SNAPSHOT_STREAM = 'snapshot stream';
