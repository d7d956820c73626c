import { OpCode } from '../../jute/codes.ts';
import { type Acl, isNullText } from '../../jute/data-records.ts';
import { Reader } from '../../jute/reader.ts';
import { readTxnBody, readTxnHeader, type TxnBody, type TxnHeader } from '../../jute/txns.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { shortDateLongTime } from './java-dates.ts';

/**
 * A transaction as one line of TxnLogToolkit:
 *
 *   line    = date " session 0x" hex " cxid 0x" hex " zxid 0x" hex " " type " " content
 *   content = fields with commas between them, or a record as jute prints it; the parts of a multi with ";" between
 */
export function txnLine(payload: Buffer, timeZone?: string): string {
  const r = new Reader(payload);
  const header = readTxnHeader(r);
  const content = contentText(r, header);
  const session = BigInt.asUintN(64, header.clientId).toString(16);
  const cxid = (header.cxid >>> 0).toString(16);
  const head = `${shortDateLongTime(header.time, timeZone)} session 0x${session} cxid 0x${cxid} zxid 0x${zxidHex(header.zxid)}`;
  return `${head} ${typeName(header.type)} ${content}`;
}

const NAMES: Readonly<Record<number, string>> = {
  [OpCode.create]: 'create',
  [OpCode.create2]: 'create2',
  [OpCode.createTTL]: 'createTTL',
  [OpCode.createContainer]: 'createContainer',
  [OpCode.delete]: 'delete',
  [OpCode.deleteContainer]: 'deleteContainer',
  [OpCode.setData]: 'setData',
  [OpCode.reconfig]: 'reconfig',
  [OpCode.setACL]: 'setACL',
  [OpCode.check]: 'check',
  [OpCode.multi]: 'multi',
  [OpCode.createSession]: 'createSession',
  [OpCode.closeSession]: 'closeSession',
  [OpCode.error]: 'error',
};

function typeName(type: number): string {
  return NAMES[type] ?? `unknown ${type}`;
}

function contentText(r: Reader, header: TxnHeader): string {
  if (header.type === OpCode.multi) return multiText(r);
  return bodyText(readTxnBody(r, header.type, r.remaining));
}

/** The parts' records are printed as the bytes they are. */
function multiText(r: Reader): string {
  const parts: string[] = [];
  const count = r.readVectorLength(8);
  for (let i = 0; i < count; i++) {
    const type = r.readInt();
    parts.push(`${typeName(type)}:${dataText(r.readBuffer())}`);
  }
  return parts.join(';');
}

function bodyText(body: TxnBody): string {
  switch (body.kind) {
    case 'create': {
      const fields = [body.path, dataText(body.data), aclListText(body.acl)];
      if (body.type === OpCode.create || body.type === OpCode.create2) fields.push(String(body.ephemeral));
      fields.push(String(body.parentCVersion));
      if (body.type === OpCode.createTTL) fields.push(String(body.ttl));
      return fields.join(',');
    }
    case 'setData':
      return [body.path, dataText(body.data), String(body.version)].join(',');
    case 'delete':
      return juteText(body.path);
    case 'setACL':
      return [juteText(body.path), aclVectorText(body.acl), String(body.version)].join(',');
    case 'check':
      return [juteText(body.path), String(body.version)].join(',');
    case 'createSession':
      return String(body.timeoutMs);
    case 'closeSession':
      return body.paths === undefined ? '' : `v{${body.paths.map(juteText).join(',')}}`;
    case 'error':
      return String(body.err);
    // Apache's tool prints nothing of a record that it does not know.
    default:
      return '';
  }
}

function dataText(data: Buffer | undefined): string {
  return data === undefined ? '' : data.toString('utf8');
}

/** Each entry is a record of its own, and ends its line. */
function aclListText(acl: readonly Acl[] | undefined): string {
  if (acl === undefined) return 'null';
  return `[${acl.map((entry) => `${entry.perms},s{${idText(entry)}}\n`).join(', ')}]`;
}

function aclVectorText(acl: readonly Acl[] | undefined): string {
  return `v{${(acl ?? []).map((entry) => `s{${entry.perms},s{${idText(entry)}}}`).join(',')}}`;
}

function idText({ id }: Acl): string {
  return `${juteText(id.scheme)},${juteText(id.id)}`;
}

/** A string as jute prints it: a quote in front, and what would end a field escaped. */
function juteText(text: string): string {
  if (isNullText(text)) return '';
  return `'${text.replaceAll(/[%,}\n\r\0]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)}`;
}
