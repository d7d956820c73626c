import { resolve } from 'node:path';
import { SLF4J_AUDIT_LOGGER } from './keys/audit.ts';
import type { ConfigContext, Settings } from './settings.ts';

/** Where the audit log goes. */
export interface AuditConfig {
  /** Absolute; undefined: into the log. */
  readonly file: string | undefined;
}

const FILE_KEYS = ['audit.file', 'audit.fileSizeLimitInKb', 'audit.fileRetainCount'] as const;

/** Undefined: there is no audit log. */
export function readAudit(settings: Settings, { cwd }: ConfigContext): AuditConfig | undefined {
  if (!settings.value('audit.enable')) {
    for (const key of ['audit.impl.class', ...FILE_KEYS] as const) {
      const where = settings.get(key)?.where;
      if (where !== undefined) settings.warnings.push(`${where}: ${key} has no effect without audit.enable=true`);
    }
    return undefined;
  }
  if (settings.value('audit.impl.class') !== SLF4J_AUDIT_LOGGER) {
    settings.refuse(
      'audit.impl.class',
      `there is no such audit logger here; there is ${SLF4J_AUDIT_LOGGER}, with audit.file for a file of its own`,
    );
  }
  const file = settings.value('audit.file');
  for (const key of FILE_KEYS.slice(1)) {
    const where = settings.get(key)?.where;
    if (where !== undefined && file === undefined) {
      settings.warnings.push(`${where}: ${key} has no effect without audit.file`);
    }
  }
  return { file: file === undefined || !settings.sound('audit.file') ? undefined : resolve(cwd, file) };
}
