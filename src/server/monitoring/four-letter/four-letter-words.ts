import type { ClientConnection } from '../../connection/client-connection.ts';
import type { WordAnswerer } from '../../connection/connection-server.ts';
import type { HostInfo, ServerInfo } from '../server-info.ts';
import type { ServerView } from '../server-view.ts';
import { cons, dump, srvr, stat, wchc, wchp, wchs } from './about-clients.ts';
import { conf, dirs, envi, hash } from './about-peer.ts';
import { mntr } from './monitor.ts';
import type { WordContext } from './word-context.ts';

/**
 * The four bytes that operators and probes send instead of a frame, and the text they get. Follows
 * org.apache.zookeeper.server.command, line for line; which words are answered is the configuration's.
 */
type Word = (context: WordContext, asking: ClientConnection) => string;

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';
/** What telnet sends on an interrupt: no word, but Apache's table holds it, and it is refused like one. */
const TELNET_CLOSE = 'telnet close';
const TELNET_BYTES = 0xfff4fffd;
const TRACE_MASK_BYTES = 8;

/** Answered whether or not there is a leader. */
const always = new Map<string, Word>([
  ['ruok', () => 'imok'],
  ['envi', envi],
  [
    'isro',
    ({ server }) => (server.upstream === undefined ? 'null' : server.upstream.mode === 'read-only' ? 'ro' : 'rw'),
  ],
]);

const whileServing = new Map<string, Word>([
  ['conf', conf],
  ['cons', cons],
  ['dirs', dirs],
  ['dump', dump],
  ['hash', hash],
  ['mntr', mntr],
  ['srvr', srvr],
  ['stat', stat],
  ['wchc', wchc],
  ['wchp', wchp],
  ['wchs', wchs],
  [
    'crst',
    ({ server }) => {
      for (const connection of server.connections) connection.stats.reset();
      return 'Connection stats reset.\n';
    },
  ],
  [
    'srst',
    ({ server, info }) => {
      server.stats.reset();
      info.leader()?.proposalSizes.reset();
      return 'Server stats reset.\n';
    },
  ],
]);

export class FourLetterWords implements WordAnswerer<ClientConnection> {
  private readonly context: WordContext;
  private readonly enabled: ReadonlySet<string>;

  constructor(server: ServerView, info: ServerInfo, host: HostInfo) {
    this.context = { server, info, host };
    this.enabled = server.options.fourLetterWords;
  }

  bytesOf(firstBytes: Buffer): number {
    const word = wordIn(firstBytes);
    if (word === undefined) return 0;
    return word === 'stmk' && this.enabled.has(word) ? 4 + TRACE_MASK_BYTES : 4;
  }

  answer(firstBytes: Buffer, asking: ClientConnection): string {
    const word = wordIn(firstBytes) ?? '';
    const { server } = this.context;
    if (!this.enabled.has(word)) return `${word} is not executed because it is not in the whitelist.\n`;
    server.log.debug({ client: asking.client, word }, 'four-letter word');
    if (word === 'gtmk') return String(server.stats.traceMask);
    if (word === 'stmk') {
      server.stats.traceMask = firstBytes.readBigInt64BE(4);
      return String(server.stats.traceMask);
    }
    const anytime = always.get(word);
    if (anytime !== undefined) return anytime(this.context, asking);
    const serving = whileServing.get(word);
    if (serving === undefined) return '';
    // `hash` alone leaves the newline out.
    if (!server.isServing) return word === 'hash' ? NOT_SERVING : `${NOT_SERVING}\n`;
    return serving(this.context, asking);
  }
}

function wordIn(firstBytes: Buffer): string | undefined {
  if (firstBytes.readUInt32BE(0) === TELNET_BYTES) return TELNET_CLOSE;
  const word = firstBytes.toString('latin1', 0, 4);
  return always.has(word) || whileServing.has(word) || word === 'gtmk' || word === 'stmk' ? word : undefined;
}
