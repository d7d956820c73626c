import { silentLog } from '../base/log.ts';
import type { ClientTls } from '../client/client.ts';
import { realWorld } from '../client/client-world.ts';

/** The answer of a server behind TLS to a four-letter word. Rejected with why there is none; throws ConfigError. */
export function askSecurely(
  { host, port }: { readonly host: string; readonly port: number },
  word: string,
  tls: ClientTls,
  limitMs: number,
): Promise<string> {
  const { net } = realWorld(silentLog, tls);
  return new Promise((done, fail) => {
    let text = '';
    const limit = setTimeout(() => {
      stream.destroy();
      fail(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
    const stream = net.dial(host, port, limitMs, {
      onOpen: () => stream.write(Buffer.from(word)),
      onData: (chunk) => {
        text += chunk.toString('utf8');
      },
      onClose: (error) => {
        clearTimeout(limit);
        if (error === undefined || text !== '') done(text);
        else fail(error);
      },
    });
  });
}
