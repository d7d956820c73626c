import { parseProperties, trimLikeJava } from '../../election/quorum/properties.ts';
import type { Disk } from '../../io/disk.ts';
import { addJvmFlags } from './jvm-flags.ts';
import { familyOf } from './keys/families.ts';
import type { KeySpec, NotHonoured } from './keys/key-spec.ts';
import { KEYS, type KeyName, keySpec, type ValueOf } from './keys.ts';
import { didYouMean } from './misspelt.ts';
import { RefusedConfig } from './refused-config.ts';
import { faultText, type Setting } from './setting.ts';
import { NoValue, parseValue, type Value } from './value.ts';

/**
 * The settings as written, in zoo.cfg and in the JVM flags, brought together under the names of keys.ts: which of two
 * wins, which names mean nothing, which values are no values. In read-config.ts the values become a configuration.
 *
 * As in Apache: the last line of a name wins; a key of zoo.cfg wins over `-Dzookeeper.<key>`; and what Apache takes
 * from a flag alone, the flag decides. Nothing is thrown before everything was looked at: a refusal is noted, the
 * reading goes on with the default, and `finish` throws them all.
 */
export interface ConfigContext {
  readonly disk: Pick<Disk, 'exists' | 'readSmall' | 'list'>;
  /** Relative paths are relative to this directory. */
  readonly cwd: string;
  /** The options of a JVM, from the environment: only -Dname=value is read. */
  readonly jvmFlags?: string;
}

/** In UTF-8, read as Latin-1. */
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

export class Settings {
  private readonly settings = new Map<string, Setting>();
  private readonly values = new Map<string, Value | undefined>();
  private readonly unsound = new Set<string>();
  readonly warnings: string[] = [];
  readonly refusals: string[] = [];
  private readonly source: string;

  /** `source` is named when a key that is needed is in no place at all. */
  constructor(source: string) {
    this.source = source;
  }

  /** The lines of a properties file, in Latin-1. */
  addFile(text: string, file: string): void {
    const onFault = (line: number, what: string): void => this.refuseText(`${file}:${line}: ${what}`);
    for (const { key, value, line } of parseProperties(text, onFault)) {
      if (line === 1 && text.startsWith(BYTE_ORDER_MARK)) {
        this.byteOrderMark(`${file}:1`, key);
        continue;
      }
      const setting = { key: trimLikeJava(key), value: trimLikeJava(value), where: `${file}:${line}` };
      const earlier = this.settings.get(setting.key);
      if (earlier !== undefined && earlier.value !== setting.value) this.setAgain(setting, earlier);
      this.add(setting);
    }
  }

  add(setting: Setting): void {
    this.settings.set(setting.key, setting);
  }

  /** `-Dname=value` among the options a JVM would be started with; everything else there is for a JVM. */
  addFlags(flags: string, where: string): void {
    addJvmFlags(this, flags, where);
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

  /** The value, or the default where there is none; where the value is none either, and was refused for it. */
  value<K extends KeyName>(key: K): ValueOf<K> {
    if (!this.values.has(key)) this.values.set(key, this.read(key));
    return this.values.get(key) as ValueOf<K>;
  }

  /** Nothing was said against these keys: what they add up to may be judged. */
  sound(...keys: KeyName[]): boolean {
    return keys.every((key) => {
      this.value(key);
      return !this.unsound.has(key);
    });
  }

  /** Says what is unknown or not honoured, and refuses what must not be passed over. */
  check(): void {
    for (const setting of this.settings.values()) {
      const spec = keySpec(setting.key);
      if (spec !== undefined) this.checkKnown(setting, spec);
      else this.checkFamily(setting);
    }
  }

  /** `file:line: key=value: what is wrong`, or `file: key: ...` when the key is missing altogether. */
  refuse(key: KeyName, what: string): void {
    this.unsound.add(key);
    const setting = this.settings.get(key);
    this.refuseText(setting === undefined ? `${this.source}: ${key}: ${what}` : faultText(setting, what));
  }

  refuseSetting(setting: Setting, what: string): void {
    this.unsound.add(setting.key);
    this.refuseText(faultText(setting, what));
  }

  /** Line by line, as a ConfigError of another reader has them. */
  refuseText(text: string): void {
    this.refusals.push(...text.split('\n'));
  }

  /** Throws RefusedConfig when anything was refused. */
  finish(): void {
    if (this.refusals.length > 0) throw new RefusedConfig(this.refusals, this.warnings);
  }

  private read(key: KeyName): Value | undefined {
    const spec: KeySpec = KEYS[key];
    const setting = this.settings.get(key);
    if (setting === undefined) return spec.default;
    const value = parseValue(setting.value, spec);
    if (value instanceof NoValue) {
      this.refuseSetting(setting, value.why);
      return spec.default;
    }
    if (spec.type === 'host' && setting.value === '') {
      this.warnings.push(`${setting.where}: ${key} is empty: ${value} is used, which only this machine can reach`);
    }
    if (typeof value === 'number' && 'least' in spec && spec.least !== undefined && value < spec.least) {
      this.warnings.push(`${setting.where}: ${key}=${value} is less than ${spec.least}; ${spec.least} is used`);
      return spec.least;
    }
    return value;
  }

  private checkKnown(setting: Setting, spec: KeySpec): void {
    this.value(setting.key as KeyName);
    if (spec.status === 'honoured' || spec.same?.includes(setting.value.toLowerCase()) === true) return;
    if (spec.status === 'refused') this.refuseUnserved(setting, spec.why);
    else this.warnings.push(sayUnused(setting, spec));
  }

  private checkFamily(setting: Setting): void {
    const family = familyOf(setting.key);
    if (family === undefined) {
      this.warnings.push(`${setting.where}: unknown key ${setting.key}${didYouMean(setting.key)}`);
    } else if (family.status === 'refused') {
      this.refuseUnserved(setting, family.why);
    } else if (family.status !== 'honoured') {
      this.warnings.push(sayUnused(setting, family));
    }
  }

  private refuseUnserved(setting: Setting, why: string): void {
    this.refuseSetting(setting, `refused, because ${why}; remove it to start without`);
  }

  /** Java takes it for a part of the first key. */
  private byteOrderMark(where: string, key: string): void {
    const said = `${where}: the file begins with a byte order mark; save it as UTF-8 without one`;
    if (/^[#!]/.test(key.slice(BYTE_ORDER_MARK.length))) this.warnings.push(said);
    else this.refuseText(said);
  }

  private setAgain(setting: Setting, earlier: Setting): void {
    if (/^(server\.|group|weight)/.test(setting.key)) {
      this.refuseSetting(setting, `${earlier.where} gives it another value; each number may stand in one line`);
    } else {
      this.warnings.push(
        `${setting.where}: ${setting.key} is set again, and this time counts (before: ${earlier.where})`,
      );
    }
  }
}

function sayUnused({ where, key }: Setting, { status, why }: NotHonoured): string {
  return `${where}: ${key} ${status === 'meaningless' ? 'has no meaning here' : 'is not honoured'}: ${why}`;
}
