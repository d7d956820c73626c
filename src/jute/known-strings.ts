/**
 * Strings that were read before. Clients name the same paths over and over, and a string that is known costs a comparison
 * instead of a call out of JavaScript, is no work for the collector, has its hash already, and is found in a Map by its
 * identity.
 *
 * One place for each hash. What is read for the first time leaves its hash there, and not itself: names that come once
 * stay out. Who has a place is of no consequence but time.
 */
const PLACES = 1024;
const LONGEST = 64;

const strings = new Array<string>(PLACES).fill('');
const hashes = new Int32Array(PLACES);

/** The string with the bytes [start, end), all of them ASCII. `hash`: of these bytes, by whichever rule. */
export function asciiString(bytes: Buffer, start: number, end: number, hash: number): string {
  if (end - start > LONGEST) return bytes.toString('latin1', start, end);
  const place = (hash ^ (hash >>> 10)) & (PLACES - 1);
  if (hashes[place] !== hash) {
    hashes[place] = hash;
    return bytes.toString('latin1', start, end);
  }
  const known = strings[place] as string;
  if (isWritten(known, bytes, start, end)) return known;
  const read = bytes.toString('latin1', start, end);
  strings[place] = read;
  return read;
}

function isWritten(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = text.length - 1; i >= 0; i--) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
