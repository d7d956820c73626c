/** Bytes in rows of sixteen, hexadecimal and as characters, in a frame: what `get -x` prints. Nothing for no bytes. */
const RULE = '+--------+-------------------------------------------------+----------------+';
const HEAD = [
  '         +-------------------------------------------------+',
  '         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |',
  RULE,
];
const ROW_BYTES = 16;

export function hexDump(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES);
    const hex = [...row].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
    const text = [...row].map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`|${at.toString(16).padStart(8, '0')}|${hex.padEnd(3 * ROW_BYTES)} |${text.padEnd(ROW_BYTES)}|`);
  }
  return [...HEAD, ...rows, RULE].join('\n');
}
