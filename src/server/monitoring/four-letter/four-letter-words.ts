import { AssertionFailure } from '../../../base/assert.ts';
import { messageOf } from '../../../base/errors.ts';
import type { ClientConnection } from '../../connection/client-connection.ts';
import type { WordAnswerer } from '../../connection/connection-server.ts';
import type { HostInfo, ServerInfo } from '../server-info.ts';
import type { ServerView } from '../server-view.ts';
import { cons, dump, srvr, stat, wchc, wchp, wchs } from './about-clients.ts';
import { conf, dirs, envi, hash } from './about-peer.ts';
import { mntr } from './monitor.ts';
import type { WordContext } from './word-context.ts';
import type { WordText } from './word-text.ts';

/**
 * The four bytes that operators and probes send instead of a frame, and the text they get. Follows
 * org.apache.zookeeper.server.command, line for line; the configuration says which words are answered. One that
 * fails is answered nothing, as there, and disturbs no other.
 */
type Word = (context: WordContext, asking: ClientConnection, firstBytes: Buffer) => WordText;

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';
/** The bytes telnet sends on an interrupt: no word, but Apache's table holds it, and it is refused like one. */
const TELNET_CLOSE = 'telnet close';
const TELNET_BYTES = 0xfff4fffd;
const TRACE_MASK_BYTES = 8;

interface WordEntry {
  readonly answer: Word;
  /** The word is also answered while there is no leader. */
  readonly always?: true;
}

const words: Readonly<Record<string, WordEntry>> = {
  conf: { answer: conf },
  cons: { answer: cons },
  crst: { answer: resetConnections },
  dirs: { answer: dirs },
  dump: { answer: dump },
  envi: { answer: envi, always: true },
  gtmk: { answer: ({ server }) => String(server.stats.traceMask), always: true },
  hash: { answer: hash },
  isro: { answer: isReadOnly, always: true },
  mntr: { answer: mntr },
  ruok: { answer: () => 'imok', always: true },
  srst: { answer: resetStats },
  srvr: { answer: srvr },
  stat: { answer: stat },
  stmk: { answer: setTraceMask, always: true },
  wchc: { answer: wchc },
  wchp: { answer: wchp },
  wchs: { answer: wchs },
};

/** Every word there is; telnet's interrupt is no word. */
export const FOUR_LETTER_WORDS: readonly string[] = Object.keys(words);

function isReadOnly({ server }: WordContext): string {
  if (server.upstream === undefined) return 'null';
  return server.upstream.mode === 'read-only' ? 'ro' : 'rw';
}

function resetConnections({ server }: WordContext): string {
  for (const connection of server.connections) connection.stats.reset();
  return 'Connection stats reset.\n';
}

function resetStats({ server, info }: WordContext): string {
  server.stats.reset();
  info.leader()?.proposalSizes.reset();
  return 'Server stats reset.\n';
}

function setTraceMask({ server }: WordContext, _asking: ClientConnection, firstBytes: Buffer): string {
  server.stats.traceMask = firstBytes.readBigInt64BE(4);
  return String(server.stats.traceMask);
}

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

  *answer(firstBytes: Buffer, asking: ClientConnection): Generator<string> {
    const word = wordIn(firstBytes) ?? '';
    const { server } = this.context;
    if (!this.enabled.has(word)) {
      yield `${word} is not executed because it is not in the whitelist.\n`;
      return;
    }
    server.log.debug({ client: asking.client, word }, 'four-letter word');
    const entry = words[word] as WordEntry;
    if (entry.always === undefined && !server.isServing) {
      // `hash` alone leaves the newline out.
      yield word === 'hash' ? NOT_SERVING : `${NOT_SERVING}\n`;
      return;
    }
    try {
      const text = entry.answer(this.context, asking, firstBytes);
      if (typeof text !== 'string') yield* text;
      else if (text !== '') yield text;
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      server.metrics.requests.failedAnswers.add(1);
      server.log.error({ client: asking.client, word, reason: messageOf(error) }, 'a four-letter word failed');
    }
  }
}

function wordIn(firstBytes: Buffer): string | undefined {
  if (firstBytes.readUInt32BE(0) === TELNET_BYTES) return TELNET_CLOSE;
  const word = firstBytes.toString('latin1', 0, 4);
  return FOUR_LETTER_WORDS.includes(word) ? word : undefined;
}
