import { ConfigError } from '../../base/errors.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { Hierarchical } from './hierarchical.ts';
import { Majority } from './majority.ts';
import { parseProperties, trimLikeJava } from './properties.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { parseServerSpec, type ServerSpec } from './server-spec.ts';

/**
 * The members of an ensemble, out of zoo.cfg, a dynamic configuration file, the config znode or a neighbour's
 * notification:
 *
 *   server.<id>=<server-spec>
 *   group.<id>=<id>:<id>:...           any key beginning with "group" or "weight" makes the quorum hierarchical
 *   weight.<id>=<number>
 *   version=<hex>
 */
export interface QuorumEntry {
  readonly key: string;
  readonly value: string;
  /** `zoo.cfg, line 12`, put before the text of an error; undefined for what did not come from a file. */
  readonly where?: string | undefined;
}

export interface QuorumConfigOptions {
  /** multiAddress.enabled: server.N may name several addresses. */
  readonly multiAddress: boolean;
  /** server.N may name a port for TLS behind that for clients. */
  readonly secureClient?: boolean;
  /** standaloneEnabled: one participant alone is a standalone server, and has no observers. */
  readonly standaloneEnabled: boolean;
  /** zoo.cfg holds other keys as well; a dynamic configuration must not. */
  readonly otherKeys: 'ignore' | 'refuse';
  /** A ConfigError has a line for everything that is wrong, and not only for what comes first. */
  readonly everyFault?: boolean;
  /** Told what is allowed but unwise. */
  readonly warn?: (text: string) => void;
}

/** The lines are sound, and these are no members that could decide anything. */
export class TooFewVoters extends ConfigError {}

/** Throws ConfigError. A key given twice counts as given last. */
export function parseQuorumConfig(entries: Iterable<QuorumEntry>, options: QuorumConfigOptions): QuorumVerifier {
  const byKey = new Map<string, QuorumEntry>();
  for (const entry of entries) byKey.set(trimLikeJava(entry.key), entry);

  const members = new Map<number, ServerSpec>();
  const groupOf = new Map<number, number>();
  const weights = new Map<number, number>();
  let version = ZXID_ZERO;
  let hierarchical = false;
  const faults: string[] = [];
  for (const [key, entry] of byKey) {
    try {
      const value = trimLikeJava(entry.value);
      if (key.startsWith('server.')) {
        const sid = parseId(key, key.slice('server.'.length), value);
        if (members.has(sid)) throw new ConfigError(`${key}=${value}: server ${sid} is named twice`);
        members.set(sid, parseServerSpec(sid, key, value, options));
      } else if (key.startsWith('group')) {
        hierarchical = true;
        addGroup(groupOf, key, value);
      } else if (key.startsWith('weight')) {
        hierarchical = true;
        weights.set(parseId(key, afterDot(key), value), parseWeight(key, value));
      } else if (key === 'version') {
        version = parseVersion(value);
      } else if (options.otherKeys === 'refuse') {
        throw new ConfigError(`${key}=${value}: only server.N, group.N, weight.N and version belong here`);
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(entry.where === undefined ? error.message : `${entry.where}: ${error.message}`);
      if (options.everyFault !== true) break;
    }
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));

  const verifier = hierarchical
    ? new Hierarchical(members.values(), version, groupOf, weights)
    : new Majority(members.values(), version);
  checkMembers(verifier, options);
  return verifier;
}

/** A whole configuration text: the config znode's data, a dynamic file, the end of a notification. */
export function parseQuorumText(text: string, options: QuorumConfigOptions): QuorumVerifier {
  return parseQuorumConfig(parseProperties(text), options);
}

function checkMembers(verifier: QuorumVerifier, options: QuorumConfigOptions): void {
  const voters = verifier.voters.size;
  const observers = verifier.members.size - voters;
  if (voters === 0) {
    if (!options.standaloneEnabled) {
      throw new TooFewVoters('server.N: with standaloneEnabled=false at least one server.N must be a participant');
    }
    if (observers > 0)
      throw new TooFewVoters('server.N: all servers are observers; at least one must be a participant');
  } else if (voters === 1 && options.standaloneEnabled) {
    if (observers > 0) {
      throw new TooFewVoters(
        'server.N: one participant with observers is no quorum; add participants or set standaloneEnabled=false',
      );
    }
  } else if (voters <= 2) {
    options.warn?.(`with ${voters} participants the loss of any one stops the service; 3 tolerate one`);
  } else if (voters % 2 === 0) {
    options.warn?.(`${voters} participants tolerate no more failures than ${voters - 1} do; use an odd number`);
  }
}

function addGroup(groupOf: Map<number, number>, key: string, value: string): void {
  const group = parseId(key, afterDot(key), value);
  for (const piece of value.split(':')) {
    const sid = parseId(key, piece, value);
    if (groupOf.has(sid)) throw new ConfigError(`${key}=${value}: server ${sid} is in another group already`);
    groupOf.set(sid, group);
  }
}

function afterDot(key: string): string {
  return key.slice(key.indexOf('.') + 1);
}

function parseId(key: string, text: string, value: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) {
    throw new ConfigError(`${key}=${value}: "${text}" is not a server or group id, a whole number such as 1`);
  }
  return id;
}

function parseWeight(key: string, value: string): number {
  const weight = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(weight)) throw new ConfigError(`${key}=${value}: a weight is a whole number, 0 or more`);
  return weight;
}

function parseVersion(value: string): Zxid {
  const version = /^[0-9a-fA-F]{1,16}$/.test(value) ? Number.parseInt(value, 16) : Number.NaN;
  if (!Number.isSafeInteger(version)) throw new ConfigError(`version=${value}: a version is a zxid in hexadecimal`);
  return version as Zxid;
}
