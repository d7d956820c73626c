import { readdirSync, readFileSync } from 'node:fs';

/** Recordings of Apache's election ports: test/golden/README.md. */
const DIRECTORY = new URL('../golden/', import.meta.url);

export interface GoldenVote {
  readonly name?: string;
  readonly state: number;
  readonly leader: string;
  readonly zxid: string;
  readonly electionEpoch: string;
  readonly peerEpoch: string;
  readonly version: number;
  readonly config?: string;
  readonly hex: string;
}

interface GoldenInitial {
  readonly protocolVersion: string;
  readonly sid: string;
  readonly address: string;
  readonly hex: string;
}

export function goldenVotes(): GoldenVote[] {
  return JSON.parse(readFileSync(new URL('election.json', DIRECTORY), 'utf8')) as GoldenVote[];
}

/** Every message of every recorded election connection; votes with their length before them. */
export function recordedMessages(): { votes: GoldenVote[]; initial: GoldenInitial[] } {
  const wire = new URL('wire/', DIRECTORY);
  const votes: GoldenVote[] = [];
  const initial: GoldenInitial[] = [];
  for (const file of readdirSync(wire)) {
    if (!file.includes('-election-')) continue;
    for (const line of readFileSync(new URL(file, wire), 'utf8').split('\n')) {
      const entry = line === '' ? {} : (JSON.parse(line) as { message?: string });
      if (entry.message === 'vote') votes.push(entry as unknown as GoldenVote);
      if (entry.message === 'initial message') initial.push(entry as unknown as GoldenInitial);
    }
  }
  return { votes, initial };
}
