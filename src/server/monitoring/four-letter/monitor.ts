import { tellMonitorFields } from '../monitor-fields.ts';
import { javaDouble } from './java-format.ts';
import type { WordContext } from './word-context.ts';

/** `mntr`: a field a line. Averages and real gauges have a decimal point, all else is whole. */
export function mntr(context: WordContext): string {
  let lines = '';
  const text = (name: string, value: string): void => {
    lines += `zk_${name}\t${value}\n`;
  };
  tellMonitorFields(context, {
    text,
    whole: (name, value) => text(name, String(value)),
    real: (name, value) => text(name, javaDouble(value)),
  });
  return lines;
}
