import { isAnyHost, printHostPort } from '../../election/quorum/host-address.ts';
import type { HostPort } from '../../election/quorum/server-spec.ts';
import type { TlsProtocol, TlsSettings } from '../../tls/tls-settings.ts';
import type { PeerConfig } from './peer-config.ts';
import { faultText } from './setting.ts';
import type { Settings } from './settings.ts';

/**
 * The ports that have TLS, and the settings for them. The files that these name are read when a peer starts, and by
 * `--check` (tls/tls-material.ts).
 */
type TlsConfig = Pick<PeerConfig, 'clientTls' | 'quorumTls' | 'secureClientPort' | 'secureClientPortAddress'>;

export function readTls(settings: Settings, distributed: boolean, inServerLine?: HostPort): TlsConfig {
  const { secureClientPort, secureClientPortAddress } = readSecureAddress(settings, inServerLine);
  const forClients = secureClientPort !== undefined || settings.value('client.portUnification');
  const forServers = distributed && (settings.value('sslQuorum') || settings.value('portUnification'));
  const forAdmins = settings.value('admin.forceHttps') || settings.value('admin.portUnification');
  if (!forClients) warnUnused(settings, 'ssl.', 'no client port has TLS (secureClientPort, client.portUnification)');
  if (!forServers && !forAdmins) {
    warnUnused(settings, 'ssl.quorum.', 'neither the ports between servers nor the admin server have TLS (sslQuorum)');
  }
  if (settings.value('admin.needClientAuth') && !forAdmins) {
    settings.refuse('admin.needClientAuth', 'it takes admin.forceHttps or admin.portUnification');
  }
  return {
    secureClientPort,
    secureClientPortAddress,
    clientTls: forClients ? familySettings(settings, 'ssl.') : undefined,
    quorumTls: forServers || forAdmins ? familySettings(settings, 'ssl.quorum.') : undefined,
  };
}

function readSecureAddress(
  settings: Settings,
  inServerLine: HostPort | undefined,
): Pick<TlsConfig, 'secureClientPort' | 'secureClientPortAddress'> {
  const port = settings.value('secureClientPort');
  const address = settings.value('secureClientPortAddress');
  if (inServerLine === undefined) {
    if (port === undefined && address !== undefined) {
      settings.refuse('secureClientPortAddress', 'it is the address of secureClientPort, which is missing');
    }
    return { secureClientPort: port, secureClientPortAddress: address };
  }
  const said = `the server line gives ${printHostPort(inServerLine.host, inServerLine.port)}; remove one of the two`;
  if (port !== undefined && port !== inServerLine.port) settings.refuse('secureClientPort', said);
  const isOther = address !== undefined && !isAnyHost(inServerLine.host) && address !== inServerLine.host;
  if (isOther) settings.refuse('secureClientPortAddress', said);
  const host = isAnyHost(inServerLine.host) ? address : inServerLine.host;
  return { secureClientPort: inServerLine.port, secureClientPortAddress: host };
}

function familySettings(settings: Settings, prefix: 'ssl.' | 'ssl.quorum.'): TlsSettings {
  const store = (name: 'keyStore' | 'trustStore'): TlsSettings['keyStore'] => ({
    location: settings.value(`${prefix}${name}.location`),
    type: settings.value(`${prefix}${name}.type`),
    password: settings.value(`${prefix}${name}.password`),
    passwordPath: settings.value(`${prefix}${name}.passwordPath`),
  });
  const checksServerName = checksNames(settings, prefix);
  return {
    prefix,
    keyStore: store('keyStore'),
    trustStore: store('trustStore'),
    protocols: protocolsOf(settings, prefix),
    cipherSuites: listOf(settings.value(`${prefix}ciphersuites`)),
    clientAuth: settings.value(`${prefix}clientAuth`),
    checksServerName,
    checksClientName: checksServerName && settings.value(`${prefix}clientHostnameVerification`),
    allowReverseDnsLookup: allowsReverseLookup(settings, prefix),
    crl: settings.value(`${prefix}crl`),
    ocsp: settings.value(`${prefix}ocsp`),
    handshakeDetectionTimeoutMs: settings.value(`${prefix}handshakeDetectionTimeoutMillis`),
    place: (key) => {
      const setting = settings.get(key);
      return setting === undefined ? key : faultText(setting, '').replace(/: $/, '');
    },
  };
}

/** In Apache's FIPS mode, the default, no name is compared between servers; ours does it when it is asked for by name. */
function checksNames(settings: Settings, prefix: 'ssl.' | 'ssl.quorum.'): boolean {
  const key = `${prefix}hostnameVerification` as const;
  if (prefix === 'ssl.' || settings.has(key) || !settings.value('fips-mode')) return settings.value(key);
  settings.warnings.push(
    `${key} is not set: certificates between servers are checked without the names of their hosts, as in Apache with fips-mode; true checks the names too`,
  );
  return false;
}

/** Between servers Apache 3.9 asks for names unless it is told not to. */
function allowsReverseLookup(settings: Settings, prefix: 'ssl.' | 'ssl.quorum.'): boolean {
  const key = `${prefix}allowReverseDnsLookup` as const;
  return settings.has(key) ? settings.value(key) : prefix === 'ssl.quorum.';
}

/** Between servers both versions unless told otherwise, and for clients that of `protocol`: so it is in Apache 3.9. */
function protocolsOf(settings: Settings, prefix: 'ssl.' | 'ssl.quorum.'): TlsProtocol[] {
  const protocol = settings.value(`${prefix}protocol`);
  const key = `${prefix}enabledProtocols` as const;
  const names = listOf(settings.value(key));
  if (names.length === 0) {
    if (protocol === 'TLSv1.2') return ['TLSv1.2'];
    return prefix === 'ssl.' && protocol === 'TLSv1.3' ? ['TLSv1.3'] : ['TLSv1.2', 'TLSv1.3'];
  }
  const spoken = names.filter((name): name is TlsProtocol => name === 'TLSv1.2' || name === 'TLSv1.3');
  const others = names.filter((name) => name !== 'TLSv1.2' && name !== 'TLSv1.3');
  const unknown = others.filter((name) => !/^(TLSv1|TLSv1\.1|SSLv3|SSLv2Hello)$/.test(name));
  if (unknown.length > 0) settings.refuse(key, `there is no ${unknown.join(', ')}; write TLSv1.3, TLSv1.2 or both`);
  else if (spoken.length === 0) settings.refuse(key, 'these are not spoken any more; write TLSv1.3, TLSv1.2 or both');
  else if (others.length > 0) settings.warnings.push(`${key}: ${others.join(', ')} is not spoken`);
  return spoken;
}

function warnUnused(settings: Settings, prefix: string, why: string): void {
  for (const { key, where } of settings.family(prefix)) {
    if (prefix === 'ssl.' && key.startsWith('ssl.quorum.')) continue;
    settings.warnings.push(`${where}: ${key} has no effect: ${why}`);
  }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}
