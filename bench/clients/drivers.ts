import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/**
 * The clients of Node behind one face. Each is asked in its own way, by promises or by callbacks: nothing is put between
 * that its programs would not have either.
 */
export interface Driver {
  read(path: string, done: (error: unknown, data?: Buffer) => void): void;
  /** `version` is that of the node after it. */
  write(path: string, data: Buffer, done: (error: unknown, version?: number) => void): void;
  /** A read that leaves a one-shot watch. `onChanged` is told the path of a change of the node's data, and of nothing else. */
  watch(path: string, onChanged: (path: string) => void, done: (error: unknown, data?: Buffer) => void): void;
  close(done: () => void): void;
}

const root = resolve(import.meta.dirname, '..', '..');
/** Where the packages of others are installed. */
export const PACKAGES: string = join(root, '.cache', 'bench', 'clients');
const SESSION_TIMEOUT_MS = 30_000;
/** NODE_DATA_CHANGED of the protocol, as both packages pass it on. */
const DATA_CHANGED = 3;

export async function openDriver(name: string, hosts: string): Promise<Driver> {
  if (name === 'menagerie') return openOurs(hosts);
  if (name === 'node-zookeeper-client') return openCallbacks(hosts);
  if (name === 'zookeeper') return openNative(hosts);
  throw new RangeError(`no client ${name}`);
}

/** As it is shipped, compiled. */
async function openOurs(hosts: string): Promise<Driver> {
  const shipped = join(root, 'dist', 'client', 'client.js');
  const { connect } = (await import(shipped)) as typeof import('../../src/client/client.ts');
  const client = await connect(hosts, { sessionTimeoutMs: SESSION_TIMEOUT_MS });
  return {
    read: (path, done) => void client.getData(path).then(({ data }) => done(undefined, data), done),
    write: (path, data, done) => void client.setData(path, data).then(({ version }) => done(undefined, version), done),
    watch: (path, onChanged, done) => {
      const watch = (event: { type: string; path: string }): void => {
        if (event.type === 'nodeDataChanged') onChanged(event.path);
      };
      void client.getData(path, { watch }).then(({ data }) => done(undefined, data), done);
    },
    close: (done) => void client.close().then(done),
  };
}

interface CallbackClient {
  once(event: 'connected', listener: () => void): void;
  connect(): void;
  close(): void;
  getData(path: string, done: (error: unknown, data: Buffer) => void): void;
  getData(path: string, watch: (event: CallbackEvent) => void, done: (error: unknown, data: Buffer) => void): void;
  setData(path: string, data: Buffer, done: (error: unknown, stat?: { readonly version: number }) => void): void;
}

interface CallbackEvent {
  readonly type: number;
  readonly path: string;
}

async function openCallbacks(hosts: string): Promise<Driver> {
  const library = packageOf('node-zookeeper-client') as {
    createClient(hosts: string, options: { sessionTimeout: number }): CallbackClient;
  };
  const client = library.createClient(hosts, { sessionTimeout: SESSION_TIMEOUT_MS });
  await new Promise<void>((done) => {
    client.once('connected', done);
    client.connect();
  });
  return {
    read: (path, done) => client.getData(path, done),
    write: (path, data, done) => client.setData(path, data, (error, stat) => done(error, stat?.version)),
    watch: (path, onChanged, done) => {
      const watch = ({ type, path: changed }: CallbackEvent): void => {
        if (type === DATA_CHANGED) onChanged(changed);
      };
      client.getData(path, watch, done);
    },
    close: (done) => {
      client.close();
      done();
    },
  };
}

type NativeData = (code: number, error: string, stat: unknown, data: Buffer) => void;

interface NativeClient {
  connect(options: object, done: (error: unknown) => void): void;
  close(): void;
  a_get(path: string, watch: boolean, done: NativeData): void;
  aw_get(path: string, watch: (type: number, state: number, path: string) => void, done: NativeData): void;
  a_set(
    path: string,
    data: Buffer,
    version: number,
    done: (code: number, error: string, stat: { readonly version: number }) => void,
  ): void;
}

async function openNative(hosts: string): Promise<Driver> {
  const Native = packageOf('zookeeper') as new () => NativeClient;
  const client = new Native();
  const errorsOnly = 1;
  await new Promise<void>((done, fail) => {
    client.connect({ connect: hosts, timeout: SESSION_TIMEOUT_MS, debug_level: errorsOnly }, (error) => {
      if (error) fail(error);
      else done();
    });
  });
  return {
    read: (path, done) => client.a_get(path, false, (code, error, _stat, data) => done(errorOf(code, error), data)),
    write: (path, data, done) =>
      client.a_set(path, data, -1, (code, error, stat) => done(errorOf(code, error), stat?.version)),
    watch: (path, onChanged, done) => {
      const watch = (type: number, _state: number, changed: string): void => {
        if (type === DATA_CHANGED) onChanged(changed);
      };
      client.aw_get(path, watch, (code, error, _stat, data) => done(errorOf(code, error), data));
    },
    close: (done) => {
      client.close();
      done();
    },
  };
}

function errorOf(code: number, text: string): Error | undefined {
  return code === 0 ? undefined : new Error(`${code} ${text}`);
}

function packageOf(name: string): unknown {
  return createRequire(join(PACKAGES, 'package.json'))(name);
}
