import { aboveZero, type KeySpec, meaningless, PORT, PROPERTY } from './key-spec.ts';

/** Ports for clients and for operators. */
export const NETWORK_KEYS = {
  // Network
  serverCnxnFactory: {
    ...meaningless('connections are served one way'),
    type: 'text',
    default: 'org.apache.zookeeper.server.NIOServerCnxnFactory',
    same: ['org.apache.zookeeper.server.nioservercnxnfactory', 'org.apache.zookeeper.server.nettyservercnxnfactory'],
  },
  'nio.numSelectorThreads': { ...meaningless('one thread serves all connections'), type: 'int', default: undefined },
  'nio.numWorkerThreads': { ...meaningless('one thread serves all connections'), type: 'int', default: undefined },
  'nio.directBufferBytes': { ...meaningless('buffers grow with what arrives'), type: 'int', default: 65_536 },
  'nio.sessionlessCnxnTimeout': {
    ...PROPERTY,
    type: 'int',
    default: 10_000,
    min: 1,
    field: 'sessionlessCnxnTimeoutMs',
    means: 'ms; a connection that asked for no session by then is closed.',
  },
  'nio.shutdownTimeout': { ...meaningless('there is no thread of that kind to wait for'), type: 'long', default: 5000 },
  clientTcpKeepAlive: {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'clientTcpKeepAlive',
    means: 'TCP keep-alive on client connections.',
  },
  'netty.advancedFlowControl.enabled': {
    ...meaningless('a connection is not read while too many of its requests wait'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  'netty.server.outstandingHandshake.limit': {
    ...PROPERTY,
    type: 'int',
    default: -1,
    field: 'outstandingHandshakeLimit',
    to: aboveZero,
    means: 'TLS handshakes of clients under way at once; one more is closed. -1: without limit.',
  },
  'netty.server.earlyDropSecureConnectionHandshakes': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'dropsHandshakesWhenNotServing',
    means: 'A connection to `secureClientPort` is closed before its handshake while this server does not serve.',
  },
  'client.portUnification': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'clientPortUnification',
    means: '`clientPort` takes plain connections and TLS alike.',
  },
  'client.certReload': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'clientCertReload',
    means: 'Changed files of `ssl.*` are taken in without a restart.',
  },
  '4lw.commands.whitelist': {
    ...PROPERTY,
    type: 'text',
    default: 'ruok, srvr, stat, mntr, conf, isro, dirs, wchs, hash, envi',
    means: 'Four-letter words that are answered, separated by commas; `*`: all. `srvr` always is.',
  },
  // Watches
  watchManagerName: {
    ...meaningless('there is one kind of watch table'),
    type: 'text',
    default: 'org.apache.zookeeper.server.watch.WatchManager',
    same: ['org.apache.zookeeper.server.watch.watchmanager', 'org.apache.zookeeper.server.watch.watchmanageroptimized'],
  },
  watcherCleanThreadsNum: { ...meaningless('watches go with their connection, at once'), type: 'int', default: 2 },
  watcherCleanThreshold: { ...meaningless('watches go with their connection, at once'), type: 'int', default: 1000 },
  watcherCleanIntervalInSeconds: {
    ...meaningless('watches go with their connection, at once'),
    type: 'int',
    default: 600,
  },
  maxInProcessingDeadWatchers: {
    ...meaningless('watches go with their connection, at once'),
    type: 'int',
    default: -1,
  },
  bitHashCacheSize: { ...meaningless('there is one kind of watch table'), type: 'int', default: 10 },
  // HTTP admin server
  'admin.enableServer': {
    ...PROPERTY,
    type: 'boolean',
    default: true,
    field: 'adminEnabled',
    means: 'The admin server runs: commands, health and metrics over HTTP.',
  },
  'admin.serverAddress': {
    ...PROPERTY,
    type: 'host',
    default: '127.0.0.1',
    field: 'adminHost',
    means:
      'Where the admin server listens; `0.0.0.0` for all addresses, which shows paths and sessions to whoever asks.',
  },
  'admin.serverPort': {
    ...PROPERTY,
    ...PORT,
    type: 'int',
    default: 8080,
    field: 'adminPort',
    means: 'Its port. One that is taken is warned about, and the server goes on without.',
  },
  'admin.commandURL': {
    ...PROPERTY,
    type: 'text',
    default: '/commands',
    field: 'adminCommandUrl',
    means: 'The path in front of the names of its commands.',
  },
  'admin.idleTimeout': {
    ...PROPERTY,
    type: 'int',
    default: 30_000,
    min: 1,
    field: 'adminIdleTimeoutMs',
    means: 'ms; a connection of the admin server on which nothing moves is closed.',
  },
  'admin.httpVersion': { ...meaningless('HTTP/1.1 is spoken'), type: 'int', default: 11, same: ['11'] },
  'admin.portUnification': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'adminPortUnification',
    means: 'The admin server takes HTTP and HTTPS on its port (`ssl.quorum.*`).',
  },
  'admin.forceHttps': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'adminForceHttps',
    means: 'The admin server takes HTTPS alone; counts before `admin.portUnification`.',
  },
  'admin.needClientAuth': {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    field: 'adminNeedsClientAuth',
    means: 'HTTPS on the admin port takes a certificate of the caller.',
  },
  'admin.auth': {
    ...PROPERTY,
    type: 'text',
    default: 'none',
    choices: ['none', 'required'],
    field: 'adminRequiresAuth',
    to: isRequired,
    means:
      'With `required` every command and `/metrics` take a caller with every permission on `/`, which `world` does not give; not in Apache.',
  },
  'admin.rateLimiterIntervalInMS': {
    ...PROPERTY,
    type: 'int',
    default: 300_000,
    min: 0,
    field: 'adminRateLimiterIntervalMs',
    means: 'ms; one admin snapshot is taken in so long.',
  },
  'admin.snapshot.enabled': {
    ...PROPERTY,
    type: 'boolean',
    default: true,
    field: 'adminSnapshotEnabled',
    means: 'The admin command `snapshot` may be used.',
  },
  'admin.restore.enabled': {
    ...PROPERTY,
    type: 'boolean',
    default: true,
    field: 'adminRestoreEnabled',
    means: 'The admin command `restore` may be used.',
  },
} as const satisfies Readonly<Record<string, KeySpec>>;

function isRequired(value: string): boolean {
  return value === 'required';
}
