import { basename, dirname } from 'node:path';
import { messageOf, ProtocolError } from '../../base/errors.ts';
import { zxidOfPayload } from '../../txnlog/log/log-format.ts';
import { NewFile } from './new-file.ts';
import { RawLog, type RawRecord } from './raw-log.ts';
import { line, ToolError, type ToolIo, withoutServer } from './tool.ts';
import { txnLine } from './txn-text.ts';

/**
 * TxnLogToolkit: prints a log file, writes a copy with its checksums mended, or a copy that ends at a transaction. The
 * file itself is never changed, and a copy is there whole or not at all.
 */
const USAGE = `usage: TxnLogToolkit [-dhrvc] <txn_log_file_name> (-z <zxid>)
 -c,--chop         Chop mode. Chop txn file to a zxid.
 -d,--dump         Dump mode. Dump all entries of the log file with printing the content of a nodepath (default)
 -h,--help         Print help message
 -r,--recover      Recovery mode. Re-calculate CRC for broken entries.
 -v,--verbose      Be verbose in recovery mode: print all entries, not just fixed ones.
 -y,--yes          Non-interactive mode: repair all CRC errors without asking
 -z,--zxid <arg>   Used with chop. Zxid to which to chop.`;

const FLAGS: Readonly<Record<string, string>> = {
  '--chop': 'c',
  '--dump': 'd',
  '--help': 'h',
  '--recover': 'r',
  '--verbose': 'v',
  '--yes': 'y',
  '--zxid': 'z',
};

interface Arguments {
  readonly flags: ReadonlySet<string>;
  readonly zxid: string | undefined;
  readonly file: string;
}

export function logToolkit(args: readonly string[], io: ToolIo): number {
  const parsed = parse(args);
  if (parsed === undefined) {
    line(io, USAGE);
    return 0;
  }
  const { flags, zxid, file } = parsed;
  if (flags.has('c') !== (zxid !== undefined)) throw new ToolError('-c and -z <zxid> belong together');
  if (zxid !== undefined) {
    if (flags.has('r')) throw new ToolError('-c and -r are two ways: the log is chopped, or its checksums are mended');
    return withoutServer([dirname(file)], () => chop(io, file, parseZxid(zxid)));
  }
  if (flags.has('r')) return withoutServer([dirname(file)], () => recover(io, file, flags));
  return dump(io, file);
}

/** undefined when help was all that was asked for. */
function parse(args: readonly string[]): Arguments | undefined {
  const flags = new Set<string>();
  const files: string[] = [];
  let zxid: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (!arg.startsWith('-') || arg === '-') {
      files.push(arg);
      continue;
    }
    const long = FLAGS[arg];
    if (long === undefined && (arg.startsWith('--') || !/^-[cdhrvyz]+$/.test(arg)))
      refuse(`Unrecognized option: ${arg}`);
    for (const flag of long ?? arg.slice(1)) {
      if (flag !== 'z') flags.add(flag);
      else {
        zxid = args[++i];
        if (zxid === undefined) refuse('Missing argument for option: z');
      }
    }
  }
  if (flags.has('h')) return undefined;
  if (files.length > 1) refuse(`one log at a time, not ${files.length}: ${files.join(' ')}`);
  if (files.length === 0) refuse('');
  return { flags, zxid, file: files[0] as string };
}

function refuse(why: string): never {
  throw new ToolError(why, 1, USAGE);
}

/** Decimal, or hexadecimal with 0x in front. */
function parseZxid(text: string): number {
  const zxid = Number(text);
  if (!/^(0[xX][0-9a-fA-F]+|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(zxid) || zxid < 1) {
    throw new ToolError(`-z takes a zxid, like 0x100000002 or 4294967298, not "${text}"`);
  }
  return zxid;
}

function openLog(io: ToolIo, file: string): RawLog {
  const log = new RawLog(file);
  line(io, `ZooKeeper Transactional Log File with dbid ${log.dbid} txnlog format version ${log.formatVersion}`);
  return log;
}

function lineOf(io: ToolIo, file: string, { payload, offset }: RawRecord): string {
  try {
    return txnLine(payload, io.timeZone);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return `${basename(file)}: the record at offset ${offset} is no transaction: ${messageOf(error)}`;
  }
}

function needEndMark(record: RawRecord): void {
  if (!record.hasEndMark) throw new ToolError('Last transaction was partial.');
}

function dump(io: ToolIo, file: string): number {
  const log = openLog(io, file);
  let count = 0;
  for (let record = log.next(); record !== undefined; record = log.next()) {
    const text = lineOf(io, file, record);
    if (record.checksum !== record.rightChecksum) line(io, `CRC ERROR - ${text}`);
    line(io, text);
    needEndMark(record);
    count++;
  }
  line(io, `EOF reached after ${count} txns.`);
  return 0;
}

class Aborted extends Error {}

function recover(io: ToolIo, file: string, flags: ReadonlySet<string>): number {
  const fixedPath = `${file}.fixed`;
  const log = new RawLog(file);
  log.close();
  const fixed = new NewFile(fixedPath, `Recovery file ${fixedPath} already exists or not writable`);
  let mended = 0;
  try {
    const source = openLog(io, file);
    fixed.write(source.header);
    let count = 0;
    for (let record = source.next(); record !== undefined; record = source.next()) {
      const isWrong = record.checksum !== record.rightChecksum;
      if (isWrong && isToBeMended(io, file, record, flags)) {
        record.bytes.writeBigInt64BE(record.rightChecksum, 0);
        mended++;
      }
      if (flags.has('v')) line(io, lineOf(io, file, record));
      needEndMark(record);
      fixed.write(record.bytes);
      count++;
    }
    line(io, `EOF reached after ${count} txns.`);
    fixed.finish();
  } catch (error) {
    fixed.discard();
    if (!(error instanceof Aborted)) throw error;
    io.err('Recovery aborted.\n');
    return 0;
  }
  line(io, `Recovery file ${fixedPath} has been written with ${mended} fixed CRC error(s)`);
  return 0;
}

function isToBeMended(io: ToolIo, file: string, record: RawRecord, flags: ReadonlySet<string>): boolean {
  if (flags.has('y')) {
    line(io, `CRC FIXED - ${lineOf(io, file, record)}`);
    return true;
  }
  line(io, `CRC ERROR - ${lineOf(io, file, record)}`);
  for (;;) {
    io.out('Would you like to fix it (Yes/No/Abort) ? ');
    const answer = io.readLine();
    if (answer === undefined || /^n/i.test(answer)) return false;
    if (/^y/i.test(answer)) return true;
    if (/^a/i.test(answer)) throw new Aborted();
  }
}

function chop(io: ToolIo, file: string, zxid: number): number {
  const log = openLog(io, file);
  const choppedPath = `${file}.chopped${zxid}`;
  const chopped = new NewFile(choppedPath, `${choppedPath} already exists or cannot be written`);
  try {
    chopped.write(log.header);
    let count = 0;
    for (let record = log.next(); record !== undefined; record = log.next()) {
      if (record.checksum !== record.rightChecksum) {
        throw new ToolError(
          `CRC doesn't match ${record.checksum} vs ${record.rightChecksum} at offset ${record.offset}: mend it first (-r)`,
        );
      }
      needEndMark(record);
      chopped.write(record.bytes);
      count++;
      const at = zxidOfPayload(record.payload, 0);
      if (at === zxid) {
        line(io, `Chopping at ${at.toString(16)} new log has ${count} records`);
        chopped.finish();
        return 0;
      }
      if (at > zxid) throw new ToolError(`This log does not contain zxid ${zxid.toString(16)}`);
    }
    line(io, `EOF reached after ${count} txns.`);
    throw new ToolError(`Failed to chop ${basename(file)}: this log does not contain zxid ${zxid.toString(16)}`);
  } catch (error) {
    chopped.discard();
    throw error;
  }
}
