import { messageOf } from '../../base/errors.ts';
import { LOG_COMPONENTS, LOG_LEVELS, type LogComponent } from '../../base/log.ts';
import { parseZxidHex, zxidText } from '../../jute/zxid.ts';
import {
  type AdminAnswer,
  type AdminCommand,
  type AdminContext,
  type CommandBody,
  guarded,
  guardedAnytime,
} from './admin-command.ts';
import { transfer } from './changes-of-members.ts';

/** Commands that cost the server much or take clients from it: for holders of every permission on the root alone. */
export function guardedCommands(): readonly AdminCommand[] {
  const snapshots = new RateLimiter();
  const restores = new RateLimiter();
  return [
    {
      ...guarded('GET', ['snapshot', 'snap'], (context, query) => snapshot(context, query, snapshots)),
      sendsHistory: true,
    },
    { ...guarded('GET', ['txn_log'], txnLog), sendsHistory: true },
    {
      ...guarded('POST', ['restore', 'rest'], (context, _query, body) => restore(context, body, restores)),
      takesStream: true,
    },
    guarded('POST', ['shed_connections', 'shed'], shedConnections),
    guarded('POST', ['transfer'], transfer),
    guardedAnytime(['log_level'], logLevel),
    guardedAnytime(['slow_requests'], slowRequests),
  ];
}

/** One in each interval, from the first on. */
class RateLimiter {
  private lastMs = Number.NEGATIVE_INFINITY;

  allow(nowMs: number, intervalMs: number): boolean {
    if (nowMs - this.lastMs < intervalMs) return false;
    this.lastMs = nowMs;
    return true;
  }
}

async function snapshot(context: AdminContext, query: URLSearchParams, limiter: RateLimiter): Promise<AdminAnswer> {
  const { options, server } = context;
  if (!options.snapshotEnabled) return { status: 503, error: 'admin.snapshot.enabled is false' };
  if (!limiter.allow(server.clock.nowMs(), options.rateLimiterIntervalMs)) {
    server.metrics.disk.snapshotsRateLimited.add(1);
    return {
      status: 429,
      error: `one snapshot in ${options.rateLimiterIntervalMs} ms (admin.rateLimiterIntervalInMS)`,
    };
  }
  try {
    const file = await context.takeSnapshot();
    const headers = { last_zxid: file.zxid, snapshot_size: String(file.bytes) };
    return query.get('streaming') === 'false' ? { headers } : { headers, file: file.path };
  } catch (error) {
    return { status: 500, error: messageOf(error) };
  }
}

/**
 * Ours: a piece of the log from a transaction on, as a log file, for backups that follow. Only what is applied is in it,
 * so that no later leader can take it back.
 */
async function txnLog({ options, readLog }: AdminContext, query: URLSearchParams): Promise<AdminAnswer> {
  if (!options.snapshotEnabled) return { status: 503, error: 'admin.snapshot.enabled is false' };
  const from = parseZxidHex((query.get('from') ?? '').replace(/^0x/i, '').toLowerCase());
  if (from === undefined) {
    return { status: 400, error: `from is a zxid in hex digits, as in from=0x200000005, got ${query.get('from')}` };
  }
  try {
    const { bytes, applied, isEnd, acceptedEpoch, currentEpoch } = await readLog(from);
    const headers = {
      applied_zxid: zxidText(applied),
      is_end: String(isEnd),
      ...(acceptedEpoch === undefined ? {} : { accepted_epoch: String(acceptedEpoch) }),
      ...(currentEpoch === undefined ? {} : { current_epoch: String(currentEpoch) }),
    };
    if (bytes === undefined) {
      return { status: 410, headers, error: `the log begins behind zxid ${zxidText(from)}: take a snapshot` };
    }
    return { headers, bytes };
  } catch (error) {
    return { status: 500, error: messageOf(error) };
  }
}

async function restore(context: AdminContext, body: CommandBody, limiter: RateLimiter): Promise<AdminAnswer> {
  const { options, server } = context;
  const { disk } = server.metrics;
  if (!options.restoreEnabled) return { status: 503, error: 'admin.restore.enabled is false' };
  if (body === undefined || Buffer.isBuffer(body)) return { status: 400, error: 'the request has no snapshot' };
  if (!limiter.allow(server.clock.nowMs(), options.rateLimiterIntervalMs)) {
    disk.restoresRateLimited.add(1);
    return { status: 429, error: `one restore in ${options.rateLimiterIntervalMs} ms (admin.rateLimiterIntervalInMS)` };
  }
  const startedMs = server.clock.nowMs();
  try {
    const zxid = await context.restore(body);
    disk.restoreTime.add(Math.round(server.clock.nowMs() - startedMs));
    return { fields: { last_zxid: zxid } };
  } catch (error) {
    disk.restoreErrors.add(1);
    return { status: 500, error: messageOf(error) };
  }
}

/**
 * Shown, and with `level` set first: no restart is needed to see more of what happens. With `component` it is that of
 * one part of the server, and `level=default` makes it that of all again.
 */
function logLevel({ logLevels }: AdminContext, query: URLSearchParams): AdminAnswer {
  if (logLevels === undefined) return { status: 503, error: 'the log belongs to the program that runs this server' };
  const component = query.get('component');
  const level = query.get('level');
  if (component !== null && !isComponent(component)) {
    return { status: 400, error: `component is one of ${LOG_COMPONENTS.join(', ')}, got ${component}` };
  }
  const levels = component === null ? LOG_LEVELS : [...LOG_LEVELS, 'default'];
  if (level !== null && !levels.includes(level)) {
    return { status: 400, error: `level is one of ${levels.join(', ')}, got ${level}` };
  }
  if (component !== null && level === null) return { status: 400, error: `component=${component} needs a level` };
  if (level !== null) {
    if (component === null) logLevels.level = level;
    else logLevels.setComponent(component, level === 'default' ? undefined : level);
  }
  return { fields: { level: logLevels.level, components: Object.fromEntries(logLevels.components) } };
}

function isComponent(name: string): name is LogComponent {
  return (LOG_COMPONENTS as readonly string[]).includes(name);
}

/** The limit of slowRequestMs, shown, and with `ms` set first; 0: no request is slow. */
function slowRequests({ server }: AdminContext, query: URLSearchParams): AdminAnswer {
  const asked = query.get('ms');
  if (asked !== null && !/^\d{1,9}$/.test(asked)) return { status: 400, error: `ms is a whole number, got ${asked}` };
  if (asked !== null) server.slow.setLimit(Number(asked) > 0 ? Number(asked) : undefined);
  const { limitMs } = server.slow;
  const count = server.metrics.requests.slowRequests.value;
  return { fields: { ms: Number.isFinite(limitMs) ? limitMs : 0, slow_requests: count } };
}

/** The request is a JSON object: {"percentage": 0 to 100}. Each connection is closed with that chance. */
function shedConnections({ server }: AdminContext, _query: URLSearchParams, body: CommandBody): AdminAnswer {
  if (!Buffer.isBuffer(body) || body.length === 0) return { status: 400, error: 'Request body is required' };
  let asked: unknown;
  try {
    asked = (JSON.parse(body.toString('utf8')) as { readonly percentage?: unknown } | null)?.percentage;
  } catch (error) {
    return { status: 400, error: `Invalid JSON or failed to read request body: ${messageOf(error)}` };
  }
  if (asked === undefined) return { status: 400, error: 'Missing required field: percentage' };
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 0 || asked > 100) {
    return { status: 400, error: 'Percentage must be between 0 and 100' };
  }
  let shed = 0;
  for (const connection of [...server.connections]) {
    if (Math.random() * 100 >= asked) continue;
    connection.close('shed by the admin command', true, 'info');
    shed++;
  }
  return { fields: { connections_shed: shed, percentage_requested: asked } };
}
