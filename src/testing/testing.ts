import '../io/node-required.ts';
import { type EnsembleOptions, TestEnsemble } from './ensemble/test-ensemble.ts';

/**
 * The exports for tests of programs that use ZooKeeper: a whole ensemble in this process, ready in a moment, and a switch for
 * everything that can go wrong. docs/TESTKIT.md has examples.
 *
 *   await using ensemble = await startEnsemble({ size: 3 });
 *   const lost = ensemble.clients.dropReply({ op: 'create', path: '/a' });
 *   ...
 *   await lost.happened;
 */
export async function startEnsemble(options: EnsembleOptions = {}): Promise<TestEnsemble> {
  refuseUnknown(options);
  return TestEnsemble.start(options);
}

const KNOWN: Readonly<Record<keyof EnsembleOptions, true>> = {
  size: true,
  observers: true,
  config: true,
  storage: true,
  dataDir: true,
  tls: true,
  host: true,
  clientPort: true,
  log: true,
};

/** JavaScript has no compiler that would say so, and an ensemble of one where three were meant passes many tests. */
function refuseUnknown(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`startEnsemble takes options, { size: 3 }, where ${String(options)} was given`);
  }
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(KNOWN, key));
  if (unknown === undefined) return;
  throw new TypeError(`startEnsemble has no option ${unknown}; it has ${Object.keys(KNOWN).join(', ')}`);
}

/** The two functions of a test runner that run something before and after the tests of a file or a group. */
export interface TestHooks {
  before(task: () => Promise<void>): void;
  after(task: () => Promise<void>): void;
}

/**
 * An ensemble for all tests of a file or group, started before them and closed behind them:
 *
 *   vitest, jest   const zk = ensembleForTests({ before: beforeAll, after: afterAll }, { size: 3 });
 *   node:test      const zk = ensembleForTests({ before, after }, { size: 3 });
 *
 * With `beforeEach` and `afterEach` each test gets its own. `zk()` is the ensemble; outside of a test it throws.
 */
export function ensembleForTests(hooks: TestHooks, options: EnsembleOptions = {}): () => TestEnsemble {
  let running: TestEnsemble | undefined;
  hooks.before(async () => {
    running = await startEnsemble(options);
  });
  hooks.after(async () => {
    const ended = running;
    running = undefined;
    await ended?.close();
  });
  return () => {
    if (running === undefined) throw new Error('the ensemble is there while tests run, and not before or after');
    return running;
  };
}

export { ConfigError } from '../base/errors.ts';
export type { Log } from '../base/log.ts';
export type { ClientDoor, ConnectionInfo } from './door/client-door.ts';
export type { Fault } from './door/fault.ts';
export type { ConnectionMatch, OperationMatch } from './door/match.ts';
export type { Disks } from './ensemble/disks.ts';
export type { AdvanceOptions, EnsembleClock } from './ensemble/ensemble-clock.ts';
export type { Network } from './ensemble/network.ts';
export type { EnsembleOptions, ServerInfo, TestClientOptions, TestEnsemble } from './ensemble/test-ensemble.ts';
export type { TlsFiles } from './tls/test-tls.ts';
