import { connect } from 'node:net';

/** All that a server says to a word, or to a request of HTTP, until it closes. Rejected with why there is no answer. */
export function ask(
  { host, port }: { readonly host: string; readonly port: number },
  word: string,
  limitMs: number,
): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    const socket = connect({ host, port }, () => socket.write(word));
    const limit = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', (error) => {
      clearTimeout(limit);
      fail(error);
    });
    socket.on('close', () => {
      clearTimeout(limit);
      done(text);
    });
  });
}
