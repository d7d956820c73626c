import { resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { isAnyHost, isNumeric, printHostPort } from '../../election/quorum/host-address.ts';
import { Majority } from '../../election/quorum/majority.ts';
import { parseProperties, trimLikeJava } from '../../election/quorum/properties.ts';
import { parseQuorumConfig, type QuorumConfigOptions, type QuorumEntry } from '../../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { HostPort } from '../../election/quorum/server-spec.ts';
import { parseZxidHex } from '../../jute/zxid.ts';
import { readConfigText } from './config-text.ts';
import type { PeerConfig } from './peer-config.ts';
import type { ConfigContext, Settings } from './settings.ts';

/**
 * Finds out who the members are, and which of them this peer is. It reads the server lines of zoo.cfg or of
 * dynamicConfigFile, dataDir/myid, and the client address, which either of zoo.cfg and the server line may give.
 * election/quorum judges what a server line may say.
 */
export interface Members {
  readonly distributed: boolean;
  readonly verifier: QuorumVerifier;
  readonly lastSeen: QuorumVerifier | undefined;
  readonly myid: number | undefined;
  readonly peerType: PeerConfig['peerType'];
  readonly clientPort: number | undefined;
  readonly clientPortAddress: string | undefined;
  /** Behind the second ";" of this server's line. */
  readonly secureClient: HostPort | undefined;
}

/** Undefined when there is no saying who the members are, or which of them this server is; then it was refused. */
export function readMembers(
  settings: Settings,
  configFile: string | undefined,
  dataDir: string | undefined,
  context: ConfigContext,
): Members | undefined {
  const dynamicFile = dynamicFileOf(settings, context);
  const verifier = verifierOf(settings, dynamicFile, context);
  const myid = dataDir === undefined ? undefined : readMyid(dataDir, context.disk, settings);
  if (verifier === undefined || dataDir === undefined || myid === 'refused') return undefined;
  const distributed = verifier.voters.size > 1 || !settings.value('standaloneEnabled');
  if (!distributed && verifier.voters.size === 1) {
    settings.warnings.push('a single server line without standaloneEnabled=false makes a standalone server');
  }
  if (distributed) {
    refuseStranger(settings, verifier, myid, dataDir);
    refuseSharedAddresses(settings, verifier);
  }

  const self = myid === undefined ? undefined : verifier.members.get(myid);
  const peerType = self?.role ?? 'participant';
  const saidType = settings.value('peerType') === 'observer' ? 'observer' : 'participant';
  if (distributed && saidType !== peerType) {
    settings.warnings.push(`peerType is ${saidType}, but this server's line makes it ${peerType}, and that counts`);
  }
  const client = readClientAddress(settings, self?.client, myid);
  const fromStatic = self !== undefined && self.client === undefined && client.clientPort !== undefined;
  return {
    distributed,
    verifier: fromStatic ? verifier.withStaticClient(self.sid, hostPortOf(client)) : verifier,
    lastSeen: readLastSeen(configFile, dynamicFile, settings, context.disk),
    myid,
    peerType,
    ...client,
    secureClient: self?.secureClient,
  };
}

function refuseStranger(settings: Settings, verifier: QuorumVerifier, myid: number | undefined, dataDir: string): void {
  const file = resolve(dataDir, 'myid');
  if (myid === undefined) {
    settings.refuseText(`${file}: the file is missing; it holds the number N of this server's own server.N`);
  } else if (!verifier.members.has(myid)) {
    const known = [...verifier.members.keys()].sort((a, b) => a - b).join(', ');
    settings.refuseText(`${file}:1: server ${myid} is not among the server lines (${known})`);
  }
}

/** One address in two lines, maybe in two spellings: whoever dials the one server reaches the other. */
function refuseSharedAddresses(settings: Settings, verifier: QuorumVerifier): void {
  const owners = new Map<string, number>();
  for (const sid of [...verifier.members.keys()].sort((a, b) => a - b)) {
    for (const { host, quorumPort, electionPort } of verifier.members.get(sid)?.addresses ?? []) {
      for (const port of [quorumPort, electionPort]) {
        const address = printHostPort(host, port);
        const owner = owners.get(address);
        if (owner === undefined) owners.set(address, sid);
        else if (owner !== sid) refuseLine(settings, sid, `server.${owner} has ${address} too; each needs its own`);
      }
    }
  }
}

function refuseLine(settings: Settings, sid: number, what: string): void {
  const setting = settings.get(`server.${sid}`);
  if (setting === undefined) settings.refuseText(`server.${sid}: ${what}`);
  else settings.refuseSetting(setting, what);
}

function optionsOf(settings: Settings): QuorumConfigOptions {
  return {
    multiAddress: settings.value('multiAddress.enabled'),
    standaloneEnabled: settings.value('standaloneEnabled'),
    secureClient: true,
    otherKeys: 'ignore',
  };
}

/** The oracle's file, absolute; it need not be there yet. Undefined: there is none. */
export function readOracle(
  settings: Settings,
  members: Members | undefined,
  { cwd, disk }: ConfigContext,
): string | undefined {
  const written = settings.value('oraclePath');
  const setting = settings.get('oraclePath');
  if (written === undefined || setting === undefined || !settings.sound('oraclePath')) return undefined;
  const path = resolve(cwd, written);
  const warn = (what: string): number => settings.warnings.push(`${setting.where}: oraclePath: ${what}`);
  if (members?.distributed === false) warn('it is for two servers of an ensemble; this one is alone');
  if (members !== undefined && !(members.verifier instanceof Majority)) {
    settings.refuseSetting(setting, 'it is for two voters that count alike; leave out group.N and weight.N');
  }
  if (!disk.exists(path)) warn(`${path} is not there now, which is a no`);
  return path;
}

interface DynamicFile {
  /** Absolute. */
  readonly path: string;
  /** As written. */
  readonly shown: string;
}

function dynamicFileOf(settings: Settings, context: ConfigContext): DynamicFile | undefined {
  const shown = settings.value('dynamicConfigFile');
  return shown === undefined ? undefined : { path: resolve(context.cwd, shown), shown };
}

function verifierOf(
  settings: Settings,
  dynamicFile: DynamicFile | undefined,
  context: ConfigContext,
): QuorumVerifier | undefined {
  const options = { ...optionsOf(settings), everyFault: true, warn: (text: string) => settings.warnings.push(text) };
  const inStatic = ['server.', 'group', 'weight'].flatMap((prefix) => settings.family(prefix));
  if (!settings.sound('dynamicConfigFile')) return undefined;
  try {
    if (dynamicFile === undefined) return parseQuorumConfig(inStatic, options);
    for (const misplaced of inStatic) {
      settings.refuseSetting(misplaced, `with dynamicConfigFile it belongs in ${dynamicFile.shown}`);
    }
    return readDynamicFile(dynamicFile, settings, options, context.disk);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    settings.refuseText(error.message);
    return undefined;
  }
}

/** The version of a dynamic configuration is in its file's name alone: zoo.cfg.dynamic.100000000. */
function readDynamicFile(
  { path, shown }: DynamicFile,
  settings: Settings,
  options: QuorumConfigOptions,
  disk: ConfigContext['disk'],
): QuorumVerifier | undefined {
  const read = readConfigText(path, disk);
  if (read === undefined || 'fault' in read) {
    settings.refuse('dynamicConfigFile', read === undefined ? 'there is no such file' : read.fault);
    return undefined;
  }
  const onFault = (line: number, what: string): void => settings.refuseText(`${shown}:${line}: ${what}`);
  const entries: QuorumEntry[] = [];
  for (const { key, value, line } of parseProperties(read.text, onFault)) {
    const where = `${shown}:${line}`;
    if (trimLikeJava(key) !== 'version') entries.push({ key, value, where });
    else settings.refuseText(`${where}: version must not be in the file; it is the end of its name, in hexadecimal`);
  }
  const verifier = parseQuorumConfig(entries, { ...options, otherKeys: 'refuse' });
  const version = parseZxidHex(path.slice(path.lastIndexOf('.') + 1).toLowerCase());
  return version === undefined ? verifier : verifier.withVersion(version);
}

function readLastSeen(
  configFile: string | undefined,
  dynamicFile: DynamicFile | undefined,
  settings: Settings,
  disk: ConfigContext['disk'],
): QuorumVerifier | undefined {
  if (configFile === undefined || dynamicFile === undefined) return undefined;
  const file = `${configFile}.dynamic.next`;
  const read = readConfigText(file, disk);
  if (read === undefined) return undefined;
  try {
    if ('fault' in read) throw new ConfigError(read.fault);
    return parseQuorumConfig(parseProperties(read.text), optionsOf(settings));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    settings.warnings.push(`${file} is not used: ${error.message.replaceAll('\n', '; ')}`);
    return undefined;
  }
}

const LARGEST_SESSION_BYTE = 255;

function readMyid(dataDir: string, disk: ConfigContext['disk'], settings: Settings): number | 'refused' | undefined {
  const file = resolve(dataDir, 'myid');
  const refused = (what: string): 'refused' => {
    settings.refuseText(what);
    return 'refused';
  };
  const read = readConfigText(file, disk);
  if (read === undefined) return undefined;
  if ('fault' in read) return refused(`${file}: ${read.fault}`);
  const line = (read.text.split(/\r\n|\n|\r/)[0] ?? '').trim();
  const myid = /^\+?\d+$/.test(line) ? Number(line) : Number.NaN;
  if (!Number.isSafeInteger(myid)) {
    return refused(`${file}:1: "${line}" is not a server number; write the N of this server's server.N`);
  }
  if (settings.value('extendedTypesEnabled') && myid >= LARGEST_SESSION_BYTE) {
    return refused(`${file}:1: with extendedTypesEnabled=true a server number is 0 to 254, not ${myid}`);
  }
  if (myid > LARGEST_SESSION_BYTE) {
    settings.warnings.push(`${file}:1: session ids have room for 0 to 255; ${myid} shares them with ${myid % 256}`);
  }
  return myid;
}

interface ClientAddress {
  readonly clientPort: number | undefined;
  readonly clientPortAddress: string | undefined;
}

function hostPortOf(client: ClientAddress): HostPort {
  return { host: client.clientPortAddress ?? '0.0.0.0', port: client.clientPort ?? 0 };
}

function readClientAddress(
  settings: Settings,
  inServerLine: HostPort | undefined,
  myid: number | undefined,
): ClientAddress {
  const port = settings.value('clientPort');
  const host = settings.value('clientPortAddress');
  if (port === undefined && settings.has('clientPortAddress') && settings.sound('clientPort')) {
    settings.refuse('clientPortAddress', 'clientPort is missing');
  }
  if (inServerLine === undefined) {
    if (!settings.has('clientPort')) {
      settings.warnings.push('clientPort is not set: no client can connect to this server');
    }
    return { clientPort: port, clientPortAddress: notAny(host) };
  }
  const said = `server.${myid} gives ${printHostPort(inServerLine.host, inServerLine.port)} as the client address`;
  if (port !== undefined && port !== inServerLine.port) {
    settings.refuse('clientPort', `${said}; remove one of the two`);
  } else if (port !== undefined && host !== undefined && !isAnyHost(host) && host !== inServerLine.host) {
    const [here, there] = [addressOf(host), addressOf(inServerLine.host)];
    // A name may well be the same address; that is for a resolver to say, and the server line counts.
    if (isAnyHost(inServerLine.host) || (here !== undefined && there !== undefined && here !== there)) {
      settings.refuse('clientPortAddress', `${said}; remove one of the two`);
    } else if (here === undefined || here !== there) {
      settings.warnings.push(`${settings.get('clientPortAddress')?.where}: ${said}, and that counts`);
    }
  }
  return { clientPort: inServerLine.port, clientPortAddress: notAny(inServerLine.host) };
}

/** Undefined for a name, but for the one that everybody knows. */
function addressOf(host: string): string | undefined {
  if (host.toLowerCase() === 'localhost') return '127.0.0.1';
  return isNumeric(host) ? host : undefined;
}

function notAny(host: string | undefined): string | undefined {
  return host === undefined || isAnyHost(host) ? undefined : host;
}
