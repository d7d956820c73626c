import { CliError } from './cli-error.ts';

/**
 * A line's words. A word that begins with a quote goes on to the next one of its kind and may be empty or hold blanks;
 * a quote inside a word is a character like any other.
 *
 *   line = *( blank / word )      word = '"' text '"' / "'" text "'" / text without blanks
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  const pattern = /\s*(?:"([^"]*)"|'([^']*)'|([^"'\s]\S*)|(["']))/y;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    if (match[4] !== undefined) throw new CliError(`the quote ${match[4]} is not closed`);
    words.push((match[1] ?? match[2] ?? match[3]) as string);
  }
  return words;
}
