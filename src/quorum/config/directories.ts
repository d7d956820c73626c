import { isAbsolute, resolve } from 'node:path';
import { diskError } from '../../io/disk.ts';
import { faultText, type Setting } from './setting.ts';
import type { ConfigContext, Settings } from './settings.ts';

/**
 * The places of snapshots and logs. A directory that is not the one its author believes is lost data at the next start.
 * So a value that a shell or an editor would have turned into something else (quotes, `~`, `$`) is refused. It is taken
 * if there is a directory of that very name, for then a user's data is in it.
 */
export interface Directories {
  readonly dataDir: string;
  readonly dataLogDir: string;
}

type DirectoryKey = 'dataDir' | 'dataLogDir';

/** Undefined when one of them is no directory; then it was refused. */
export function readDirectories(settings: Settings, context: ConfigContext): Directories | undefined {
  const dataDir = readDirectory('dataDir', settings, context);
  if (!settings.has('dataDir')) {
    settings.refuse('dataDir', `it is missing; name the directory for the data${misspelt('dataDir', settings)}`);
  }
  refuseMisspelt('dataLogDir', settings);
  const dataLogDir = settings.has('dataLogDir') ? readDirectory('dataLogDir', settings, context) : dataDir;
  return dataDir === undefined || dataLogDir === undefined ? undefined : { dataDir, dataLogDir };
}

function readDirectory(key: DirectoryKey, settings: Settings, context: ConfigContext): string | undefined {
  const setting = settings.get(key);
  const text = settings.value(key);
  if (setting === undefined || text === undefined || !settings.sound(key)) return undefined;
  const path = resolve(context.cwd, text);
  const fault = faultOf(text, path, context.disk);
  if (fault !== undefined) {
    settings.refuseSetting(setting, fault);
    return undefined;
  }
  const said = (what: string): number => settings.warnings.push(faultText(setting, what));
  if (isUnexpanded(text)) said('quotes, ~ and $ mean themselves here, and there is a directory of that name');
  if (!isAbsolute(text) && !text.startsWith('./')) {
    settings.warnings.push(`${setting.where}: ${key}=${text} is relative; write ./${text} if that is meant`);
  }
  const meant = utf8Of(text);
  if (meant !== undefined) {
    said(`each byte is read as a character of its own, as by Java; for ${meant} write ${escaped(meant)}`);
  }
  return path;
}

function faultOf(text: string, path: string, disk: ConfigContext['disk']): string | undefined {
  if (text.includes('\0')) return 'a name with a NUL in it; write the path of a directory';
  try {
    if (!disk.exists(path)) {
      return isUnexpanded(text)
        ? `quotes, ~ and $ mean themselves here; write the path as it is on the disk`
        : undefined;
    }
    disk.list(path);
    return undefined;
  } catch (error) {
    // A directory that may not be read has an exit code of its own, once the server wants to use it.
    return diskError(error).code === 'ENOTDIR' ? 'it is a file; name a directory' : undefined;
  }
}

function isUnexpanded(text: string): boolean {
  return /^["'~]|["']$|\$[{(A-Za-z_]/.test(text);
}

/** The text that its characters are the UTF-8 bytes of; undefined when they are no such bytes, or ASCII alone. */
function utf8Of(text: string): string | undefined {
  if (!/^[\0-\xff]*[\x80-\xff]/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? undefined : decoded;
}

function escaped(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `datalogdir=` would put the log beside the snapshots without a word, and at the next start it may be missed. */
function refuseMisspelt(key: DirectoryKey, settings: Settings): void {
  const other = inAnotherCase(key, settings);
  if (other !== undefined && !settings.has(key)) settings.refuseSetting(other, `there is no such key; write ${key}`);
}

function misspelt(key: DirectoryKey, settings: Settings): string {
  const other = inAnotherCase(key, settings);
  return other === undefined ? '' : `; ${other.where} has ${other.key}, write ${key}`;
}

function inAnotherCase(key: DirectoryKey, settings: Settings): Setting | undefined {
  return settings.family('').find((setting) => setting.key !== key && setting.key.toLowerCase() === key.toLowerCase());
}
