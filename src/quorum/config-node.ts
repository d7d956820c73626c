import { CONFIG_PATH } from '../datatree/special-paths.ts';
import { epochOf, zxidText } from '../jute/zxid.ts';
import type { ConfigBook } from './config-book.ts';
import type { PeerParts } from './peer-parts.ts';

/** /zookeeper/config: what it says of the members after a recovery, and what it shows of them. */
export class ConfigNode {
  private readonly parts: PeerParts;
  private readonly book: ConfigBook;

  constructor(parts: PeerParts, book: ConfigBook) {
    this.parts = parts;
    this.book = book;
  }

  /**
   * The history says which members were proposed last, and files beside zoo.cfg can be lost, or restored from a time
   * before. Counting by older members, those who remember them could decide without the ones of today.
   */
  recall(): void {
    const { replica, log } = this.parts;
    const { book } = this;
    const text = this.shown();
    const version = text === undefined ? undefined : book.versionOf(text);
    const known = (book.lastSeen ?? book.active).version;
    if (text === undefined || version === undefined || version <= known) return;
    log.warn({ files: zxidText(known), history: zxidText(version) }, MEMBERS_OF_HISTORY);
    // A leader of a later epoch was established with it.
    if (epochOf(replica.lastZxid) > epochOf(version)) book.adopt(text);
    else book.seen(text);
  }

  /**
   * The membership in force. Without reconfiguration that is what each peer was started with, as Apache does. After one
   * it is what came of it, also where a file that knew nothing of it had been shown before. A proposal of the log
   * stays, for a snapshot would be all that is left of it.
   */
  show(): void {
    const { config, clock, replica } = this.parts;
    const { active } = this.book;
    const text = active.text();
    const shown = this.shown();
    if (shown === text) return;
    const isNewer =
      config.reconfigEnabled && shown !== undefined && (this.book.versionOf(shown) ?? -1) > active.version;
    if (!isNewer) replica.database.setConfig(text, active.version, clock.wallMs());
  }

  private shown(): string | undefined {
    const { tree } = this.parts.replica.database;
    const node = tree.lookup(CONFIG_PATH);
    return node < 0 ? undefined : tree.dataOf(node)?.toString('utf8');
  }
}

const MEMBERS_OF_HISTORY =
  'the history has newer members than the files beside zoo.cfg, and they count; to count by a file give it a later version';
