import { messageOf } from '../base/errors.ts';
import type { DatabaseOptions } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { epochOf, type Zxid, zxidHex } from '../jute/zxid.ts';
import { ACCEPTED_EPOCH, CURRENT_EPOCH, epochIn } from '../txnlog/epoch-file.ts';
import { join, listLogs, listSnapshots, VERSION_DIR } from '../txnlog/file-names.ts';
import { LogFileReader } from '../txnlog/log/log-file-reader.ts';
import { loadSnapshot, looksComplete } from '../txnlog/snapshot/snapshot-reader.ts';
import { bad, type Finding, good, note } from './finding.ts';
import { LogTimes } from './log-times.ts';

/** The files of a peer, read from their first byte to their last; nothing is written. */
export interface FilesToCheck {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** A server has the directories open: the end of its log is still being written. */
  readonly inUse: boolean;
}

const ABOUT = 'files';

export function checkFiles(disk: Disk, dirs: FilesToCheck, options: DatabaseOptions): Finding[] {
  const snapDir = join(dirs.dataDir, VERSION_DIR);
  const logDir = join(dirs.dataLogDir, VERSION_DIR);
  try {
    if (!disk.exists(snapDir) && !disk.exists(logDir)) {
      return [note(ABOUT, `${dirs.dataDir} holds no history: a server that starts on it is empty`)];
    }
    const snapshot = checkSnapshots(disk, snapDir, options);
    return [...snapshot.findings, ...checkLogs(disk, logDir, snapshot.zxid, dirs.inUse), ...checkEpochs(disk, snapDir)];
  } catch (error) {
    return [bad(ABOUT, `the directories cannot be read: ${messageOf(error)}`, 'run as the user of the server')];
  }
}

interface CheckedSnapshots {
  readonly findings: Finding[];
  /** Of the newest that loads. */
  readonly zxid: Zxid | undefined;
}

function checkSnapshots(disk: Disk, dir: string, options: DatabaseOptions): CheckedSnapshots {
  const findings: Finding[] = [];
  if (!disk.exists(dir)) return { findings, zxid: undefined };
  for (const snapshot of listSnapshots(disk, dir)) {
    const path = join(dir, snapshot.name);
    try {
      const verdict = looksComplete(disk, dir, snapshot) ? loadSnapshot(disk, dir, snapshot, options) : undefined;
      if (verdict?.database !== undefined) {
        const { nodeCount } = verdict.database.tree;
        findings.push(good(ABOUT, `${path} is whole: ${nodeCount} nodes at zxid 0x${zxidHex(snapshot.zxid)}`));
        return { findings, zxid: snapshot.zxid };
      }
      const why = verdict?.defect ?? 'it was not written to its end';
      findings.push(
        bad(ABOUT, `${path} cannot be loaded: ${why}`, 'an older one serves while the logs since are there'),
      );
    } catch (error) {
      findings.push(bad(ABOUT, `${path} cannot be read: ${messageOf(error)}`));
    }
  }
  return { findings, zxid: undefined };
}

function checkLogs(disk: Disk, dir: string, from: Zxid | undefined, inUse: boolean): Finding[] {
  if (!disk.exists(dir)) return [];
  const logs = listLogs(disk, dir);
  if (logs.length === 0) return [note(ABOUT, `${dir} holds no log`)];
  const findings: Finding[] = [];
  let records = 0;
  let last: Zxid | undefined;
  const times = new LogTimes();
  logs.forEach(({ name }, i) => {
    const path = join(dir, name);
    const isLast = i === logs.length - 1;
    try {
      const reader = new LogFileReader(disk, path);
      for (let record = reader.next(); record !== undefined; record = reader.next()) {
        if (last !== undefined && record.zxid <= last) {
          findings.push(
            bad(
              ABOUT,
              `${path}: zxid 0x${zxidHex(record.zxid)} at offset ${record.offset} is behind 0x${zxidHex(last)}`,
            ),
          );
        }
        findings.push(...times.check(record));
        records++;
        last = record.zxid;
      }
      if (reader.defect !== undefined) findings.push(brokenAt(path, reader, last, isLast, inUse));
      reader.close();
    } catch (error) {
      findings.push(bad(ABOUT, `${path} cannot be read: ${messageOf(error)}`));
    }
  });
  const first = (logs[0] as { zxid: Zxid }).zxid;
  if (from !== undefined && first > from + 1 && epochOf(first) === epochOf(from)) {
    findings.push(
      bad(
        ABOUT,
        `the log begins at 0x${zxidHex(first)}, and the newest whole snapshot ends at 0x${zxidHex(from)}`,
        'the transactions between them are missing: restore them, or let another server bring this one up',
      ),
    );
  }
  findings.push(...times.checkNow(Date.now()));
  const ends = last === undefined ? 'without a transaction' : `up to zxid 0x${zxidHex(last)}`;
  findings.push(
    good(ABOUT, `${logs.length} log ${logs.length === 1 ? 'file' : 'files'} with ${records} transactions, ${ends}`),
  );
  return findings;
}

function brokenAt(
  path: string,
  reader: { readonly defect: string | undefined; readonly offset: number },
  last: Zxid | undefined,
  isLast: boolean,
  inUse: boolean,
): Finding {
  const behind = last === undefined ? 'before any transaction' : `behind zxid 0x${zxidHex(last)}`;
  const text = `${path} breaks off at offset ${reader.offset}, ${behind}: ${reader.defect}`;
  if (isLast && inUse) return note(ABOUT, `${text}; the server is writing it`);
  if (isLast)
    return note(ABOUT, `${text}; an end that was being written when the server was killed is cut at the start`);
  return bad(ABOUT, text, 'a server does not start on it: take its directory away and let it catch up from the others');
}

function checkEpochs(disk: Disk, dir: string): Finding[] {
  const accepted = epochIn(disk, dir, ACCEPTED_EPOCH);
  const current = epochIn(disk, dir, CURRENT_EPOCH);
  const findings = [accepted, current].flatMap((epoch) =>
    typeof epoch === 'object' ? [bad(ABOUT, epoch.reason)] : [],
  );
  if (typeof accepted === 'number' && typeof current === 'number' && accepted < current) {
    findings.push(bad(ABOUT, `acceptedEpoch is ${accepted} and currentEpoch ${current}: the first is never smaller`));
  }
  return findings;
}
