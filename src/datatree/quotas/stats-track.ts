/**
 * The text in zookeeper_limits and zookeeper_stats.
 *
 *   text: pair ([,;]+ pair)*       pair: key "=" long, further "=" and what follows ignored; an empty value is -1
 *
 * Written: count and bytes first, then "=" and the other keys in order, each after ";". The stray "=" makes servers
 * before 3.7 overlook the hard limits. A limit of -1 is none.
 */
export class StatsTrack {
  private readonly values = new Map<string, bigint>();

  /** undefined when the text does not parse; Apache fails the write that meets it. */
  static parse(text: string): StatsTrack | undefined {
    const track = new StatsTrack();
    if (text === '') return track;
    for (const pair of pairsOf(text)) {
      const fields = pair.split('=');
      while (fields.length > 0 && fields[fields.length - 1] === '') fields.pop();
      const key = fields[0];
      const value = fields[1];
      if (key === undefined || value === undefined) return undefined;
      const long = value === '' ? -1n : parseLong(value);
      if (long === undefined) return undefined;
      track.values.set(key, long);
    }
    return track;
  }

  get count(): bigint {
    return this.values.get('count') ?? -1n;
  }

  set count(value: bigint) {
    this.values.set('count', BigInt.asIntN(64, value));
  }

  get bytes(): bigint {
    return this.values.get('bytes') ?? -1n;
  }

  set bytes(value: bigint) {
    this.values.set('bytes', BigInt.asIntN(64, value));
  }

  get countHardLimit(): bigint {
    return this.values.get('countHardLimit') ?? -1n;
  }

  get byteHardLimit(): bigint {
    return this.values.get('byteHardLimit') ?? -1n;
  }

  toString(): string {
    let text = `count=${this.count},bytes=${this.bytes}`;
    const others = [...this.values.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort();
    if (others.length > 0) text += '=';
    for (const key of others) text += `;${key}=${this.values.get(key)}`;
    return text;
  }
}

/** Separators at the end leave nothing behind; at the front they leave an empty pair, which does not parse. */
function pairsOf(text: string): string[] {
  const pairs = text.split(/[,;]+/);
  while (pairs.length > 0 && pairs[pairs.length - 1] === '') pairs.pop();
  return pairs;
}

function parseLong(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
