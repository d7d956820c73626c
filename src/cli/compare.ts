import '../io/node-required.ts';
import { readFileSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import { parseConnectString, type ServerAddress } from '../client/connect-string.ts';
import { builtInScript, type ComparedDifference, compare, scriptOf } from '../record/compare.ts';
import type { Entry } from '../record/entry.ts';

/** Two servers are asked the same, and what they answer otherwise is named. 0: nothing; 1: something. */

const USAGE = `Usage: menagerie compare <host:port> <host:port> [--recording file]

  --recording <file>   what menagerie record --out ... --frames wrote; without it about eighty requests of the kit's own,
                       below a node of their own that is removed again

Times, zxids and session ids are not compared, for they differ between any two servers.
0: all answers were alike. 1: some were not; the first is named first.
`;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(USAGE);
    return;
  }
  const at = argv.indexOf('--recording');
  const recording = at < 0 ? undefined : argv[at + 1];
  const [left, right, ...others] = at < 0 ? argv : argv.filter((_, i) => i !== at && i !== at + 1);
  if (left === undefined || right === undefined || others.length > 0 || (at >= 0 && recording === undefined)) {
    process.stderr.write(USAGE);
    process.exitCode = EXIT.invalidConfig;
    return;
  }
  const script = recording === undefined ? builtInScript() : scriptOf(entriesOf(recording));
  const { compared, differences } = await compare(addressOf(left), addressOf(right), script, (difference) => {
    process.stdout.write(`${differenceText(difference)}\n`);
  });
  process.stdout.write(`${compared} requests, ${differences.length} differences\n`);
  process.exitCode = differences.length === 0 ? 0 : 1;
}

function differenceText({ request, text }: ComparedDifference): string {
  return request === undefined ? text : `${request.name} ${request.path ?? ''}: ${text}`;
}

function addressOf(text: string): ServerAddress {
  return parseConnectString(text).servers[0] as ServerAddress;
}

function entriesOf(file: string): Entry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      if (line === '') return [];
      try {
        return [JSON.parse(line) as Entry];
      } catch {
        throw new Error(`${file}: line ${i + 1} is no entry of a recording`);
      }
    });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = EXIT.invalidConfig;
});
