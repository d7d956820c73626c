import { OpCode } from './codes.ts';
import { isNullText } from './data-records.ts';
import type { TxnBody } from './txns.ts';

/**
 * How many bytes writeTxnBody makes of a body, without making them: whoever prepares a transaction has to know before
 * it is written whether all can take it.
 */
export function txnBodyBytes(body: TxnBody): number {
  switch (body.kind) {
    case 'create': {
      const hasFlag = body.type === OpCode.create || body.type === OpCode.create2;
      const rest = (hasFlag ? 1 : 0) + 4 + (body.type === OpCode.createTTL ? 8 : 0);
      return stringBytes(body.path) + bufferBytes(body.data) + aclBytes(body.acl) + rest;
    }
    case 'delete':
      return stringBytes(body.path);
    case 'setData':
      return stringBytes(body.path) + bufferBytes(body.data) + 4;
    case 'setACL':
      return stringBytes(body.path) + aclBytes(body.acl) + 4;
    case 'check':
      return stringBytes(body.path) + 4;
    case 'createSession':
    case 'error':
      return 4;
    case 'closeSession':
      return body.paths === undefined ? 0 : stringsBytes(body.paths);
    case 'multi': {
      let bytes = 4;
      for (const txn of body.txns) bytes += TXN_OF_MULTI_BYTES + txnBodyBytes(txn);
      return bytes;
    }
  }
}

/** What surrounds the body of one transaction in a multi: type and length. */
export const TXN_OF_MULTI_BYTES = 8;

export function stringsBytes(texts: readonly string[]): number {
  let bytes = 4;
  for (const text of texts) bytes += stringBytes(text);
  return bytes;
}

/** As the Writer writes it: each UTF-16 unit by itself. */
function stringBytes(text: string): number {
  let bytes = 4 + text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) bytes += unit < 0x800 ? 1 : 2;
  }
  return bytes;
}

function bufferBytes(data: Buffer | undefined): number {
  return 4 + (data === undefined ? 0 : data.length);
}

function aclBytes(
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
