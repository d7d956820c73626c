import type { Log } from '../base/log.ts';
import type { Oracle } from '../election/quorum/oracle.ts';
import { type Disk, diskError } from '../io/disk.ts';

/**
 * oraclePath: the file into which somebody outside writes whether this server may lead without the other one. The first
 * byte is the word, `1` for yes. Anything else is a no, as is a file that is not there.
 */
const YES = 0x31;

export class OracleFile implements Oracle {
  private readonly disk: Pick<Disk, 'open'>;
  private readonly path: string;
  private readonly log: Log;
  private word: string | undefined = undefined;

  constructor(disk: Pick<Disk, 'open'>, path: string, log: Log) {
    this.disk = disk;
    this.path = path;
    this.log = log;
  }

  permits(): boolean {
    const word = this.read();
    if (word !== this.word) this.log.info({ file: this.path, word }, 'the oracle was asked');
    this.word = word;
    return word === 'yes';
  }

  /** Its last answer; undefined before it was asked. */
  get lastWord(): string | undefined {
    return this.word;
  }

  private read(): string {
    try {
      const file = this.disk.open(this.path, 'read');
      try {
        const first = Buffer.alloc(1);
        return file.readAt(first, 0) === 1 && first[0] === YES ? 'yes' : 'no';
      } finally {
        file.close();
      }
    } catch (error) {
      return `no, for it cannot be read: ${diskError(error).message}`;
    }
  }
}
