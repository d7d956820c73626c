import { connect } from 'node:net';

/** Questions to servers over the network; each ends within ASK_LIMIT_MS. */
export const ASK_LIMIT_MS = 2000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** The answer to a four-letter word; undefined when there was none. */
export function askWord({ host, port }: Place, word: string): Promise<string | undefined> {
  return new Promise((done) => {
    let text = '';
    const socket = connect({ host, port }, () => socket.write(word));
    socket.setTimeout(ASK_LIMIT_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
    socket.on('error', () => {});
    socket.on('close', () => done(text === '' ? undefined : text));
  });
}

/** undefined: it answers; otherwise why not. */
export function knock({ host, port }: Place): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      done(undefined);
    });
    socket.setTimeout(ASK_LIMIT_MS, () => {
      socket.destroy();
      done(`no answer within ${ASK_LIMIT_MS} ms`);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
