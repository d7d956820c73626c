import { dirname, resolve } from 'node:path';
import { ENCRYPTION_ORDER, encryptionOf } from '../encryption.ts';

/**
 * A krb5.conf, as far as a client of a KDC needs it: the realms with their KDCs, the realm of a host, and what is asked for.
 * Keys that are not asked for here are for others and are passed over; a value that is none is told of by its line.
 *
 *   file     = *( "[" section "]" *line )
 *   line     = key "=" value | key "=" "{" *line "}" | "include" file | "includedir" dir
 */
export interface Krb5Conf {
  /** "" where there is none. */
  readonly defaultRealm: string;
  /** By realm, in the order in which they are asked. */
  readonly kdcs: ReadonlyMap<string, readonly KdcAddress[]>;
  /** By host, or by `.domain`; in lower case. */
  readonly domainRealms: ReadonlyMap<string, string>;
  /** Types of encryption, the best first, for the first ticket and for those of services. */
  readonly firstEncryptions: readonly number[];
  readonly serviceEncryptions: readonly number[];
  /** Of the first ticket; undefined: as long as the KDC gives it. */
  readonly lifetimeMs: number | undefined;
  readonly renewableMs: number | undefined;
  readonly clockSkewMs: number;
  /** Absolute paths, where they are files. */
  readonly keyTab: string | undefined;
  readonly ticketCache: string | undefined;
}

export interface KdcAddress {
  readonly host: string;
  readonly port: number;
}

/** How files are read; both throw when they cannot be. */
export interface Krb5Files {
  readFile(path: string): Buffer;
  list(dir: string): readonly string[];
}

export interface ReadKrb5Conf {
  readonly conf: Krb5Conf;
  /** `krb5.conf:12: ...`, one for each value that is none. */
  readonly faults: readonly string[];
}

export const DEFAULT_CLOCK_SKEW_MS = 300_000;
const KDC_PORT = 88;
const FILES_MAX = 100;

interface Written {
  readonly section: string;
  /** The names of the groups around it, outermost first. */
  readonly groups: readonly string[];
  readonly key: string;
  readonly value: string;
  readonly where: string;
}

/** Throws what `readFile` throws for the file itself; those that it includes are told of. */
export function readKrb5Conf(path: string, files: Krb5Files): ReadKrb5Conf {
  const faults: string[] = [];
  const written = new FileReader(files, faults).read(path);
  const conf = confOf(written, faults);
  return { conf, faults };
}

/** Where there is no file at all. */
export function emptyKrb5Conf(): Krb5Conf {
  return confOf([], []);
}

class FileReader {
  private readonly files: Krb5Files;
  private readonly faults: string[];
  private readonly written: Written[] = [];
  private count = 0;
  private section = '';
  private groups: string[] = [];

  constructor(files: Krb5Files, faults: string[]) {
    this.files = files;
    this.faults = faults;
  }

  read(path: string): readonly Written[] {
    this.take(path);
    return this.written;
  }

  private take(path: string): void {
    const text = this.files.readFile(path).toString('utf8');
    for (const [i, raw] of text.split('\n').entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
      this.takeLine(line, `${path}:${i + 1}`, dirname(path));
    }
  }

  private takeLine(line: string, where: string, dir: string): void {
    const section = /^\[([^\]]+)\]\*?$/.exec(line)?.[1];
    const include = /^(include|includedir)\s+(\S.*)$/.exec(line);
    const pair = /^(\S[^=]*?)\s*=\s*(.*)$/.exec(line);
    if (section !== undefined) {
      this.section = section.trim();
      this.groups = [];
    } else if (include !== null) {
      this.include(include[1] === 'includedir', resolve(dir, include[2] as string), where);
    } else if (line.startsWith('}')) {
      this.groups.pop();
    } else if (pair !== null) {
      const [, key = '', value = ''] = pair;
      if (value.startsWith('{')) this.group(key, value.slice(1).trim(), where);
      else this.add(key.replace(/\*$/, ''), value, where);
    } else if (line !== '{') {
      this.faults.push(`${where}: this is no line of a krb5.conf; write key = value`);
    }
  }

  /** `key = { a = b }` may also stand on one line. */
  private group(key: string, rest: string, where: string): void {
    this.groups.push(key);
    const inner = rest.replace(/\}\s*$/, '').trim();
    const pair = /^(\S[^=]*?)\s*=\s*(.*)$/.exec(inner);
    if (pair !== null) this.add(pair[1] as string, pair[2] as string, where);
    if (rest.endsWith('}')) this.groups.pop();
  }

  private add(key: string, value: string, where: string): void {
    const plain = value.replace(/^"(.*)"$/, '$1').trim();
    this.written.push({ section: this.section, groups: [...this.groups], key, value: plain, where });
  }

  private include(isDir: boolean, path: string, where: string): void {
    try {
      // As MIT has it: names of letters, digits, dashes and underscores, or with .conf at the end.
      const names = isDir ? this.files.list(path).filter((name) => /^([\w-]+|[^.].*\.conf)$/.test(name)) : [path];
      for (const name of [...names].sort()) {
        if (++this.count > FILES_MAX) {
          this.faults.push(`${where}: more than ${FILES_MAX} files are included`);
          return;
        }
        // A file that is included has sections of its own.
        const before = { section: this.section, groups: this.groups };
        this.groups = [];
        this.take(isDir ? resolve(path, name) : name);
        Object.assign(this, before);
      }
    } catch (error) {
      this.faults.push(`${where}: ${path} cannot be read (${codeOf(error)})`);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function confOf(written: readonly Written[], faults: string[]): Krb5Conf {
  const libdefault = (key: string): Written | undefined =>
    written.find((each) => each.section === 'libdefaults' && each.groups.length === 0 && each.key === key);
  const lifetime = (key: string): number | undefined => {
    const found = libdefault(key);
    return found === undefined ? undefined : durationOf(found, faults);
  };
  const permitted = encryptionsOf(libdefault('permitted_enctypes'), ENCRYPTION_ORDER, faults);
  return {
    defaultRealm: libdefault('default_realm')?.value ?? '',
    kdcs: kdcsOf(written, faults),
    domainRealms: domainRealmsOf(written),
    firstEncryptions: encryptionsOf(libdefault('default_tkt_enctypes'), permitted, faults),
    serviceEncryptions: encryptionsOf(libdefault('default_tgs_enctypes'), permitted, faults),
    lifetimeMs: lifetime('ticket_lifetime'),
    renewableMs: lifetime('renew_lifetime'),
    clockSkewMs: lifetime('clockskew') ?? DEFAULT_CLOCK_SKEW_MS,
    keyTab: fileOf(libdefault('default_keytab_name')?.value),
    ticketCache: fileOf(libdefault('default_ccache_name')?.value),
  };
}

/** Kinds of key tabs and caches that are no files are not read. */
export function fileOf(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined;
  const match = /^(?:(?:FILE|WRFILE|file):)?(?:\/\/)?(\/.*)$/.exec(name);
  return match?.[1];
}

function kdcsOf(written: readonly Written[], faults: string[]): ReadonlyMap<string, readonly KdcAddress[]> {
  const kdcs = new Map<string, KdcAddress[]>();
  for (const { section, groups, key, value, where } of written) {
    const realm = groups[0];
    if (section !== 'realms' || groups.length !== 1 || realm === undefined) continue;
    // master_kdc is one more of them, behind the others.
    if (key !== 'kdc' && key !== 'master_kdc' && key !== 'primary_kdc') continue;
    for (const word of value.split(/[\s,]+/)) {
      const address = addressOf(word);
      if (address === undefined) faults.push(`${where}: "${word}" is no KDC; write host or host:port`);
      else kdcs.set(realm, [...(kdcs.get(realm) ?? []), address]);
    }
  }
  return kdcs;
}

/** `host`, `host:port`, `[IPv6]:port`, each with `tcp/` in front or without. */
export function addressOf(word: string): KdcAddress | undefined {
  const match = /^(?:tcp\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(word);
  if (match === null) return undefined;
  const port = match[3] === undefined ? KDC_PORT : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

function domainRealmsOf(written: readonly Written[]): ReadonlyMap<string, string> {
  const realms = new Map<string, string>();
  for (const { section, groups, key, value } of written) {
    if (section === 'domain_realm' && groups.length === 0) realms.set(key.toLowerCase(), value);
  }
  return realms;
}

/** The realm of a service on this host: its own line, else that of the nearest domain around it. */
export function realmOfHost({ domainRealms }: Pick<Krb5Conf, 'domainRealms'>, host: string): string | undefined {
  const name = host.toLowerCase();
  const own = domainRealms.get(name);
  if (own !== undefined) return own;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const found = domainRealms.get(name.slice(dot)) ?? domainRealms.get(name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

const ENCRYPTION_NAMES: ReadonlyMap<string, readonly number[]> = new Map([
  ['aes256-cts-hmac-sha1-96', [18]],
  ['aes256-cts', [18]],
  ['aes256-sha1', [18]],
  ['aes128-cts-hmac-sha1-96', [17]],
  ['aes128-cts', [17]],
  ['aes128-sha1', [17]],
  ['aes256-cts-hmac-sha384-192', [20]],
  ['aes256-sha2', [20]],
  ['aes128-cts-hmac-sha256-128', [19]],
  ['aes128-sha2', [19]],
  ['aes', ENCRYPTION_ORDER],
]);

/** Types that are not taken here (DES, RC4, Camellia) are left out; that none is left is told of. */
function encryptionsOf(written: Written | undefined, all: readonly number[], faults: string[]): readonly number[] {
  if (written === undefined) return all;
  const types = written.value
    .split(/[\s,]+/)
    .flatMap((name) => (name.toUpperCase() === 'DEFAULT' ? all : (ENCRYPTION_NAMES.get(name.toLowerCase()) ?? [])))
    .filter((type) => encryptionOf(type) !== undefined);
  if (types.length > 0) return [...new Set(types)];
  faults.push(
    `${written.where}: ${written.key} names no encryption that is taken here, which is AES; all of AES is asked for`,
  );
  return all;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** `36000`, `10h`, `1d 12h`, `10:00`, `10:00:00`; in ms. */
function durationOf({ value, where, key }: Written, faults: string[]): number | undefined {
  const clock = /^(\d{1,5}):(\d{1,2})(?::(\d{1,2}))?$/.exec(value);
  if (clock !== null) return (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)) * 1000;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const parts = value.toLowerCase().match(/\d{1,9}\s*[dhms]/g) ?? [];
  if (parts.length === 0 || parts.join('').replace(/\s/g, '') !== value.toLowerCase().replace(/\s/g, '')) {
    faults.push(`${where}: ${key} = ${value.slice(0, 40)} is no time; write seconds, or such as 10h or 7d`);
    return undefined;
  }
  return (
    parts.reduce((sum, part) => sum + Number.parseInt(part, 10) * (UNIT_SECONDS[part.at(-1) as string] ?? 0), 0) * 1000
  );
}
