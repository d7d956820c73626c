import { DiskError, diskError } from '../../io/disk.ts';
import type { ConfigContext } from './settings.ts';

/**
 * A file of the configuration, as java.util.Properties reads it: Latin-1, every byte a character, whatever it stands
 * for. `undefined` when there is no such file, and a sentence about what it is instead when it cannot be read.
 */
export function readConfigText(
  path: string,
  disk: ConfigContext['disk'],
): { readonly text: string } | { readonly fault: string } | undefined {
  try {
    return { text: disk.readSmall(path).toString('latin1') };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.code === 'ENOENT') return undefined;
    return { fault: faultOf(error.code) };
  }
}

/** The reason why a file could not be read. Throws what is no DiskError. */
export function fileFault(error: unknown): string {
  const { code } = diskError(error);
  return code === 'ENOENT' ? 'there is no such file' : faultOf(code);
}

function faultOf(code: string): string {
  if (code === 'EISDIR') return 'it is a directory, and a file is needed';
  if (code === 'ENOTDIR') return 'a part of its path is a file, where a directory is needed';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it; give it the right to';
  return `it cannot be read (${code})`;
}
