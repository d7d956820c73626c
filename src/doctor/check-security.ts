import { readdirSync, statSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import type { DatabaseOptions } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { Perm } from '../jute/codes.ts';
import { openDoors } from '../quorum/config/open-doors.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { join, VERSION_DIR } from '../txnlog/file-names.ts';
import { bad, type Finding, good, note } from './finding.ts';
import { stateOf } from './state-of.ts';

/**
 * The ways to get in: doors that stand open, nodes that anybody may change, and files that others of this machine can
 * read. Each finding names the page that cures it.
 */
const ABOUT = 'security';
const PAGE = 'docs/OPERATIONS.md#';
const ACCESS = `${PAGE}who-may-connect-and-as-whom`;
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const NODES_NAMED = 5;

export interface SecurityNeeds {
  readonly disk: Disk;
  readonly options: DatabaseOptions;
  /** The text of zoo.cfg. */
  readonly configText: string;
}

export function checkSecurity(config: PeerConfig, needs: SecurityNeeds): Finding[] {
  return [...checkDoors(config), ...checkNodes(config, needs), ...checkModes(config, needs.configText)];
}

function checkDoors(config: PeerConfig): Finding[] {
  const doors = openDoors(config);
  if (doors.length === 0) return [good(ABOUT, 'every port asks who comes, and is encrypted')];
  return doors.map(({ what, cure, page }) => bad(ABOUT, what, `${cure}: ${PAGE}${page}`));
}

/** Of the state that the files here hold: the newest snapshot and the log behind it, while a server runs as well. */
function checkNodes({ dataDir, dataLogDir }: PeerConfig, { disk, options }: SecurityNeeds): Finding[] {
  try {
    const database = stateOf(disk, join(dataDir, VERSION_DIR), join(dataLogDir, VERSION_DIR), options);
    if (database === undefined) return [note(ABOUT, 'there are no nodes here yet')];
    const { tree } = database;
    const open: string[] = [];
    let count = 0;
    for (let node = tree.oldest; node !== NO_NODE; node = tree.newer(node)) {
      const acl = tree.aclOf(node);
      const isOpen = acl.some(
        ({ perms, id }) => id.scheme === 'world' && id.id === 'anyone' && (perms & CHANGES) !== 0,
      );
      if (!isOpen && acl.length > 0) continue;
      count++;
      // The root and /zookeeper come so out of the box; the operator's own nodes say more.
      if (open.length < NODES_NAMED && !isReserved(tree.pathOf(node))) open.push(tree.pathOf(node));
    }
    const of = `of ${tree.nodeCount} nodes`;
    if (count === 0) return [good(ABOUT, `none ${of} may be changed by anybody who connects`)];
    const among = open.length === 0 ? '' : `, ${open.join(', ')} among them`;
    return [
      bad(
        ABOUT,
        `${count} ${of} may be changed by anybody who connects (world:anyone)${among}`,
        `give them ACLs, such as setAcl -R / sasl:orders:cdrwa: ${ACCESS}`,
      ),
    ];
  } catch (error) {
    return [bad(ABOUT, `the nodes cannot be counted: ${messageOf(error)}`, 'run as the user of the server')];
  }
}

const CHANGES = Perm.write | Perm.create | Perm.delete | Perm.admin;
const NO_NODE = -1;

function isReserved(path: string): boolean {
  return path === '' || path === '/' || path === '/zookeeper' || path.startsWith('/zookeeper/');
}

interface Kept {
  readonly path: string;
  readonly what: string;
}

function checkModes(config: PeerConfig, configText: string): Finding[] {
  const findings = [...secretFiles(config, configText), ...dataFiles(config)].flatMap(({ path, what }) => {
    const mode = modeOf(path);
    if (mode === undefined || (mode & (OTHERS_READ | OTHERS_WRITE)) === 0) return [];
    const may = (mode & OTHERS_READ) === 0 ? 'changed' : (mode & OTHERS_WRITE) === 0 ? 'read' : 'read and changed';
    const shown = `0${(mode & 0o777).toString(8).padStart(3, '0')}`;
    return [
      bad(ABOUT, `${path} (${shown}) holds ${what}, and can be ${may} by others`, `chmod o-rwx ${path}: ${ACCESS}`),
    ];
  });
  return findings.length > 0 ? findings : [good(ABOUT, 'files with secrets and data are not for others to read')];
}

const SECRET_KEYS = /^\s*(?:\S*[pP]assword|DigestAuthenticationProvider\.superDigest)\s*[=:]\s*\S/m;

/** A trust store has no secret, but whoever changes it decides whom this server believes. */
function secretFiles(config: PeerConfig, configText: string): Kept[] {
  const { configFile, jaasFile, clientSasl, quorumSasl, clientTls, quorumTls } = config;
  const files: Kept[] = [];
  if (configFile !== undefined && SECRET_KEYS.test(configText)) files.push({ path: configFile, what: 'a password' });
  if (jaasFile !== undefined) files.push({ path: jaasFile, what: 'passwords' });
  for (const logins of [clientSasl?.logins, quorumSasl?.logins]) {
    if (logins?.mechanism === 'GSSAPI') files.push({ path: logins.keyTab, what: 'keys of Kerberos' });
  }
  const own = quorumSasl?.login?.mechanism === 'GSSAPI' ? quorumSasl.login.identity : undefined;
  if (own?.keyTab !== undefined) files.push({ path: own.keyTab, what: 'keys of Kerberos' });
  if (own?.ticketCache !== undefined) files.push({ path: own.ticketCache, what: 'tickets of Kerberos' });
  for (const tls of [clientTls, quorumTls]) {
    if (tls === undefined) continue;
    const { keyStore, trustStore } = tls;
    if (keyStore.location !== '') files.push({ path: keyStore.location, what: 'a private key' });
    for (const { passwordPath } of [keyStore, trustStore]) {
      if (passwordPath !== '') files.push({ path: passwordPath, what: 'a password' });
    }
  }
  return files.filter(({ path }, i) => files.findIndex((other) => other.path === path) === i);
}

/** One of each directory is enough to say so. */
function dataFiles({ dataDir, dataLogDir, audit }: PeerConfig): Kept[] {
  const dirs = [...new Set([join(dataDir, VERSION_DIR), join(dataLogDir, VERSION_DIR)])];
  const first = dirs.flatMap((dir) => {
    if (((modeOf(dir) ?? 0) & 0o001) === 0) return [];
    const name = namesIn(dir).find((each) => ((modeOf(join(dir, each)) ?? 0) & (OTHERS_READ | OTHERS_WRITE)) !== 0);
    return name === undefined ? [] : [{ path: join(dir, name), what: 'nodes and their data' }];
  });
  return audit?.file === undefined ? first : [...first, { path: audit.file, what: 'who changed what' }];
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

/** Undefined where there is no such file, which others say. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode;
  } catch {
    return undefined;
  }
}
