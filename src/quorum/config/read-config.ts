import { isAbsolute, resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { AUTH_PROVIDERS } from './keys.ts';
import type { PeerConfig } from './peer-config.ts';
import { readMembers } from './read-members.ts';
import { type ConfigContext, faultOf, Settings } from './settings.ts';
import { suggest } from './suggest.ts';

/**
 * From zoo.cfg to a PeerConfig: QuorumPeerConfig's defaults and cross-checks. Who is a member, and which of them this
 * peer is, read-members.ts finds out. Every refusal is a ConfigError that names file, line, key and what would be right.
 */
export interface ReadConfig {
  readonly config: PeerConfig;
  /** For the log, one line each. */
  readonly warnings: readonly string[];
}

export function readConfigFile(path: string, context: ConfigContext): ReadConfig {
  const file = resolve(context.cwd, path);
  if (!context.disk.exists(file)) throw new ConfigError(`${path}: there is no such file`);
  // Latin-1, as java.util.Properties reads: every byte survives, whatever it stands for.
  const text = context.disk.readSmall(file).toString('latin1');
  const settings = new Settings(path);
  settings.addFile(text, path);
  return build(settings, file, context);
}

/** The other way to start a standalone server: `<clientPort> <dataDir> [tickTime] [maxClientCnxns]`. */
export function readConfigArguments(args: readonly string[], context: ConfigContext): ReadConfig {
  const names = ['clientPort', 'dataDir', 'tickTime', 'maxClientCnxns'] as const;
  const settings = new Settings('config');
  for (const [i, name] of names.entries()) {
    const value = args[i];
    if (value !== undefined) settings.add({ key: name, value, where: `argument ${i + 1}` });
  }
  if (args.length < 2 || args.length > names.length) {
    throw new ConfigError('arguments: write <clientPort> <dataDir> [tickTime] [maxClientCnxns]');
  }
  return build(settings, undefined, context);
}

/** For programs that embed a peer: the keys of zoo.cfg as properties of an object. */
export function readConfigProperties(
  properties: Readonly<Record<string, string | number | boolean>>,
  context: ConfigContext,
): ReadConfig {
  const settings = new Settings('config');
  for (const [key, value] of Object.entries(properties)) settings.add({ key, value: String(value), where: 'config' });
  return build(settings, undefined, context);
}

function build(settings: Settings, configFile: string | undefined, context: ConfigContext): ReadConfig {
  settings.addJvmFlags(context.jvmFlags ?? '', 'SERVER_JVMFLAGS');
  settings.check();

  const { warnings } = settings;
  const pathOf = (value: string): string => resolve(context.cwd, value);
  const dataDirText = settings.value('dataDir');
  if (dataDirText === undefined || dataDirText === '') {
    throw settings.fault('dataDir', 'it is missing; name the directory for the data');
  }
  for (const key of ['dataDir', 'dataLogDir'] as const) {
    const value = settings.value(key);
    if (value !== undefined && !isAbsolute(value) && !value.startsWith('./')) {
      warnings.push(`${settings.get(key)?.where}: ${key}=${value} is relative; write ./${value} if that is meant`);
    }
  }
  const dataDir = pathOf(dataDirText);

  const members = readMembers(settings, configFile, dataDir, context);
  const tickTimeMs = settings.value('tickTime');
  const initLimitTicks = settings.value('initLimit');
  const syncLimitTicks = settings.value('syncLimit');
  if (members.distributed) {
    if (initLimitTicks === 0) throw settings.fault('initLimit', 'it is needed with server lines, in ticks, such as 10');
    if (syncLimitTicks === 0) throw settings.fault('syncLimit', 'it is needed with server lines, in ticks, such as 5');
  }
  const connectTicks = settings.value('connectToLearnerMasterLimit');
  const minSessionTimeout = settings.value('minSessionTimeout');
  const maxSessionTimeout = settings.value('maxSessionTimeout');
  const minSessionTimeoutMs = minSessionTimeout === -1 ? tickTimeMs * 2 : minSessionTimeout;
  const maxSessionTimeoutMs = maxSessionTimeout === -1 ? tickTimeMs * 20 : maxSessionTimeout;
  if (minSessionTimeoutMs > maxSessionTimeoutMs) {
    throw settings.fault(
      maxSessionTimeout === -1 ? 'minSessionTimeout' : 'maxSessionTimeout',
      `minSessionTimeout (${minSessionTimeoutMs} ms) must not be above maxSessionTimeout (${maxSessionTimeoutMs} ms)`,
    );
  }
  const minNotificationIntervalMs = settings.value('fastleader.minNotificationInterval');
  const maxNotificationIntervalMs = settings.value('fastleader.maxNotificationInterval');
  if (minNotificationIntervalMs > maxNotificationIntervalMs) {
    throw settings.fault(
      'fastleader.minNotificationInterval',
      'it must not be above fastleader.maxNotificationInterval',
    );
  }

  if (!settings.value('forceSync')) {
    warnings.push('forceSync=no: writes are acknowledged before they are on disk; a power loss loses them');
  }
  if (settings.value('skipACL')) warnings.push('skipACL=yes: every client may read and change everything');

  const logLimitKiB = settings.value('txnLogSizeLimitInKb');
  const metricsClass = settings.value('metricsProvider.className');
  const config: PeerConfig = {
    configFile,

    distributed: members.distributed,
    myid: members.myid,
    quorumVerifier: members.distributed ? members.verifier : undefined,
    lastSeenVerifier: members.lastSeen,
    peerType: members.peerType,
    standaloneEnabled: settings.value('standaloneEnabled'),
    quorumListenOnAllIPs: settings.value('quorumListenOnAllIPs'),
    multiAddressEnabled: settings.value('multiAddress.enabled'),

    dataDir,
    dataLogDir: pathOf(settings.value('dataLogDir') ?? dataDirText),
    dataDirAutocreate: settings.value('datadir.autocreate'),

    tickTimeMs,
    initLimitTicks,
    syncLimitTicks,
    connectToLearnerMasterLimitTicks: connectTicks === 0 ? initLimitTicks : connectTicks,
    minSessionTimeoutMs,
    maxSessionTimeoutMs,

    clientPort: members.clientPort,
    clientPortAddress: members.clientPortAddress,
    clientPortListenBacklog: positive(settings.value('clientPortListenBacklog')),
    clientTcpKeepAlive: settings.value('clientTcpKeepAlive'),
    maxClientCnxns: Math.max(settings.value('maxClientCnxns'), 0),
    maxCnxns: Math.max(settings.value('maxCnxns'), 0),
    sessionlessCnxnTimeoutMs: settings.value('nio.sessionlessCnxnTimeout'),
    juteMaxBufferBytes: settings.value('jute.maxbuffer'),
    globalOutstandingLimit: settings.value('globalOutstandingLimit'),
    fourLetterWords: fourLetterWords(settings),
    leaderServes: settings.value('leaderServes'),

    skipACL: settings.value('skipACL'),
    enforceQuota: settings.value('enforceQuota'),
    extendedTypesEnabled: settings.value('extendedTypesEnabled'),
    emulate353TTLNodes: settings.value('emulate353TTLNodes'),
    closeSessionTxnEnabled: settings.value('closeSessionTxn.enabled'),
    digestEnabled: settings.value('digest.enabled'),
    containerCheckIntervalMs: settings.value('znode.container.checkIntervalMs'),
    containerMaxPerMinute: settings.value('znode.container.maxPerMinute'),
    containerMaxNeverUsedIntervalMs: settings.value('znode.container.maxNeverUsedIntervalMs'),

    digestAuthEnabled: settings.value('DigestAuthenticationProvider.enabled'),
    superDigest: settings.value('DigestAuthenticationProvider.superDigest'),
    digestAlgorithm: settings.value('DigestAuthenticationProvider.digestAlg'),
    authProviderClasses: authProviders(settings),
    ensembleAuthName: settings.value('ensembleAuthName'),

    snapCount: atLeast(settings, 'snapCount', 2),
    snapSizeLimitBytes: settings.value('snapSizeLimitInKb') * 1024,
    preAllocBytes: settings.value('preAllocSize') * 1024,
    txnLogSizeLimitBytes: logLimitKiB > 0 ? logLimitKiB * 1024 : undefined,
    forceSync: settings.value('forceSync'),
    fsyncWarningThresholdMs: settings.value('fsync.warningthresholdms'),
    commitLogCount: atLeast(settings, 'commitLogCount', 500),
    snapshotSizeFactor: settings.value('snapshotSizeFactor'),
    snapshotCompression: compressionOf(settings),
    snapshotTrustEmpty: settings.value('snapshot.trust.empty'),
    serializeLastProcessedZxid: settings.value('serializeLastProcessedZxid.enabled'),
    snapRetainCount: atLeast(settings, 'autopurge.snapRetainCount', 3),
    purgeIntervalMs: Math.max(settings.value('autopurge.purgeInterval'), 0) * 3_600_000,

    cnxTimeoutMs: settings.value('cnxTimeout'),
    electionPortBindRetry: settings.value('electionPortBindRetry'),
    tcpKeepAlive: settings.value('tcpKeepAlive'),
    minNotificationIntervalMs,
    maxNotificationIntervalMs,
    maxTimeToWaitForEpochMs: positive(settings.value('leader.maxTimeToWaitForEpoch')),
    leaderConnectDelayDuringRetryMs: settings.value('leaderConnectDelayDuringRetryMs'),
    maxConcurrentSnapSyncs: settings.value('leader.maxConcurrentSnapSyncs'),
    maxConcurrentDiffSyncs: settings.value('leader.maxConcurrentDiffSyncs'),

    metricsProvider: metricsClass.endsWith('PrometheusMetricsProvider') ? 'prometheus' : 'none',
    metricsHttpHost: settings.value('metricsProvider.httpHost'),
    metricsHttpPort: settings.value('metricsProvider.httpPort'),
  };
  return { config, warnings };
}

/** Every word there is; telnet's interrupt is no word. */
const ALL_WORDS = 'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs'.split(
  ' ',
);

/** `srvr` is always answered; so is `isro` where read-only mode was asked for, since clients look for servers with it. */
function fourLetterWords(settings: Settings): ReadonlySet<string> {
  const words = new Set<string>(['srvr']);
  if (settings.value('readonlymode.enabled')) words.add('isro');
  const setting = settings.get('4lw.commands.whitelist');
  for (const piece of settings.value('4lw.commands.whitelist').split(',')) {
    const word = piece.trim();
    if (word === '*') {
      for (const each of ALL_WORDS) words.add(each);
    } else if (ALL_WORDS.includes(word)) {
      words.add(word);
    } else if (word !== '') {
      const meant = suggest(word, ALL_WORDS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      settings.warnings.push(`${setting?.where}: there is no four-letter word "${word}"${hint}`);
    }
  }
  return words;
}

function compressionOf(settings: Settings): PeerConfig['snapshotCompression'] {
  const method = settings.value('snapshot.compression.method').toLowerCase();
  return method === 'gz' || method === 'snappy' ? method : '';
}

function authProviders(settings: Settings): string[] {
  const named = settings.family('authProvider.').sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const setting of named) {
    const status = AUTH_PROVIDERS[setting.value];
    if (status === 'refused') throw faultOf(setting, 'refused, because neither SASL nor TLS is served yet');
    if (status === undefined) {
      const meant = suggest(setting.value, Object.keys(AUTH_PROVIDERS));
      throw faultOf(setting, `there is no such provider here${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
  }
  return named.map((setting) => setting.value);
}

function atLeast(
  settings: Settings,
  key: 'snapCount' | 'commitLogCount' | 'autopurge.snapRetainCount',
  least: number,
): number {
  const value = settings.value(key);
  if (value >= least) return value;
  settings.warnings.push(`${settings.get(key)?.where}: ${key}=${value} is less than ${least}; ${least} is used`);
  return least;
}

function positive(value: number): number | undefined {
  return value > 0 ? value : undefined;
}
