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
  let line = withField('', 'session', event.session);
  line = withField(line, 'user', event.user);
  line = withField(line, 'ip', event.ip);
  line = withField(line, 'operation', event.operation);
  line = withField(line, 'znode', event.znode);
  line = withField(line, 'znode_type', event.znodeType);
  line = withField(line, 'acl', event.acl);
  return withField(line, 'result', event.result);
}

function withField(line: string, name: string, value: string | undefined): string {
  if (value === undefined) return line;
  return `${line}${line === '' ? '' : '\t'}${name}=${auditValue(value)}`;
}

/** A value as it stands in a line. Names and refused paths may hold anything, and one with a tab or a line end in it would forge fields and lines. */
export function auditValue(value: string): string {
  const bounded = value.length <= AUDIT_VALUE_CHARS ? value : `${value.slice(0, AUDIT_VALUE_CHARS)}...`;
  return hasControl(bounded) ? bounded.replace(CONTROLS, escaped) : bounded;
}

/** Of the same characters; a loop takes a tenth of the expression's time, and each change asks for six values. */
function hasControl(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029) return true;
  }
  return false;
}

const CONTROLS = /[\p{Cc}\u2028\u2029]/gu;

function escaped(char: string): string {
  if (char === '\t') return '\\t';
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
