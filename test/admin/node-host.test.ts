import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/admin/node-host.ts';
import { SYSTEM_CALLS, type SystemCalls } from '../../src/admin/system-calls.ts';

const TOLD: Readonly<Record<keyof SystemCalls, readonly string[]>> = {
  hostname: ['host.name'],
  tmpdir: ['java.io.tmpdir'],
  release: ['os.version'],
  userName: ['user.name'],
  homedir: ['user.home'],
  cwd: ['user.dir'],
  freemem: ['os.memory.free'],
  totalmem: ['os.memory.max'],
  residentBytes: ['os.memory.total'],
  openFiles: [],
  limits: [],
};

describe('what the system does not tell', () => {
  it.each(Object.entries(TOLD))('is said in its place, and all else is told: %s', (name, keys) => {
    const system = {
      ...SYSTEM_CALLS,
      [name]: () => {
        throw new Error('A system error occurred: no such entry');
      },
    };
    const host = new NodeHost(system);
    const failed = (all: readonly (readonly [string, string])[]): string[] =>
      all.filter(([, value]) => value === '? (A system error occurred: no such entry)').map(([key]) => key);
    expect(failed(host.environment())).toEqual(keys);
    expect(failed(host.properties())).toEqual(keys.filter((key) => !/home|memory|host/.test(key)));
    expect(host.openFileDescriptors() === -1).toBe(name === 'openFiles');
    expect(host.maxFileDescriptors() === -1).toBe(name === 'limits');
  });
});
