import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, ProtocolError } from '../base/errors.ts';
import { parseZxidHex, type Zxid, zxidText } from '../jute/zxid.ts';
import { type Compression, snapshotName } from '../txnlog/file-names.ts';
import { BackupError } from './backup-error.ts';
import { type Feed, type Piece, recordsIn } from './feed.ts';
import type { OnBytes } from './kept-files.ts';
import { type Epochs, UNFINISHED } from './manifest.ts';

/** A server that is asked over its admin port: the commands `snapshot` and `txn_log`. */
export interface AdminPlace {
  /** http://host:8080, with another path than /commands where the server has one. */
  readonly url: string;
  /** As in the header Authorization: `digest super:secret`. */
  readonly authorization: string | undefined;
}

/** Nothing comes for so long: the connection is given up. */
const IDLE_MS = 30_000;

interface LogAnswer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly applied: Zxid;
  readonly isEnd: boolean;
}

/** The server was reached and said no. `status` is HTTP's. */
export class Refusal extends BackupError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class AdminFeed implements Feed {
  readonly where: string;
  private readonly base: string;
  private readonly authorization: string | undefined;
  private known: Epochs = { accepted: undefined, current: undefined };

  /** Throws BackupError for what is no address. */
  constructor({ url, authorization }: AdminPlace) {
    this.base = commandsAt(url);
    this.where = url;
    this.authorization = authorization;
  }

  async takeSnapshot(dir: string, _behind: Zxid | undefined, onBytes: OnBytes): Promise<Zxid | undefined> {
    // Its command for the log is asked for first: without it no backup is made of a snapshot that may be fuzzy.
    await this.askForLog(0 as Zxid);
    return this.ask('snapshot', async (response, moved) => {
      const zxid = parseZxidHex((response.headers.get('last_zxid') ?? '').replace(/^0x/, ''));
      const size = Number(response.headers.get('snapshot_size') ?? Number.NaN);
      if (zxid === undefined || response.body === null)
        throw new BackupError(`${this.where} sent no snapshot that says where it stands`);
      const unfinished = join(dir, `${UNFINISHED}snapshot`);
      let got = 0;
      let magic: Buffer | undefined;
      const count = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
        for await (const chunk of chunks) {
          magic ??= chunk.subarray(0, 2);
          got += chunk.length;
          moved();
          onBytes(chunk.length, Number.isNaN(size) ? undefined : size);
          yield chunk;
        }
      };
      try {
        await pipeline(
          Readable.fromWeb(response.body as import('node:stream/web').ReadableStream),
          count,
          createWriteStream(unfinished, { mode: 0o640 }),
        );
        if (!Number.isNaN(size) && got !== size) {
          throw new BackupError(`${this.where} sent ${got} of ${size} bytes of its snapshot`);
        }
      } catch (error) {
        rmSync(unfinished, { force: true });
        throw error;
      }
      renameSync(unfinished, join(dir, snapshotName(zxid, compressionOf(magic))));
      return zxid;
    });
  }

  async read(from: Zxid): Promise<Piece> {
    const { status, bytes, applied, isEnd } = await this.askForLog(from);
    if (status === 410) return { records: [], isEnd: true, isGone: true };
    return { records: recordsIn(bytes), isEnd, isGone: applied < from };
  }

  epochs(): Epochs {
    return this.known;
  }

  private askForLog(from: Zxid): Promise<LogAnswer> {
    return this.ask(
      `txn_log?from=${zxidText(from)}`,
      async (response) => {
        const { status, headers } = response;
        if (status !== 410 && headers.get('applied_zxid') === null) throw new BackupError(this.noLog);
        const applied = parseZxidHex((headers.get('applied_zxid') ?? '0x0').slice(2));
        this.known = {
          accepted: numberIn(headers.get('accepted_epoch')),
          current: numberIn(headers.get('current_epoch')),
        };
        const isEnd = headers.get('is_end') !== 'false';
        return { status, isEnd, bytes: Buffer.from(await response.arrayBuffer()), applied: applied ?? (0 as Zxid) };
      },
      410,
    );
  }

  private get noLog(): string {
    return (
      `${this.where} does not give its log (the admin command txn_log): a backup over the network is for servers of ` +
      'Menagerie; take one from the directories'
    );
  }

  /** Throws BackupError with a sentence for every answer that is not 200, and for none. */
  private async ask<T>(
    command: string,
    take: (response: Response, moved: () => void) => Promise<T>,
    alsoGood = 200,
  ): Promise<T> {
    const aborter = new AbortController();
    const idle = setTimeout(() => aborter.abort(), IDLE_MS);
    try {
      const response = await fetch(`${this.base}/${command}`, {
        redirect: 'error',
        signal: aborter.signal,
        ...(this.authorization === undefined ? {} : { headers: { Authorization: this.authorization } }),
      });
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      if (response.status !== alsoGood && (response.status !== 200 || isJson)) {
        throw new Refusal(response.status, await this.refusal(command, response));
      }
      return await take(response, () => void idle.refresh());
    } catch (error) {
      if (error instanceof BackupError) throw error;
      if (error instanceof ProtocolError) throw new BackupError(`${this.where}: ${error.message}`);
      const why = aborter.signal.aborted ? `nothing came for ${IDLE_MS / 1000} s` : reasonOf(error);
      throw new BackupError(`${this.where} did not answer: ${why}`);
    } finally {
      clearTimeout(idle);
    }
  }

  private async refusal(command: string, response: Response): Promise<string> {
    const text = (await response.text()).slice(0, 500);
    const said = errorIn(text) ?? text.split('\n')[0] ?? '';
    if (said.startsWith('Unknown command')) return this.noLog;
    const { status } = response;
    const hint =
      status === 401 || status === 403
        ? ": --authorization 'digest user:password' names somebody with every permission on /"
        : status === 404
          ? ': is it the admin port, and is admin.commandURL in the address?'
          : '';
    return `${this.where} answered ${command} with ${status}${said === '' ? '' : ` (${said})`}${hint}`;
  }
}

function commandsAt(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new BackupError(`${url} is no address: write http://host:8080`);
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new BackupError(`${url} is no address: write http://host:8080`);
  }
  if (parsed.username !== '')
    throw new BackupError('a name and a password do not go into the address: --authorization');
  const path = parsed.pathname.replace(/\/+$/, '');
  return `${parsed.origin}${path === '' ? '/commands' : path}`;
}

function compressionOf(magic: Buffer | undefined): Compression {
  if (magic?.equals(Buffer.from([0x1f, 0x8b])) === true) return 'gz';
  return magic?.equals(Buffer.from([0x82, 0x53])) === true ? 'snappy' : '';
}

function numberIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function errorIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return 'errno' in cause && 'code' in cause ? `${cause.code}` : cause.message;
  return messageOf(error);
}
