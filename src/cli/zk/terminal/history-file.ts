import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The lines that were typed, kept from one run to the next in the user's home, readable for that user alone. A line
 * that can hold a password is not written down. A home that cannot be written to is no reason to say anything.
 */
const NAME = '.menagerie_zkcli_history';
const MOST_LINES = 1000;
const SECRET = /^\s*addauth\b/;

/** Newest first, as readline wants them. */
export function loadHistory(file: string = historyFile()): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .reverse()
      .slice(0, MOST_LINES);
  } catch {
    return [];
  }
}

/** Written whole and renamed, so that two shells at once leave the lines of one of them, never half of each. */
export function saveHistory(newestFirst: readonly string[], file: string = historyFile()): void {
  const lines = newestFirst
    .filter((line) => !SECRET.test(line))
    .slice(0, MOST_LINES)
    .reverse();
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function historyFile(): string {
  return join(homedir(), NAME);
}
