import { ErrorCode, isZooKeeperError } from '../../../client/client.ts';
import { FULL_VERSION } from '../../../server/monitoring/version.ts';
import { CliError } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { checkPath } from '../paths.ts';

/** addauth, whoami, sync, version: the session and the shell themselves. */
export const addauth: Command = {
  name: 'addauth',
  usage: 'scheme auth',
  rules: { flags: [] },
  words: [1, 2],
  async run({ client, output }, { words }) {
    const [scheme, auth] = words as [string, string | undefined];
    try {
      await client.addAuth(scheme, auth);
    } catch (error) {
      if (!isZooKeeperError(error, ErrorCode.authFailed)) throw error;
      throw new CliError(`the server does not accept this for the scheme "${scheme}", and has ended the session`);
    }
    output.value({ scheme });
  },
};

export const whoami: Command = {
  name: 'whoami',
  usage: '',
  rules: { flags: [] },
  words: [0, 0],
  async run({ client, output, signal }) {
    const ids = await client.whoAmI({ signal });
    output.line('Auth scheme: User');
    for (const { scheme, id } of ids) output.line(`${scheme}: ${id}`);
    output.value(ids.map(({ scheme, id }) => ({ scheme, id })));
  },
};

export const sync: Command = {
  name: 'sync',
  usage: 'path',
  rules: { flags: [] },
  words: [1, 1],
  async run({ client, output, signal }, { words }) {
    const path = checkPath(words[0] as string);
    await client.sync(path, { signal });
    output.line('Sync is OK');
    output.value({ path });
  },
};

export const version: Command = {
  name: 'version',
  usage: '',
  rules: { flags: [] },
  words: [0, 0],
  async run({ output }) {
    output.line(`ZooKeeper CLI version: ${FULL_VERSION}`);
    output.value({ version: FULL_VERSION });
  },
};
