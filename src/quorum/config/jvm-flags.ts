import { shellWords } from '../../base/shell-words.ts';
import { trimLikeJava } from '../../election/quorum/properties.ts';
import { familyOf } from './keys/families.ts';
import { type KeyName, keySpec } from './keys.ts';
import { didYouMean } from './misspelt.ts';
import type { Setting } from './setting.ts';

/**
 * The options that start scripts hand to a JVM: `-Dname=value` is read, and the rest is said to have no effect, in one
 * line. `from` of each key says whether Apache ZooKeeper takes it as a flag or as a property.
 */
export interface FlagTarget {
  readonly warnings: string[];
  has(key: KeyName): boolean;
  add(setting: Setting): void;
}

export function addJvmFlags(target: FlagTarget, flags: string, where: string): void {
  const unread: string[] = [];
  for (const word of shellWords(flags)) {
    const match = /^-D([^=]+)(?:=([\s\S]*))?$/.exec(word);
    const name = match?.[1];
    // Not the value: it may be a password.
    if (name === undefined) unread.push(word);
    else if (!isOfZooKeeper(name)) unread.push(`-D${name}`);
    else addFlag(target, name, { key: name, value: trimLikeJava(match?.[2] ?? ''), where: `${where}: -D${name}` });
  }
  if (unread.length > 0) target.warnings.push(`${where}: there is no JVM here for ${unread.join(' ')}`);
}

function isOfZooKeeper(name: string): boolean {
  return name.startsWith('zookeeper.') || keySpec(name) !== undefined || familyOf(name) !== undefined;
}

function addFlag(target: FlagTarget, name: string, flag: Setting): void {
  const prefixed = name.startsWith('zookeeper.');
  const key = prefixed ? name.slice('zookeeper.'.length) : name;
  const from = (keySpec(key) ?? familyOf(key))?.from;
  if (prefixed ? from === 'property' || from === 'either' : from === 'flag' || from === 'either') {
    if (from === 'flag' || !target.has(key as KeyName)) target.add({ ...flag, key });
    return;
  }
  if (!prefixed || FLAGS_OF_SCRIPTS.has(key)) return;
  if (from === 'file') target.warnings.push(`${flag.where} has no effect as a flag; write ${key}= in zoo.cfg`);
  else if (from === 'flag') target.warnings.push(`${flag.where} has no effect; the flag is -D${key}`);
  else target.warnings.push(`${flag.where}: unknown property${didYouMean(key)}`);
}

/** The flags that the scripts of Apache ZooKeeper and of its packagers set for the logging of a JVM. */
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
