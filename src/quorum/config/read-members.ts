import { resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { parseProperties } from '../../election/quorum/properties.ts';
import { parseQuorumConfig, type QuorumConfigOptions, type QuorumEntry } from '../../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { HostPort } from '../../election/quorum/server-spec.ts';
import { parseZxidHex } from '../../jute/zxid.ts';
import type { PeerConfig } from './peer-config.ts';
import { type ConfigContext, faultOf, type Settings } from './settings.ts';

/**
 * Who the members are, and which of them this peer is: the server lines of zoo.cfg or of dynamicConfigFile,
 * dataDir/myid, and the client address, which either of zoo.cfg and the server line may give. What a server line
 * may say is election/quorum's to judge.
 */
export interface Members {
  readonly distributed: boolean;
  readonly verifier: QuorumVerifier;
  readonly lastSeen: QuorumVerifier | undefined;
  readonly myid: number | undefined;
  readonly peerType: PeerConfig['peerType'];
  readonly clientPort: number | undefined;
  readonly clientPortAddress: string | undefined;
}

export function readMembers(
  settings: Settings,
  configFile: string | undefined,
  dataDir: string,
  context: ConfigContext,
): Members {
  const standaloneEnabled = settings.value('standaloneEnabled');
  const options: QuorumConfigOptions = {
    multiAddress: settings.value('multiAddress.enabled'),
    standaloneEnabled,
    otherKeys: 'ignore',
    warn: (text) => settings.warnings.push(text),
  };
  const inStatic = ['server.', 'group', 'weight'].flatMap((prefix) => settings.family(prefix));
  const dynamicText = settings.value('dynamicConfigFile');
  const dynamicFile = dynamicText === undefined ? undefined : resolve(context.cwd, dynamicText);
  let verifier: QuorumVerifier;
  if (dynamicFile === undefined) {
    verifier = parseQuorumConfig(inStatic, options);
  } else {
    const misplaced = inStatic[0];
    if (misplaced !== undefined) throw faultOf(misplaced, `with dynamicConfigFile it belongs in ${dynamicText}`);
    if (!context.disk.exists(dynamicFile)) throw settings.fault('dynamicConfigFile', 'there is no such file');
    verifier = readDynamicFile(dynamicFile, dynamicText as string, options, context.disk);
  }
  const distributed = verifier.voters.size > 1 || !standaloneEnabled;
  if (!distributed && verifier.voters.size === 1) {
    settings.warnings.push('a single server line without standaloneEnabled=false makes a standalone server');
  }

  const myid = readMyid(dataDir, context.disk, settings);
  const self = myid === undefined ? undefined : verifier.members.get(myid);
  if (distributed) {
    const file = resolve(dataDir, 'myid');
    if (myid === undefined) {
      throw new ConfigError(`${file}: the file is missing; it holds the number N of this server's own server.N`);
    }
    if (self === undefined) {
      const known = [...verifier.members.keys()].sort((a, b) => a - b).join(', ');
      throw new ConfigError(`${file}:1: server ${myid} is not among the server lines (${known})`);
    }
  }
  const peerType = self?.role ?? 'participant';
  const saidType = settings.value('peerType') === 'observer' ? 'observer' : 'participant';
  if (distributed && saidType !== peerType) {
    settings.warnings.push(`peerType is ${saidType}, but this server's line makes it ${peerType}, and that counts`);
  }
  const client = clientAddress(settings, self?.client, myid);
  const fromStatic = self !== undefined && self.client === undefined && client.clientPort !== undefined;
  return {
    distributed,
    verifier: fromStatic ? verifier.withStaticClient(self.sid, hostPortOf(client)) : verifier,
    lastSeen: readLastSeen(configFile, dynamicFile, options, settings, context.disk),
    myid,
    peerType,
    ...client,
  };
}

/** The version of a dynamic configuration is in its file's name alone: zoo.cfg.dynamic.100000000. */
function readDynamicFile(
  file: string,
  shown: string,
  options: QuorumConfigOptions,
  disk: ConfigContext['disk'],
): QuorumVerifier {
  const entries: QuorumEntry[] = parseProperties(disk.readSmall(file).toString('latin1')).map((property) => {
    const where = `${shown}:${property.line}`;
    if (property.key.trim() === 'version') {
      throw new ConfigError(`${where}: version must not be in the file; it is the end of its name, in hexadecimal`);
    }
    return { key: property.key, value: property.value, where };
  });
  const verifier = parseQuorumConfig(entries, { ...options, otherKeys: 'refuse' });
  const version = parseZxidHex(file.slice(file.lastIndexOf('.') + 1).toLowerCase());
  return version === undefined ? verifier : verifier.withVersion(version);
}

function readLastSeen(
  configFile: string | undefined,
  dynamicFile: string | undefined,
  options: QuorumConfigOptions,
  settings: Settings,
  disk: ConfigContext['disk'],
): QuorumVerifier | undefined {
  if (configFile === undefined || dynamicFile === undefined) return undefined;
  const file = `${configFile}.dynamic.next`;
  if (!disk.exists(file)) return undefined;
  try {
    return parseQuorumConfig(parseProperties(disk.readSmall(file).toString('latin1')), {
      multiAddress: options.multiAddress,
      standaloneEnabled: options.standaloneEnabled,
      otherKeys: 'ignore',
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    settings.warnings.push(`${file} is not used: ${error.message}`);
    return undefined;
  }
}

const LARGEST_SESSION_BYTE = 255;

function readMyid(dataDir: string, disk: ConfigContext['disk'], settings: Settings): number | undefined {
  const file = resolve(dataDir, 'myid');
  if (!disk.exists(file)) return undefined;
  const line = (
    disk
      .readSmall(file)
      .toString('latin1')
      .split(/\r\n|\n|\r/)[0] ?? ''
  ).trim();
  const myid = /^\+?\d+$/.test(line) ? Number(line) : Number.NaN;
  if (!Number.isSafeInteger(myid)) {
    throw new ConfigError(`${file}:1: "${line}" is not a server number; write the N of this server's server.N`);
  }
  const extended = settings.value('extendedTypesEnabled');
  if (extended && myid >= LARGEST_SESSION_BYTE) {
    throw new ConfigError(`${file}:1: with extendedTypesEnabled=true a server number is 0 to 254, not ${myid}`);
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

function clientAddress(
  settings: Settings,
  inServerLine: HostPort | undefined,
  myid: number | undefined,
): ClientAddress {
  const port = settings.value('clientPort');
  const host = anyHost(settings.value('clientPortAddress'));
  if (port === undefined && settings.has('clientPortAddress')) {
    throw settings.fault('clientPortAddress', 'clientPort is missing');
  }
  if (inServerLine === undefined) {
    if (port === undefined) settings.warnings.push('clientPort is not set: no client can connect to this server');
    return { clientPort: port, clientPortAddress: host };
  }
  if (port !== undefined && (port !== inServerLine.port || (host !== undefined && host !== inServerLine.host))) {
    throw settings.fault(
      'clientPort',
      `server.${myid} gives ${inServerLine.host}:${inServerLine.port} as the client address; remove one of the two`,
    );
  }
  return { clientPort: inServerLine.port, clientPortAddress: anyHost(inServerLine.host) };
}

function anyHost(host: string | undefined): string | undefined {
  return host === undefined || host === '' || host === '0.0.0.0' || host === '::' ? undefined : host;
}
