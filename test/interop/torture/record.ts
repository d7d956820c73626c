// What the writers recorded, and whether a tree can be explained by it: after the last acknowledged write of a path only
// writes that got no answer may have happened.
import { readFileSync } from 'node:fs';

interface Write {
  readonly kind: 'create' | 'set' | 'delete';
  readonly value: string | null;
  answer: 'ack' | 'no' | 'open';
}

export interface Ledger {
  readonly paths: ReadonlyMap<string, readonly Write[]>;
  readonly acknowledged: number;
  readonly open: number;
  readonly refused: readonly string[];
}

export function readLedger(files: readonly string[]): Ledger {
  const paths = new Map<string, Write[]>();
  const refused: string[] = [];
  let acknowledged = 0;
  let open = 0;
  for (const file of files) {
    const byNumber = new Map<number, Write[]>();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const [what, number, ...rest] = JSON.parse(line) as [string, number, ...(string | null)[]];
      if (what === 'try') {
        const [kind, path, value] = rest as [Write['kind'], string, string | null];
        const write: Write = { kind, value, answer: 'open' };
        byNumber.set(number, [...(byNumber.get(number) ?? []), write]);
        paths.set(path, [...(paths.get(path) ?? []), write]);
        continue;
      }
      for (const write of byNumber.get(number) ?? []) write.answer = what as 'ack' | 'no';
      if (what === 'ack') acknowledged++;
      else refused.push(`${file} ${number}: ${rest[0]}`);
    }
    for (const writes of byNumber.values()) if (writes[0]?.answer === 'open') open++;
  }
  return { paths, acknowledged, open, refused };
}

/** The values a path may have at the end: undefined stands for absent. */
function possible(writes: readonly Write[]): Set<string | null | undefined> {
  let values = new Set<string | null | undefined>([undefined]);
  for (const { kind, value, answer } of writes) {
    if (answer === 'no') continue;
    const after = kind === 'delete' ? undefined : value;
    values = answer === 'ack' ? new Set([after]) : new Set([...values, after]);
  }
  return values;
}

/** A line for every path that is not as it must be. */
export function unexplained(ledger: Ledger, tree: ReadonlyMap<string, { readonly data: string | null }>): string[] {
  const out: string[] = [];
  for (const [path, writes] of ledger.paths) {
    const values = possible(writes);
    // Registers are made before they are recorded, empty.
    if (path.includes('/register-') && !writes.some((write) => write.answer === 'ack')) values.add('');
    const found = tree.get(path)?.data;
    const seen = tree.has(path) ? found : undefined;
    if (!values.has(seen))
      out.push(
        `${path} is ${JSON.stringify(seen)}, may be ${JSON.stringify([...values])}: ${JSON.stringify(writes.slice(-4))}`,
      );
  }
  return out;
}
