import type { ZooKeeperClient } from '../../../client/client.ts';
import { childPath } from '../paths.ts';

/** Completion: the first word is a command, a word that begins with "/" is a path. */
export async function complete(
  line: string,
  commandNames: readonly string[],
  client: ZooKeeperClient | undefined,
): Promise<[candidates: string[], completed: string]> {
  const word = line.slice(line.search(/\S*$/));
  if (line.trimStart() === word) {
    const names = commandNames.filter((name) => name.startsWith(word));
    return [names.map((name) => `${name} `), word];
  }
  if (!word.startsWith('/') || client === undefined) return [[], word];
  return [await paths(word, client), word];
}

async function paths(word: string, client: ZooKeeperClient): Promise<string[]> {
  const slash = word.lastIndexOf('/');
  const parent = slash === 0 ? '/' : word.slice(0, slash);
  const prefix = word.slice(slash + 1);
  try {
    const names = await client.getChildren(parent);
    return names
      .filter((name) => name.startsWith(prefix))
      .sort()
      .map((name) => childPath(parent, name));
  } catch {
    // No such node, or no permission to look: nothing to offer.
    return [];
  }
}
