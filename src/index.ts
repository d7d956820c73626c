import './io/node-required.ts';
import { type Log, silentLog } from './base/log.ts';
import { Ensemble } from './embed/ensemble.ts';
import { RunningPeer } from './embed/running-peer.ts';
import { openNodeWorld } from './io/node-world.ts';
import { readConfigFile, readConfigProperties } from './quorum/config/read-config.ts';

/**
 * The exports for a program that runs peers inside itself. Nothing here installs a signal handler or ends the process.
 *
 *   const peer = startPeer({ dataDir: './data', clientPort: 2181 });
 *   await peer.ready;
 *   ...
 *   await peer.close();
 */
export interface StartOptions {
  /** Anything with pino's debug, info, warn and error; silent by default. */
  readonly log?: Log;
}

/** The keys of zoo.cfg; docs/OPERATIONS.md has the list. */
export type PeerProperties = Readonly<Record<string, string | number | boolean>>;

/**
 * `config`: the path of a zoo.cfg, or its keys, which have to ask for an admin server to get one. Throws
 * ConfigError; the peer's promises tell of later failures.
 */
export function startPeer(config: string | PeerProperties, options: StartOptions = {}): RunningPeer {
  const log = options.log ?? silentLog;
  const world = openNodeWorld(log);
  const context = { disk: world.disk, cwd: process.cwd() };
  const read =
    typeof config === 'string'
      ? readConfigFile(config, context)
      : readConfigProperties({ 'admin.enableServer': false, ...config }, context);
  for (const warning of read.warnings) log.warn({}, warning);
  const peer = new RunningPeer(world, read.config, log);
  peer.start();
  return peer;
}

export interface StartEnsembleOptions extends StartOptions {
  /** The place of the peers' directories, 1, 2, ...; by default a temporary one, removed by `close`. */
  readonly dataDir?: string;
  /** Keys of zoo.cfg for every peer. Unless given here tickTime is 500, initLimit 20 and syncLimit 10. */
  readonly properties?: PeerProperties;
}

/** `size` peers in this process, on loopback and on ports that were free. Resolves when all of them serve. */
export function startEnsemble(size: number, options: StartEnsembleOptions = {}): Promise<Ensemble> {
  return Ensemble.start(size, { ...options, log: options.log ?? silentLog });
}

export { ConfigError, FatalError } from './base/errors.ts';
export type { Log } from './base/log.ts';
export type { Ensemble } from './embed/ensemble.ts';
export type { OwnAuthProvider } from './embed/own-providers.ts';
export type { RunningPeer } from './embed/running-peer.ts';
