import { existsSync, readFileSync } from 'node:fs';
import { auditValue } from '../../server/audit/audit-log.ts';
import type { Change } from './changes.ts';

/**
 * Tells who a session was, from the lines of audit logs: files of `audit.file`, logs of a server with such lines among
 * others, and the files that Apache ZooKeeper writes.
 */
export interface Identity {
  /** As the audit log has it: names with commas between, the address among them. */
  readonly user: string;
  readonly ip: string | undefined;
}

interface AuditedLine extends Identity {
  readonly timeMs: number;
  readonly operation: string;
  readonly znode: string | undefined;
}

/** The clocks of the leader and of the client's server may differ by this much. */
const CLOCKS_APART_MS = 300_000;

export class Identities {
  private readonly lines = new Map<bigint, AuditedLine[]>();
  private readonly znode: string;

  /** Only lines of these sessions are kept. */
  constructor(path: string, sessions: Iterable<bigint>) {
    this.znode = auditValue(path);
    for (const session of sessions) this.lines.set(session, []);
  }

  /** A file and those that turned over before it, or that file alone. Throws what reading throws. */
  read(path: string): void {
    const files = [path];
    for (let i = 1; existsSync(`${path}.${i}`); i++) files.unshift(`${path}.${i}`);
    for (const file of files) for (const line of readFileSync(file, 'utf8').split('\n')) this.take(line);
  }

  private take(line: string): void {
    const at = line.indexOf('session=0x');
    if (at === -1) return;
    const [timeMs, text] = line.startsWith('{') ? partsOfJson(line) : [timeOf(line.slice(0, at)), line.slice(at)];
    const fields = new Map<string, string>();
    for (const [name, value] of text.split('\t').map(split)) {
      // Apache does not escape: the first one is its own, and what comes later may stand in a path.
      if (!fields.has(name)) fields.set(name, value);
    }
    const session = /^0x[0-9a-f]{1,16}$/.exec(fields.get('session') ?? '')?.[0];
    const user = fields.get('user');
    const ip = fields.get('ip');
    // Without an address it is what a server did itself.
    if (session === undefined || user === undefined || ip === undefined || Number.isNaN(timeMs)) return;
    this.lines.get(BigInt.asIntN(64, BigInt(session)))?.push({
      timeMs,
      user: auditValue(user),
      ip: auditValue(ip),
      operation: fields.get('operation') ?? '',
      znode: fields.get('znode'),
    });
  }

  /** The line of the change itself, or else another one of its session. */
  of(change: Change): Identity | undefined {
    const lines = this.lines.get(change.session) ?? [];
    const own = lines.filter(
      ({ operation, znode, timeMs }) =>
        operation === change.operation && znode === this.znode && Math.abs(timeMs - change.timeMs) <= CLOCKS_APART_MS,
    );
    return nearest(own.length > 0 ? own : lines, change.timeMs);
  }
}

function nearest(lines: readonly AuditedLine[], timeMs: number): AuditedLine | undefined {
  let best: AuditedLine | undefined;
  for (const line of lines) {
    if (best === undefined || Math.abs(line.timeMs - timeMs) < Math.abs(best.timeMs - timeMs)) best = line;
  }
  return best;
}

function split(field: string): [string, string] {
  const at = field.indexOf('=');
  return at === -1 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
}

/** `2026-11-30T14:05:00.123Z INFO audit: ` and Logback's `2026-11-30 14:05:00,123 INFO ...`, which is local time. */
function timeOf(prefix: string): number {
  const written = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)[.,](\d{3})(Z?)/.exec(prefix);
  return written === null ? Number.NaN : Date.parse(`${written[1]}T${written[2]}.${written[3]}${written[4]}`);
}

function partsOfJson(line: string): [number, string] {
  try {
    const { time, msg } = JSON.parse(line) as { time?: unknown; msg?: unknown };
    return [Date.parse(String(time)), String(msg)];
  } catch {
    return [Number.NaN, ''];
  }
}
