import {
  type Acl,
  ErrorCode,
  isZooKeeperError,
  type Watcher,
  type ZooKeeperClient,
  ZooKeeperError,
} from '../../client/client.ts';
import { childOf, nameOf, removeNode, withPath } from '../paths.ts';
import { isInDoubt, nextTurn } from '../session-end.ts';
import { untilAnswer, untilGone, type WaitOptions, withDeadline } from '../waiting.ts';
import { Held } from './held.ts';
import { type Claimant, claimants, type Dialect, type Label, newName } from './names.ts';

/**
 * One turn in a line: an ephemeral sequential node, found again by its mark when the answer to its creation was lost, that
 * waits until nobody before it is in the way. The line is fair, and each waits for one other alone where `nextInWay` says so, so
 * that a release wakes one and not all.
 *
 * It never leaves a node behind that nobody holds: whoever gives up, times out or fails removes it, or the session's end does.
 */
export interface Claim {
  readonly client: ZooKeeperClient;
  /** The directory; made when it is missing. */
  readonly path: string;
  readonly label: Label;
  readonly dialect: Dialect;
  readonly data?: Uint8Array | string | undefined;
  readonly acl?: readonly Acl[] | undefined;
}

/** The node that `mine` has to wait for; `anyone`: for a change of the whole line; undefined: it is its turn. */
export type NextInWay = (line: readonly Claimant[], mine: number) => Claimant | 'anyone' | undefined;

export function contend(claim: Claim, nextInWay: NextInWay, options: WaitOptions): Promise<Held> {
  return withDeadline(options, async (signal) => {
    const { client, path, label, dialect, data, acl } = claim;
    const { mark, name } = newName(label, dialect);
    try {
      const created = await withPath(client, path, () =>
        client.createWithStat(childOf(path, name), data, {
          mode: 'ephemeralSequential',
          mark,
          signal,
          ...(acl === undefined ? {} : { acl }),
        }),
      );
      await untilTurn(client, path, nameOf(created.path), nextInWay, signal);
      const held = new Held(client, created.path, created.stat);
      // A process that stood still since its turn came would begin with what another one may have.
      held.assertHeld();
      return held;
    } catch (error) {
      void withdraw(client, path, mark).catch(() => {});
      throw error;
    }
  });
}

/** The line as it stands. */
export async function lineOf(client: ZooKeeperClient, path: string): Promise<Claimant[]> {
  try {
    return claimants(await client.getChildren(path));
  } catch (error) {
    if (isZooKeeperError(error, ErrorCode.noNode)) return [];
    throw error;
  }
}

async function untilTurn(
  client: ZooKeeperClient,
  path: string,
  name: string,
  nextInWay: NextInWay,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { children } = await client.getChildrenAndStat(path, { signal });
    const inWay = whoIsInWay(children, path, name, nextInWay);
    if (inWay === undefined) return;
    if (inWay === 'anyone') {
      const read = (watch: Watcher) => client.getChildrenAndStat(path, { watch, signal });
      const isTurn = (answer: { children: string[] }): boolean =>
        whoIsInWay(answer.children, path, name, nextInWay) === undefined;
      await untilAnswer(client, path, read, isTurn, signal);
      return;
    }
    await untilGone(client, childOf(path, inWay.name), signal);
  }
}

function whoIsInWay(names: readonly string[], path: string, name: string, nextInWay: NextInWay): ReturnType<NextInWay> {
  const line = claimants(names);
  const mine = line.findIndex((each) => each.name === name);
  if (mine === -1) {
    const text = `${childOf(path, name)} was deleted while it waited`;
    throw new ZooKeeperError(ErrorCode.noNode, childOf(path, name), text);
  }
  return nextInWay(line, mine);
}

/** Removes what a claim may have left; its create may be on its way still, and is before this in the order of the session. */
async function withdraw(client: ZooKeeperClient, path: string, mark: string): Promise<void> {
  for (;;) {
    try {
      await client.sync(path);
      for (const name of await client.getChildren(path)) {
        if (name.includes(mark)) await removeNode(client, childOf(path, name));
      }
      return;
    } catch (error) {
      // Servers that were all away for longer than the session keep it when they are back, and the node with it.
      if (!isInDoubt(client, error)) throw error;
      await nextTurn();
    }
  }
}
