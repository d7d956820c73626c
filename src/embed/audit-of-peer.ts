import { userInfo } from 'node:os';
import { ConfigError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { type AuditLog, type AuditResult, auditLine } from '../server/audit/audit-log.ts';
import { AuditFile } from './audit-file.ts';

/** The audit log of one peer: the file or the log that takes its lines, and the lines of its own start and stop. */
type AuditKeys = Pick<PeerConfig, 'audit' | 'auditFileLimitBytes' | 'auditFileRetainCount'>;

export class AuditOfPeer implements AuditLog {
  readonly serverUser = nameOfUser();
  private readonly file: AuditFile | undefined;
  private readonly log: Log;
  private timeMs = Number.NaN;
  private timeText = '';

  /** Undefined where the configuration asks for none. Throws ConfigError for a file that cannot be opened. */
  static of(config: AuditKeys, log: Log): AuditOfPeer | undefined {
    return config.audit === undefined ? undefined : new AuditOfPeer(config, config.audit.file, log);
  }

  private constructor(config: AuditKeys, path: string | undefined, log: Log) {
    this.log = log;
    if (path === undefined) return;
    const options = { path, limitBytes: config.auditFileLimitBytes, retain: config.auditFileRetainCount };
    try {
      this.file = new AuditFile(options, log);
    } catch (error) {
      throw new ConfigError(`audit.file=${path}: it cannot be opened: ${messageOf(error)}`);
    }
  }

  write(line: string, result: AuditResult): void {
    const isRefused = result === 'failure';
    if (this.file !== undefined) {
      this.file.write(`${this.time()} ${isRefused ? 'ERROR' : 'INFO'} audit: ${line}`);
    } else if (isRefused) this.log.warn({}, line);
    else this.log.info({}, line);
  }

  /** Many lines are of one ms, and its text costs more than all else of them. */
  private time(): string {
    const nowMs = Date.now();
    if (nowMs !== this.timeMs) this.timeText = new Date(nowMs).toISOString();
    this.timeMs = nowMs;
    return this.timeText;
  }

  /** `invoked`: a stop was asked for. */
  onServer(operation: 'serverStart' | 'serverStop', result: AuditResult): void {
    this.write(auditLine({ user: this.serverUser, operation, result }), result);
  }

  /** Lines that were never written. */
  get lost(): number {
    return this.file?.lost ?? 0;
  }

  async reopen(): Promise<void> {
    await this.file?.reopen();
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's number without an entry in /etc/passwd.
    return String(process.getuid?.() ?? 'unknown');
  }
}
