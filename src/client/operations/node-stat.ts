import { readStat, type Stat } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';

/**
 * A Stat as programs get it. JSON knows no bigint, so in JSON the owner of an ephemeral node is hexadecimal text, as
 * logs and zkCli write it.
 */
class NodeStat {
  toJSON(): Record<string, unknown> {
    const { ephemeralOwner, ...rest } = this as unknown as Stat;
    return { ...rest, ephemeralOwner: `0x${BigInt.asUintN(64, ephemeralOwner).toString(16)}` };
  }
}

export function readNodeStat(r: Reader): Stat {
  return Object.assign(new NodeStat(), readStat(r));
}
