/**
 * The audit log as the server writes it, a line for each change that somebody asked for. src/embed opens the file or the log
 * behind it; without `audit.enable` there is none.
 */
export type AuditResult = 'success' | 'failure' | 'invoked';

export interface AuditLog {
  /** The user that this server runs as: it deletes the ephemeral nodes of sessions that are over. */
  readonly serverUser: string;
  /** `line` is without an end of line and without the time. */
  write(line: string, result: AuditResult): void;
}

/** Fields that are undefined are left out. */
export interface AuditEvent {
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  readonly ip?: string | undefined;
  readonly operation: string;
  readonly znode?: string | undefined;
  readonly znodeType?: string | undefined;
  readonly acl?: string | undefined;
  readonly result: AuditResult;
}

/** Paths, names and ACLs of a refused request are as long as the client likes. */
export const AUDIT_VALUE_CHARS = 4096;

/**
 * The fields as AuditEvent.toString has them:
 *
 *   line = [ "session=" hex TAB ] [ "user=" names TAB ] [ "ip=" address TAB ] "operation=" name
 *          [ TAB "znode=" path ] [ TAB "znode_type=" mode ] [ TAB "acl=" text ] TAB "result=" result
 */
export function auditLine(event: AuditEvent): string {
  const fields: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) fields.push(`${name}=${auditValue(value)}`);
  };
  add('session', event.session);
  add('user', event.user);
  add('ip', event.ip);
  add('operation', event.operation);
  add('znode', event.znode);
  add('znode_type', event.znodeType);
  add('acl', event.acl);
  add('result', event.result);
  return fields.join('\t');
}

/** A value as it stands in a line. Names and refused paths may hold anything, and one with a tab or a line end in it would forge fields and lines. */
export function auditValue(value: string): string {
  const bounded = value.length <= AUDIT_VALUE_CHARS ? value : `${value.slice(0, AUDIT_VALUE_CHARS)}...`;
  return CONTROL.test(bounded) ? bounded.replace(CONTROLS, escaped) : bounded;
}

const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

function escaped(char: string): string {
  if (char === '\t') return '\\t';
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
