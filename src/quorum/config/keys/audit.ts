import { bytesOfKiB, type KeySpec, PROPERTY } from './key-spec.ts';

export const SLF4J_AUDIT_LOGGER = 'org.apache.zookeeper.audit.Slf4jAuditLogger';

/** The keys of the audit log: who changed which node. */
export const AUDIT_KEYS = {
  'audit.enable': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    means: 'A line for each change that a client asked for: who, from where, which node, done or refused.',
  },
  'audit.impl.class': {
    ...PROPERTY,
    type: 'text',
    default: SLF4J_AUDIT_LOGGER,
    means: 'The writer of those lines. There is this one.',
  },
  'audit.file': {
    ...PROPERTY,
    type: 'path',
    default: undefined,
    means: 'The file for those lines; without it they are lines of the log. Not in Apache, which asks `logback.xml`.',
  },
  'audit.fileSizeLimitInKb': {
    ...PROPERTY,
    type: 'int',
    default: 10_240,
    min: 1,
    max: 1 << 30,
    field: 'auditFileLimitBytes',
    to: bytesOfKiB,
    means:
      'KiB; when the file would grow beyond it, it becomes `<file>.1`, that one `<file>.2`, and so on. Not in Apache.',
  },
  'audit.fileRetainCount': {
    ...PROPERTY,
    type: 'int',
    default: 10,
    min: 1,
    max: 1000,
    field: 'auditFileRetainCount',
    means: 'Files of that kind that are kept beside the one being written. Not in Apache.',
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
