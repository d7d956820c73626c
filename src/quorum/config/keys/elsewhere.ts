import { FOR_CLIENTS, ignored, type KeySpec, meaningless, NO_JVM } from './key-spec.ts';

/** Statistics, and what is for clients or for a JVM. */
export const OTHER_KEYS = {
  'pathStats.enabled': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  'pathStats.slotDuration': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'int',
    default: 15,
  },
  'pathStats.slotCapacity': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'int',
    default: 60,
  },
  'pathStats.maxDepth': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'int',
    default: 6,
  },
  'pathStats.sampleRate': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'float',
    default: 0.1,
  },
  'pathStats.initialDelay': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'long',
    default: 5,
  },
  'pathStats.delay': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'long',
    default: 5,
  },
  'pathStats.topPathMax': {
    ...ignored('requests are not counted by path; the metrics count bytes by namespace'),
    type: 'int',
    default: 20,
  },
  'jmx.log4j.disable': { ...meaningless(NO_JVM), type: 'boolean', default: false },
  'jmx.log4j.mbean': { ...meaningless(NO_JVM), type: 'text', default: undefined },
  'client.secure': { ...meaningless(FOR_CLIENTS), type: 'boolean', default: false },
  clientCnxnSocket: { ...meaningless(FOR_CLIENTS), type: 'text', default: undefined },
  'request.timeout': { ...meaningless(FOR_CLIENTS), type: 'long', default: 0 },
  disableAutoWatchReset: { ...meaningless(FOR_CLIENTS), type: 'boolean', default: false },
  'sasl.client': { ...meaningless(FOR_CLIENTS), type: 'boolean', default: true },
  'sasl.clientconfig': { ...meaningless(FOR_CLIENTS), type: 'text', default: 'Client' },
  'sasl.client.username': { ...meaningless(FOR_CLIENTS), type: 'text', default: 'zookeeper' },
  'sasl.client.canonicalize.hostname': { ...meaningless(FOR_CLIENTS), type: 'boolean', default: true },
  'server.principal': { ...meaningless(FOR_CLIENTS), type: 'text', default: undefined },
  'server.realm': { ...meaningless(FOR_CLIENTS), type: 'text', default: undefined },
} as const satisfies Readonly<Record<string, KeySpec>>;
