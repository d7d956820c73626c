// Shows answers with everything that may rightly differ between two servers named instead of shown. Session ids become
// names in the order they were granted; a time becomes the zxid it belongs to, after a check that it always was the same
// for that zxid; lists the server keeps as sets are sorted.
import { decodeResponse, type OpName, op, type Stat } from '../raw/records.ts';
import type { Reply } from '../raw/session.ts';

export const nameOfType: ReadonlyMap<number, OpName> = new Map(
  Object.entries(op).map(([name, type]) => [type, name as OpName]),
);

export class Namer {
  private readonly sessions = new Map<bigint, string>();
  private readonly times = new Map<bigint, bigint>();

  session(id: bigint): string {
    const name = this.sessions.get(id) ?? `session ${this.sessions.size + 1}`;
    this.sessions.set(id, name);
    return name;
  }

  reply(name: OpName, { xid, zxid, err, body }: Reply): { readonly [field: string]: unknown } {
    // A multiRead that fails half-way leaves what it had behind the header; no client looks there.
    if (err !== 0) return { xid, zxid, err, body: name === 'multiRead' ? '' : body.toString('hex') };
    try {
      return { xid, zxid, err, value: this.named(decodeResponse(name, body)) };
    } catch (error) {
      return { xid, zxid, err, body: body.toString('hex'), unreadable: String(error) };
    }
  }

  private named(value: unknown): unknown {
    if (value === null || typeof value !== 'object') return value;
    // The configuration names ports, of which each side has its own.
    if (Buffer.isBuffer(value)) return value.toString('latin1').replaceAll(/:22\d(\d\d)\b/g, ':22x$1');
    if (Array.isArray(value)) return value.map((item) => this.named(item));
    const out: { [field: string]: unknown } = {};
    for (const [field, part] of Object.entries(value)) {
      if (field === 'stat') out[field] = this.stat(part as Stat);
      else if ((field === 'children' || field === 'ephemerals') && Array.isArray(part)) out[field] = [...part].sort();
      else out[field] = this.named(part);
    }
    return out;
  }

  private stat(stat: Stat): unknown {
    return {
      ...stat,
      ctime: this.time(stat.czxid, stat.ctime),
      mtime: this.time(stat.mzxid, stat.mtime),
      ephemeralOwner: stat.ephemeralOwner === 0n ? 0n : (this.sessions.get(stat.ephemeralOwner) ?? stat.ephemeralOwner),
    };
  }

  private time(zxid: bigint, time: bigint): string | bigint {
    if (time === 0n) return 0n;
    // The configuration, which each server writes for itself.
    if (zxid === 0n) return 'the start of a server';
    const first = this.times.get(zxid);
    if (first === undefined) {
      this.times.set(zxid, time);
      const offMs = Math.abs(Date.now() - Number(time));
      return offMs < 3_600_000 ? `time of ${zxid}` : `not a time of today: ${time}`;
    }
    return first === time ? `time of ${zxid}` : `${time}, but ${zxid} was at ${first}`;
  }
}
