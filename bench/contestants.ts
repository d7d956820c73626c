import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The servers that are compared: how a process of each is started on a zoo.cfg. */
export interface Contestant {
  readonly name: string;
  command(config: string): { readonly program: string; readonly args: readonly string[] };
  /** A compiler that works while it serves wants longer; three such processes on two cores longer still. */
  warmUpSeconds(peers: number): number;
  /** Its longest turn is written to <config>.stall. */
  readonly tellsStalls: boolean;
}

const root = resolve(import.meta.dirname, '..');
const CACHE = join(root, '.cache', 'interop');

export const ours: Contestant = {
  name: 'menagerie',
  command: (config) => ({
    program: process.execPath,
    args: ['--import', join(root, 'bench', 'stall.mjs'), join(root, 'dist', 'peer.js'), '--config', config],
  }),
  warmUpSeconds: () => 10,
  tellsStalls: true,
};

/** Answers reads of one node from a constant: what Node's sockets alone allow on this machine. */
export const bareNode: Contestant = {
  name: 'bare Node',
  command: (config) => ({ program: process.execPath, args: [join(root, 'bench', 'bare-node.mjs'), config] }),
  warmUpSeconds: () => 3,
  tellsStalls: false,
};

/** The Apache release that scripts/interop-setup.sh fetched; undefined without it. JVM options are those of its zkServer.sh. */
export function apache(): Contestant | undefined {
  const judge = join(CACHE, 'judge');
  if (!existsSync(judge)) return undefined;
  const version = readFileSync(judge, 'utf8').trim();
  const jars = join(CACHE, `apache-${version}`);
  if (!existsSync(jars)) return undefined;
  // Without a binding of its logger it logs nothing, as this server in this comparison.
  const classpath = readdirSync(jars)
    .filter((name) => name.endsWith('.jar') && !name.startsWith('logback'))
    .map((name) => join(jars, name))
    .join(':');
  return {
    name: `Apache ${version}`,
    command: (config) => ({
      program: 'java',
      args: [
        '-Xmx1000m',
        '-XX:+HeapDumpOnOutOfMemoryError',
        '-Dcom.sun.management.jmxremote.local.only=true',
        '-cp',
        classpath,
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
        config,
      ],
    }),
    warmUpSeconds: (peers) => (peers > 1 ? 20 : 10),
    tellsStalls: false,
  };
}
