import { atMost } from '../../../base/pieces.ts';
import { tellMonitorFields } from '../monitor-fields.ts';
import { javaDouble } from './java-format.ts';
import type { WordContext } from './word-context.ts';

/** `mntr`: a field a line. Averages and real gauges have a decimal point, all else is whole. */
export function* mntr(context: WordContext): Generator<string> {
  const parts: Iterable<string>[] = [];
  const text = (name: string, value: string): void => {
    parts.push([`zk_${name}\t${value}\n`]);
  };
  tellMonitorFields(context, {
    text,
    whole: (name, value) => text(name, String(value)),
    real: (name, value) => text(name, javaDouble(value)),
    wholeByKey: (name, values) => parts.push(linesOf(name, values)),
  });
  for (const part of parts) yield* part;
}

/** There may be as many keys as namespaces with a quota. */
function* linesOf(name: string, values: ReadonlyMap<string, number>): Generator<string> {
  for (const [key, value] of atMost(values, values.size)) yield `zk_${key}_${name}\t${value}\n`;
}
