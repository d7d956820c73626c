/** Corners of Java's text methods that decide which ids an ACL may name. */

/** String.split(separator) without a limit: empty strings at the end are dropped, but "" itself is one part. */
export function splitDroppingTail(text: string, separator: string): string[] {
  const parts = text.split(separator);
  if (parts.length === 1) return parts;
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
  return parts;
}

/** Integer.parseInt: a sign is allowed, blanks are not. undefined where it would throw. */
export function parseJavaInt(text: string, radix: 10 | 16): number | undefined {
  const digits = radix === 10 ? /^[+-]?[0-9]+$/ : /^[+-]?[0-9a-fA-F]+$/;
  if (!digits.test(text)) return undefined;
  const value = Number.parseInt(text, radix);
  return value >= -0x80000000 && value <= 0x7fffffff ? value : undefined;
}

/** String.hashCode. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
