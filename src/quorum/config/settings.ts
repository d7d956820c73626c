import { ConfigError } from '../../base/errors.ts';
import { parseProperties } from '../../election/quorum/properties.ts';
import type { Disk } from '../../io/disk.ts';
import {
  KEY_FAMILIES,
  KEYS,
  type KeyFamily,
  type KeyName,
  type KeySpec,
  keySpec,
  MANUAL_NAMES,
  type ValueOf,
} from './keys.ts';
import { suggest } from './suggest.ts';

/**
 * What was written, in zoo.cfg and in the JVM flags, brought together under the names of keys.ts: which of two wins,
 * which names mean nothing, which values are no values. What the values add up to is read-config.ts's to say.
 *
 * As in Apache: the last line of a name wins; a key of zoo.cfg wins over `-Dzookeeper.<key>`; and what Apache takes
 * from a flag alone, the flag decides.
 */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** `zoo.cfg:12`, or where else it was written. */
  readonly where: string;
}

export interface ConfigContext {
  readonly disk: Pick<Disk, 'exists' | 'readSmall'>;
  /** Relative paths are relative to this directory. */
  readonly cwd: string;
  /** The options of a JVM, from the environment: only -Dname=value is read. */
  readonly jvmFlags?: string;
}

export class Settings {
  private readonly settings = new Map<string, Setting>();
  readonly warnings: string[] = [];
  private readonly source: string;

  /** `source` is named when a key that is needed is in no place at all. */
  constructor(source: string) {
    this.source = source;
  }

  /** The lines of a properties file. */
  addFile(text: string, file: string): void {
    for (const { key, value, line } of parseProperties(text)) {
      const setting = { key: key.trim(), value: value.trim(), where: `${file}:${line}` };
      const earlier = this.settings.get(setting.key);
      if (earlier !== undefined && earlier.value !== setting.value) {
        this.warnings.push(
          `${setting.where}: ${setting.key} is set again, and this time counts (before: ${earlier.where})`,
        );
      }
      this.add(setting);
    }
  }

  add(setting: Setting): void {
    this.settings.set(setting.key, setting);
  }

  /** `-Dname=value` among the options a JVM would be started with; everything else there is for a JVM. */
  addJvmFlags(flags: string, where: string): void {
    for (const word of shellWords(flags)) {
      const match = /^-D([^=]+)(?:=([\s\S]*))?$/.exec(word);
      if (match === null) continue;
      const name = match[1] as string;
      this.addFlag(name, { key: name, value: (match[2] ?? '').trim(), where: `${where}: -D${name}` });
    }
  }

  /** Everything of a family, in the order written. */
  family(prefix: string): Setting[] {
    return [...this.settings.values()].filter((setting) => setting.key.startsWith(prefix));
  }

  get(key: string): Setting | undefined {
    return this.settings.get(key);
  }

  has(key: KeyName): boolean {
    return this.settings.has(key);
  }

  value<K extends KeyName>(key: K): ValueOf<K> {
    const spec: KeySpec = KEYS[key];
    const setting = this.settings.get(key);
    return (setting === undefined ? spec.default : parseValue(setting, spec)) as ValueOf<K>;
  }

  /** Says what is unknown or not honoured, and refuses what must not be passed over. Throws ConfigError. */
  check(): void {
    for (const setting of this.settings.values()) {
      const spec = keySpec(setting.key);
      if (spec !== undefined) this.checkKnown(setting, spec);
      else this.checkFamily(setting);
    }
  }

  /** `file:line: key=value: what is wrong`, or `file: key: ...` when the key is missing altogether. */
  fault(key: KeyName, what: string): ConfigError {
    const setting = this.settings.get(key);
    return setting === undefined ? new ConfigError(`${this.source}: ${key}: ${what}`) : faultOf(setting, what);
  }

  private checkKnown(setting: Setting, spec: KeySpec): void {
    parseValue(setting, spec);
    if (spec.status === 'honoured' || spec.same?.includes(setting.value.toLowerCase()) === true) return;
    if (spec.status === 'refused') throw faultOf(setting, `refused, because ${spec.why}; remove it to start without`);
    this.warnings.push(`${setting.where}: ${setting.key} is not honoured: ${spec.why}`);
  }

  private checkFamily(setting: Setting): void {
    const family = familyOf(setting.key);
    if (family === undefined) {
      this.warnings.push(`${setting.where}: unknown key ${setting.key}${didYouMean(setting.key)}`);
    } else if (family.status === 'refused') {
      throw faultOf(setting, `refused, because ${family.why}; remove it to start without`);
    } else if (family.status === 'ignored') {
      this.warnings.push(`${setting.where}: ${setting.key} is not honoured: ${family.why}`);
    }
  }

  private addFlag(name: string, flag: Setting): void {
    const prefixed = name.startsWith('zookeeper.');
    const key = prefixed ? name.slice('zookeeper.'.length) : name;
    const from = (keySpec(key) ?? familyOf(key))?.from;
    if (prefixed ? from === 'property' || from === 'either' : from === 'flag' || from === 'either') {
      if (from === 'flag' || !this.settings.has(key)) this.add({ ...flag, key });
      return;
    }
    if (!prefixed || FLAGS_OF_SCRIPTS.has(key)) return;
    if (from === 'file') this.warnings.push(`${flag.where} has no effect as a flag; write ${key}= in zoo.cfg`);
    else if (from === 'flag') this.warnings.push(`${flag.where} has no effect; the flag is -D${key}`);
    else this.warnings.push(`${flag.where}: unknown property${didYouMean(key)}`);
  }
}

/** What the scripts of Apache ZooKeeper and of its packagers set for the logging of a JVM. */
const FLAGS_OF_SCRIPTS: ReadonlySet<string> = new Set([
  'root.logger',
  'console.threshold',
  'log.dir',
  'log.file',
  'log.threshold',
  'log.maxfilesize',
  'log.maxbackupindex',
  'tracelog.dir',
  'tracelog.file',
  'auditlog.file',
  'auditlog.threshold',
  'audit.logger',
]);

export function faultOf(setting: Setting, what: string): ConfigError {
  return new ConfigError(`${setting.where}: ${setting.key}=${setting.value}: ${what}`);
}

function familyOf(key: string): KeyFamily | undefined {
  return KEY_FAMILIES.find((family) => key.startsWith(family.prefix));
}

function didYouMean(key: string): string {
  if (Object.hasOwn(MANUAL_NAMES, key)) return `; the key that works is ${MANUAL_NAMES[key]}`;
  const plain = key.replace(/^zookeeper\./, '');
  if (plain !== key && keySpec(plain) !== undefined) return `; in zoo.cfg it is ${plain}, without the prefix`;
  const known = suggest(plain, Object.keys(KEYS));
  return known === undefined ? '' : `; did you mean ${known}?`;
}

function parseValue(setting: Setting, spec: KeySpec): string | number | boolean {
  switch (spec.type) {
    case 'int':
    case 'long':
      return parseWhole(setting, spec);
    case 'float':
      return parseFloatValue(setting);
    case 'boolean':
      return parseChoice(setting, ['true', 'false']) === 'true';
    case 'yes-no':
      return parseChoice(setting, ['yes', 'no']) === 'yes';
    case 'text':
      return spec.choices === undefined ? setting.value : parseChoice(setting, spec.choices);
  }
}

/** Java's Integer.decode as well where Apache reads a property with it: 0x400000 is a size people write. */
function parseWhole(setting: Setting, spec: KeySpec & { type: 'int' | 'long' | 'float' }): number {
  const hex = spec.from === 'file' ? null : /^([+-]?)(?:0[xX]|#)([0-9a-fA-F]+)$/.exec(setting.value);
  const value =
    hex !== null
      ? Number.parseInt(hex[2] as string, 16) * (hex[1] === '-' ? -1 : 1)
      : /^[+-]?\d+$/.test(setting.value)
        ? Number(setting.value)
        : Number.NaN;
  const widest = spec.type === 'int' ? 2 ** 31 : Number.MAX_SAFE_INTEGER;
  const min = spec.min ?? -widest;
  const max = spec.max ?? widest - 1;
  if (value >= min && value <= max) return value;
  if (min === max) throw faultOf(setting, `only ${min} is supported`);
  const bounds = spec.min !== undefined && spec.max === undefined ? `${min} or more` : `from ${min} to ${max}`;
  throw faultOf(setting, `a whole number is needed, ${bounds}`);
}

function parseFloatValue(setting: Setting): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(setting.value) ? Number(setting.value) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw faultOf(setting, 'a number is needed, such as 0.33');
}

function parseChoice(setting: Setting, choices: readonly string[]): string {
  const lower = setting.value.toLowerCase();
  const chosen = choices.find((choice) => choice.toLowerCase() === lower);
  if (chosen !== undefined) return chosen;
  const meant = suggest(setting.value, choices);
  const listed = choices.map((choice) => (choice === '' ? 'nothing' : choice)).join(' or ');
  throw faultOf(setting, meant === undefined ? `it is ${listed}` : `it is ${listed}; did you mean ${meant}?`);
}

/** Words as a shell would split them: blanks separate, quotes hold together. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)) {
    words.push(match[0].replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
}
