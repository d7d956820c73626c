import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { parseProperties, printProperty, trimLikeJava } from '../election/quorum/properties.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import { type Disk, diskError } from '../io/disk.ts';
import { zxidHex } from '../jute/zxid.ts';
import { replaceFile } from '../txnlog/small-file.ts';
import type { PeerConfig } from './config/peer-config.ts';
import { secureLines } from './config/secure-lines.ts';

/**
 * Membership in files, as Apache keeps it beside zoo.cfg, so that a peer restarted after a reconfiguration knows whom
 * to look for:
 *
 *   zoo.cfg.dynamic.<hex version>   the membership in force; its version is in its name
 *   zoo.cfg.dynamic.next            one proposed but not decided, with its version
 *   zoo.cfg                         names the first by dynamicConfigFile, and lists no servers any more;
 *                                   zoo.cfg.bak is what it was before
 *
 * Without a configuration file there is nothing to keep up to date.
 */
const STATIC_KEYS = ['server.', 'group', 'weight', 'dynamicConfigFile', 'peerType'];
/** Apache drops clientPortListenBacklog with them, for it compares beginnings. */
const CLIENT_KEYS = ['clientPort', 'clientPortAddress'];

export class DynamicConfigFiles {
  private readonly disk: Disk;
  private readonly config: PeerConfig;
  private readonly log: Log;

  constructor(disk: Disk, config: PeerConfig, log: Log) {
    this.disk = disk;
    this.config = config;
    this.log = log;
  }

  writeNext(verifier: QuorumVerifier): void {
    this.write((dir, name) => this.replace(dir, `${name}.dynamic.next`, linesOf(verifier, true)));
  }

  writeActive(verifier: QuorumVerifier): void {
    this.write((dir, name) => {
      const dynamicName = `${name}.dynamic.${zxidHex(verifier.version)}`;
      this.replace(dir, dynamicName, linesOf(verifier, false));
      const path = `${dir}/${name}`;
      const text = this.disk.readSmall(path);
      if (!this.disk.exists(`${path}.bak`)) this.replace(dir, `${name}.bak`, text);
      const self = verifier.members.get(this.config.myid as number);
      const hasOwnClientPort = self?.client !== undefined && !self.clientFromStatic;
      const isDropped = (key: string): boolean =>
        STATIC_KEYS.some((prefix) => key.startsWith(prefix)) || (hasOwnClientPort && CLIENT_KEYS.includes(key));
      const kept = parseProperties(text.toString('latin1')).filter(({ key }) => !isDropped(trimLikeJava(key)));
      const lines = kept.map(({ key, value }) => printProperty(key, value));
      lines.push(...secureLines(this.config, kept));
      lines.push(printProperty('dynamicConfigFile', `${dir}/${dynamicName}`));
      this.replace(dir, name, `${lines.join('\n')}\n`);
      this.removeNext(dir, name);
    });
  }

  /** The proposal is known to be never decided. */
  forgetNext(): void {
    this.write((dir, name) => this.removeNext(dir, name));
  }

  /** The membership itself is in the replicated state; a file that cannot be written is warned about, no more. */
  private write(task: (dir: string, name: string) => void): void {
    const path = this.config.configFile;
    if (path === undefined) return;
    const slash = path.lastIndexOf('/');
    try {
      task(path.slice(0, slash), path.slice(slash + 1));
    } catch (error) {
      // Somebody edits zoo.cfg, and it is none at the moment.
      const { message: reason } = error instanceof ConfigError ? error : diskError(error);
      this.log.warn({ file: path, reason }, 'could not keep the membership in files beside zoo.cfg');
    }
  }

  private removeNext(dir: string, name: string): void {
    const path = `${dir}/${name}.dynamic.next`;
    if (this.disk.exists(path)) this.disk.unlink(path);
    this.disk.syncDir(dir);
  }

  private replace(dir: string, name: string, content: string | Buffer): void {
    replaceFile(this.disk, dir, name, content, `${name}.tmp`);
  }
}

function linesOf(verifier: QuorumVerifier, withVersion: boolean): string {
  const lines = verifier.text().split('\n');
  return escaped((withVersion ? lines : lines.filter((line) => !line.startsWith('version'))).sort().join('\n'));
}

/** Files of properties are read as ISO 8859-1, and hosts may have any name. */
function escaped(text: string): string {
  return text.replace(/[^\n -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
