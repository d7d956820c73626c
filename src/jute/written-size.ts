import { isNullText } from './data-records.ts';

/** How many bytes the Writer makes of a value, without making them. */
export function stringsBytes(texts: readonly string[]): number {
  let bytes = 4;
  for (const text of texts) bytes += stringBytes(text);
  return bytes;
}

/** As the Writer writes it: each UTF-16 unit by itself. */
export function stringBytes(text: string): number {
  let bytes = 4 + text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit < 0x800 ? 1 : 2;
  }
  return bytes;
}

export function bufferBytes(data: Buffer | undefined): number {
  return 4 + (data === undefined ? 0 : data.length);
}

export function aclBytes(
  acl: readonly { readonly id: { readonly scheme: string; readonly id: string } }[] | undefined,
): number {
  if (acl === undefined) return 4;
  let bytes = 4;
  for (const { id } of acl) bytes += 4 + textBytes(id.scheme) + textBytes(id.id);
  return bytes;
}

function textBytes(text: string): number {
  return isNullText(text) ? 4 : stringBytes(text);
}
