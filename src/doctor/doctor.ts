import { resolve } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { HASH_KEY_BYTES, hashKeyFrom } from '../datatree/tree/path-hash.ts';
import { checkConfig } from '../embed/check-config.ts';
import { isLocked } from '../io/node-lock.ts';
import { openNodeWorld } from '../io/node-world.ts';
import { type ReadConfig, readConfigFile } from '../quorum/config/read-config.ts';
import { checkClocks } from './check-clocks.ts';
import { checkDisk, checkLimits } from './check-disk.ts';
import { checkFiles } from './check-files.ts';
import { checkMembers } from './check-members.ts';
import { checkPorts } from './check-ports.ts';
import { checkSecurity } from './check-security.ts';
import { bad, type Finding, good, note } from './finding.ts';
import { lostQuorum } from './lost-quorum.ts';

export interface ExamineOptions {
  /** The options of a JVM that the server would be started with. */
  readonly jvmFlags?: string;
  /** The ways to get in, and nothing else. */
  readonly security?: boolean;
}

/**
 * Looks at everything that a server needs, before a start or beside one that runs. It asks and reads; before a start it
 * listens on the ports for a moment. The only thing it writes is a file of its own, to time the disk's syncs.
 */
export async function examine(configFile: string, cwd: string, asked: ExamineOptions = {}): Promise<Finding[]> {
  const world = openNodeWorld(silentLog);
  try {
    const read = (): ReadConfig =>
      readConfigFile(configFile, { disk: world.disk, cwd, jvmFlags: asked.jvmFlags ?? '' });
    const { good: wouldStart, lines } = await checkConfig(read);
    const said = lines.map((line) => (wouldStart ? note('config', line) : bad('config', line)));
    const config = configOf(read);
    if (config === undefined) return said;
    if (wouldStart)
      said.push(
        good(
          'config',
          `${configFile} would start ${config.distributed ? `server ${config.myid}` : 'a standalone server'}`,
        ),
      );
    const { dataDir, dataLogDir } = config;
    const options = {
      extendedTypes: config.extendedTypesEnabled,
      emulate353Ttl: config.emulate353TTLNodes,
      digest: config.digestEnabled,
      hashKey: hashKeyFrom(world.random.secret(HASH_KEY_BYTES)),
      log: silentLog,
    };
    if (asked.security === true) {
      const configText = world.disk.readSmall(resolve(cwd, configFile)).toString('latin1');
      return [...said, ...checkSecurity(config, { disk: world.disk, options, configText })];
    }
    const inUse = isLocked(dataDir);
    const members = await checkMembers(config);
    return [
      ...said,
      ...members.findings,
      ...(members.isQuorumLost ? lostQuorum(world.disk, config, members.running) : []),
      ...(await checkClocks(config)),
      ...(inUse ? [] : await checkPorts(config)),
      ...checkDisk(dataDir, dataLogDir),
      ...checkLimits(),
      ...checkFiles(world.disk, { dataDir, dataLogDir, inUse }, options),
    ];
  } finally {
    world.shut();
  }
}

function configOf(read: () => ReadConfig): ReadConfig['config'] | undefined {
  try {
    return read().config;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
