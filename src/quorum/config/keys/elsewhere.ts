import { FOR_CLIENTS, ignored, type KeySpec, NO_JVM, NO_THREADS } from './key-spec.ts';

/** Audit, statistics, and what is for clients or for a JVM. */
export const OTHER_KEYS = {
  'audit.enable': { ...ignored('there is no audit log yet'), type: 'boolean', default: false, same: ['false'] },
  'audit.impl.class': { ...ignored('there is no audit log yet'), type: 'text', default: undefined },
  'pathStats.enabled': { ...ignored(NO_THREADS), type: 'boolean', default: false, same: ['false'] },
  'pathStats.slotDuration': { ...ignored(NO_THREADS), type: 'int', default: 15 },
  'pathStats.slotCapacity': { ...ignored(NO_THREADS), type: 'int', default: 60 },
  'pathStats.maxDepth': { ...ignored(NO_THREADS), type: 'int', default: 6 },
  'pathStats.sampleRate': { ...ignored(NO_THREADS), type: 'float', default: 0.1 },
  'pathStats.initialDelay': { ...ignored(NO_THREADS), type: 'long', default: 5 },
  'pathStats.delay': { ...ignored(NO_THREADS), type: 'long', default: 5 },
  'pathStats.topPathMax': { ...ignored(NO_THREADS), type: 'int', default: 20 },
  'jmx.log4j.disable': { ...ignored(NO_JVM), type: 'boolean', default: false },
  'jmx.log4j.mbean': { ...ignored(NO_JVM), type: 'text', default: undefined },
  'client.secure': { ...ignored(FOR_CLIENTS), type: 'boolean', default: false },
  clientCnxnSocket: { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
  'request.timeout': { ...ignored(FOR_CLIENTS), type: 'long', default: 0 },
  disableAutoWatchReset: { ...ignored(FOR_CLIENTS), type: 'boolean', default: false },
  'sasl.client': { ...ignored(FOR_CLIENTS), type: 'boolean', default: true },
  'sasl.clientconfig': { ...ignored(FOR_CLIENTS), type: 'text', default: 'Client' },
  'sasl.client.username': { ...ignored(FOR_CLIENTS), type: 'text', default: 'zookeeper' },
  'sasl.client.canonicalize.hostname': { ...ignored(FOR_CLIENTS), type: 'boolean', default: true },
  'server.principal': { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
  'server.realm': { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
} as const satisfies Readonly<Record<string, KeySpec>>;
