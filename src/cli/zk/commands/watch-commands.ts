import type { WatchedEvent } from '../../../client/client.ts';
import { zxidText } from '../../../jute/zxid.ts';
import { CliError } from '../cli-error.ts';
import { type Command, eventTypeName, integerFlag, usageText } from '../command.ts';
import { checkPath } from '../paths.ts';

/** addWatch, removewatches, and ours, watch: to be told of changes. */
const MODES = { PERSISTENT: 'persistent', PERSISTENT_RECURSIVE: 'persistentRecursive' } as const;

export const addWatch: Command = {
  name: 'addWatch',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  rules: { flags: [{ name: '-m', value: 'mode' }] },
  words: [1, 1],
  async run({ client, output, watcher, signal }, args) {
    const mode = (args.value('-m') ?? 'PERSISTENT_RECURSIVE').toUpperCase();
    if (mode !== 'PERSISTENT' && mode !== 'PERSISTENT_RECURSIVE') throw new CliError(usageText(addWatch));
    const path = checkPath(args.words[0] as string);
    await client.addWatch(path, MODES[mode], watcher, { signal });
    output.value({ path, mode });
  },
};

const TYPES = [
  ['-c', 'children'],
  ['-d', 'data'],
  ['-p', 'persistent'],
  ['-r', 'persistentRecursive'],
] as const;

export const removewatches: Command = {
  name: 'removewatches',
  usage: 'path [-c|-d|-a] [-l]',
  rules: {
    flags: [
      { name: '-c', help: 'child watcher type' },
      { name: '-d', help: 'data watcher type' },
      { name: '-p', help: 'persistent watcher type' },
      { name: '-r', help: 'persistent recursive watcher type' },
      { name: '-a', help: 'any watcher type' },
      { name: '-l', help: 'remove locally when there is no server connection' },
    ],
  },
  words: [1, 1],
  async run({ client, output, signal }, args) {
    const path = checkPath(args.words[0] as string);
    const type = TYPES.find(([flag]) => args.has(flag))?.[1] ?? 'any';
    await client.removeWatches(path, type, undefined, { signal, local: args.has('-l') });
    output.value({ path, type });
  },
};

export const watch: Command = {
  name: 'watch',
  usage: '[-R] [--count events] path',
  rules: {
    flags: [
      { name: '-R', help: 'everything below the path as well' },
      { name: '--count', value: 'events', help: 'end after so many events' },
    ],
  },
  words: [1, 1],
  ours: '',
  async run({ client, output, signal }, args) {
    const path = checkPath(args.words[0] as string);
    const most = integerFlag(args, '--count', '--count must be followed by a number of events');
    if (most !== undefined && most < 1) throw new CliError('--count must be 1 or more');
    let seen = 0;
    await new Promise<void>((resolve, reject) => {
      const watcher = (event: WatchedEvent): void => {
        if (seen === most || signal.aborted) return;
        seen++;
        const at = new Date().toISOString();
        const zxid = event.zxid < 0 ? '-' : zxidText(event.zxid);
        output.line(`${at} ${zxid} ${eventTypeName(event)} ${event.path}`);
        output.value({ at, zxid: event.zxid < 0 ? null : zxid, type: eventTypeName(event), path: event.path });
        if (event.state === 'expired') reject(new CliError('the session has expired, and the watch with it'));
        if (seen === most) resolve();
      };
      signal.addEventListener('abort', () => resolve(), { once: true });
      client.addWatch(path, args.has('-R') ? 'persistentRecursive' : 'persistent', watcher, { signal }).catch(reject);
      signal.addEventListener('abort', () => void removeQuietly(), { once: true });
      const removeQuietly = () => client.removeWatches(path, 'any', watcher).catch(() => {});
    });
  },
};
