import { ignored, type KeySpec, NO_ADMIN, NO_THREADS, NO_TLS, PROPERTY, refused } from './key-spec.ts';

/** Ports for clients and for operators. */
export const NETWORK_KEYS = {
  // Network
  serverCnxnFactory: {
    ...ignored('connections are served one way'),
    type: 'text',
    default: 'org.apache.zookeeper.server.NIOServerCnxnFactory',
    same: ['org.apache.zookeeper.server.nioservercnxnfactory', 'org.apache.zookeeper.server.nettyservercnxnfactory'],
  },
  'nio.numSelectorThreads': { ...ignored(NO_THREADS), type: 'int', default: undefined },
  'nio.numWorkerThreads': { ...ignored(NO_THREADS), type: 'int', default: undefined },
  'nio.directBufferBytes': { ...ignored(NO_THREADS), type: 'int', default: 65_536 },
  'nio.sessionlessCnxnTimeout': {
    ...PROPERTY,
    type: 'int',
    default: 10_000,
    min: 1,
    field: 'sessionlessCnxnTimeoutMs',
    means: 'ms; a connection that asked for no session by then is closed.',
  },
  'nio.shutdownTimeout': { ...ignored(NO_THREADS), type: 'long', default: 5000 },
  clientTcpKeepAlive: {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'clientTcpKeepAlive',
    means: 'TCP keep-alive on client connections.',
  },
  'netty.advancedFlowControl.enabled': { ...ignored(NO_THREADS), type: 'boolean', default: false, same: ['false'] },
  'netty.server.outstandingHandshake.limit': { ...ignored(NO_TLS), type: 'int', default: -1 },
  'netty.server.earlyDropSecureConnectionHandshakes': { ...ignored(NO_TLS), type: 'boolean', default: false },
  'client.portUnification': { ...refused(NO_TLS), type: 'boolean', default: false, same: ['false'] },
  'client.certReload': { ...refused(NO_TLS), type: 'boolean', default: false, same: ['false'] },
  '4lw.commands.whitelist': {
    ...PROPERTY,
    type: 'text',
    default: 'ruok, srvr, stat, mntr, conf, isro, dirs, wchs, hash, envi',
    means: 'Four-letter words that are answered, separated by commas; `*`: all. `srvr` always is.',
  },
  // Watches
  watchManagerName: {
    ...ignored('there is one kind of watch table'),
    type: 'text',
    default: 'org.apache.zookeeper.server.watch.WatchManager',
    same: ['org.apache.zookeeper.server.watch.watchmanager', 'org.apache.zookeeper.server.watch.watchmanageroptimized'],
  },
  watcherCleanThreadsNum: { ...ignored(NO_THREADS), type: 'int', default: 2 },
  watcherCleanThreshold: { ...ignored(NO_THREADS), type: 'int', default: 1000 },
  watcherCleanIntervalInSeconds: { ...ignored(NO_THREADS), type: 'int', default: 600 },
  maxInProcessingDeadWatchers: { ...ignored(NO_THREADS), type: 'int', default: -1 },
  bitHashCacheSize: { ...ignored(NO_THREADS), type: 'int', default: 10 },
  // HTTP admin server
  'admin.enableServer': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },
  'admin.serverAddress': { ...ignored(NO_ADMIN), type: 'text', default: '0.0.0.0' },
  'admin.serverPort': { ...ignored(NO_ADMIN), type: 'int', default: 8080 },
  'admin.commandURL': { ...ignored(NO_ADMIN), type: 'text', default: '/commands' },
  'admin.idleTimeout': { ...ignored(NO_ADMIN), type: 'int', default: 30_000 },
  'admin.httpVersion': { ...ignored(NO_ADMIN), type: 'int', default: 11 },
  'admin.portUnification': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.forceHttps': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.needClientAuth': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.rateLimiterIntervalInMS': { ...ignored(NO_ADMIN), type: 'int', default: 300_000 },
  'admin.snapshot.enabled': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },
  'admin.restore.enabled': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },
} as const satisfies Readonly<Record<string, KeySpec>>;
