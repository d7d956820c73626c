import { resolve } from 'node:path';
import { assert } from '../../base/assert.ts';
import { ConfigError } from '../../base/errors.ts';
import { suggest } from '../../base/suggest.ts';
import { digestAlgorithmFault } from '../../server/auth/digest-provider.ts';
import { FOUR_LETTER_WORDS } from '../../server/monitoring/four-letter/four-letter-words.ts';
import { readAudit } from './audit-config.ts';
import { readConfigText } from './config-text.ts';
import { readDirectories } from './directories.ts';
import { fieldsOf } from './fields.ts';
import { openDoors } from './open-doors.ts';
import type { PeerConfig } from './peer-config.ts';
import { readAuth } from './read-auth.ts';
import { type Members, readMembers, readOracle } from './read-members.ts';
import { readTls } from './read-tls.ts';
import { type ConfigContext, Settings } from './settings.ts';

/**
 * From zoo.cfg to a PeerConfig: QuorumPeerConfig's cross-checks, and the values that several keys decide together.
 * read-members.ts finds out which servers are members, and which of them this peer is. All refusals come at once, in a
 * RefusedConfig; each names file, line, key and what would be right.
 */
export interface ReadConfig {
  readonly config: PeerConfig;
  /** For the log, one line each. */
  readonly warnings: readonly string[];
}

export function readConfigFile(path: string, context: ConfigContext): ReadConfig {
  const file = resolve(context.cwd, path);
  const read = readConfigText(file, context.disk);
  if (read === undefined) throw new ConfigError(`${path}: there is no such file`);
  if ('fault' in read) throw new ConfigError(`${path}: ${read.fault}`);
  const settings = new Settings(path);
  settings.addFile(read.text, path);
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
  settings.addFlags(context.jvmFlags ?? '', 'SERVER_JVMFLAGS');
  settings.check();
  const directories = readDirectories(settings, context);
  const members = readMembers(settings, configFile, directories?.dataDir, context);
  const fields = fieldsOf(settings);
  if (members?.distributed === true) refuseMissingLimits(settings);
  const sessionTimeouts = readSessionTimeouts(settings);
  refuseNotificationIntervals(settings);
  refuseTakenObserverPort(settings, members);
  if (!fields.forceSync) {
    settings.warnings.push('forceSync=no: writes are acknowledged before they are on disk; a power loss loses them');
  }
  if (fields.skipACL) settings.warnings.push('skipACL=yes: every client may read and change everything');
  const digestFault = digestAlgorithmFault(fields.digestAlgorithm);
  if (digestFault !== undefined) settings.refuse('DigestAuthenticationProvider.digestAlg', digestFault);
  const fourLetterWords = readFourLetterWords(settings);
  const tls = readTls(settings, members?.distributed === true, members?.secureClient);
  const auth = readAuth(settings, context, tls.clientTls !== undefined);
  const audit = readAudit(settings, context);
  const oraclePath = readOracle(settings, members, context);
  settings.finish();
  assert(directories !== undefined && members !== undefined, 'what has no value was refused');

  const connectTicks = settings.value('connectToLearnerMasterLimit');
  const config: PeerConfig = {
    ...fields,
    ...directories,
    ...sessionTimeouts,
    configFile,
    distributed: members.distributed,
    myid: members.myid,
    quorumVerifier: members.distributed ? members.verifier : undefined,
    lastSeenVerifier: members.lastSeen,
    peerType: members.peerType,
    observerLogs: settings.value(settings.has('observer.syncEnabled') ? 'observer.syncEnabled' : 'syncEnabled'),
    connectToLearnerMasterLimitTicks: connectTicks === 0 ? fields.initLimitTicks : connectTicks,
    clientPort: members.clientPort,
    clientPortAddress: members.clientPortAddress,
    ...tls,
    fourLetterWords,
    ...auth,
    audit,
    oraclePath,
  };
  refuseOpenDoors(settings, config);
  return { config, warnings: settings.warnings };
}

/** Of the server's own ports; those of others on the same host are known to the operator alone. */
function refuseTakenObserverPort(settings: Settings, members: Members | undefined): void {
  const port = settings.value('observerMasterPort');
  if (port === 0 || members === undefined) return;
  const own = members.myid === undefined ? undefined : members.verifier.members.get(members.myid);
  const taken = own?.addresses.flatMap(({ quorumPort, electionPort }) => [quorumPort, electionPort]) ?? [];
  if (![...taken, members.clientPort].includes(port)) return;
  settings.refuse('observerMasterPort', 'it is another port of this server; write one that is free');
}

function refuseOpenDoors(settings: Settings, config: PeerConfig): void {
  if (settings.value('security') !== 'required') return;
  for (const { what, cure } of openDoors(config)) settings.refuse('security', `${what}; ${cure}`);
  settings.finish();
}

function refuseMissingLimits(settings: Settings): void {
  for (const [key, ticks] of [
    ['initLimit', 10],
    ['syncLimit', 5],
  ] as const) {
    if (settings.value(key) !== 0 || !settings.sound(key)) continue;
    settings.refuse(key, `it is needed with server lines, in ticks, such as ${ticks}`);
  }
}

function readSessionTimeouts(settings: Settings): Pick<PeerConfig, 'minSessionTimeoutMs' | 'maxSessionTimeoutMs'> {
  const tickTimeMs = settings.value('tickTime');
  const min = settings.value('minSessionTimeout');
  const max = settings.value('maxSessionTimeout');
  const minSessionTimeoutMs = min === -1 ? tickTimeMs * 2 : min;
  const maxSessionTimeoutMs = max === -1 ? tickTimeMs * 20 : max;
  const sound = settings.sound('tickTime', 'minSessionTimeout', 'maxSessionTimeout');
  if (sound && minSessionTimeoutMs > maxSessionTimeoutMs) {
    settings.refuse(
      max === -1 ? 'minSessionTimeout' : 'maxSessionTimeout',
      `minSessionTimeout (${minSessionTimeoutMs} ms) must not be above maxSessionTimeout (${maxSessionTimeoutMs} ms)`,
    );
  }
  return { minSessionTimeoutMs, maxSessionTimeoutMs };
}

function refuseNotificationIntervals(settings: Settings): void {
  const [min, max] = ['fastleader.minNotificationInterval', 'fastleader.maxNotificationInterval'] as const;
  if (settings.sound(min, max) && settings.value(min) > settings.value(max)) {
    settings.refuse(min, `it must not be above ${max}`);
  }
}

/**
 * `srvr` is always answered; so is `isro` where read-only mode was asked for, since clients look for servers with it.
 */
function readFourLetterWords(settings: Settings): ReadonlySet<string> {
  const words = new Set<string>(['srvr']);
  if (settings.value('readonlymode.enabled')) words.add('isro');
  const setting = settings.get('4lw.commands.whitelist');
  for (const piece of settings.value('4lw.commands.whitelist').split(',')) {
    const word = piece.trim();
    if (word === '*') {
      for (const each of FOUR_LETTER_WORDS) words.add(each);
    } else if (FOUR_LETTER_WORDS.includes(word)) {
      words.add(word);
    } else if (word !== '') {
      const meant = suggest(word, FOUR_LETTER_WORDS);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      settings.warnings.push(`${setting?.where}: there is no four-letter word "${word}"${hint}`);
    }
  }
  return words;
}
