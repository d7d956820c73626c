#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { messageOf } from '../base/errors.ts';
import { examine } from '../doctor/doctor.ts';
import type { Finding, Verdict } from '../doctor/finding.ts';

/** `doctor.js --config zoo.cfg`: what is wrong with a server's set-up, its ensemble and its files, and what to do. */
const USAGE = `Usage: menagerie doctor --config <zoo.cfg> [--json] [--can-stop | --security]
       bin/zkDoctor.sh [--json] [--can-stop | --security]         with the zoo.cfg that zkServer.sh starts with

Looks at the configuration, the other servers, disks, limits and files of one server, before a start or while it runs.

  --json      all findings as one JSON object
  --can-stop  says only whether the others are a quorum without this server
  --security  says only who could get in: open doors, nodes that anybody may change, secrets that others can read

Ends with 0 when nothing is bad, with 1 when something is, with 2 when it was told what it does not understand.
`;

const MARKS: Readonly<Record<Verdict, string>> = { good: 'ok ', note: '-  ', unknown: '?  ', bad: 'BAD' };

async function main(argv: readonly string[]): Promise<number> {
  let values: { config?: string; json?: boolean; 'can-stop'?: boolean; security?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        json: { type: 'boolean' },
        'can-stop': { type: 'boolean' },
        security: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.config === undefined) {
    process.stderr.write(`--config names the zoo.cfg to look at\n\n${USAGE}`);
    return 2;
  }
  if (values['can-stop'] === true && values.security === true) {
    process.stderr.write(`--can-stop or --security, not both\n\n${USAGE}`);
    return 2;
  }
  const jvmFlags = `${process.env.SERVER_JVMFLAGS ?? ''} ${process.env.JVMFLAGS ?? ''}`;
  const all = await examine(values.config, process.cwd(), { jvmFlags, security: values.security === true });
  const shown = values['can-stop'] === true ? all.filter(({ about }) => about === 'quorum' || about === 'config') : all;
  const isBad = shown.some(({ verdict }) => verdict === 'bad');
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ good: !isBad, findings: shown }, undefined, 2)}\n`);
  else for (const finding of shown) process.stdout.write(lines(finding));
  return isBad ? 1 : 0;
}

function lines({ about, verdict, text, mend, steps }: Finding): string {
  const below = [...(mend === undefined ? [] : [mend]), ...(steps ?? []).map((step, i) => `${i + 1}. ${step}`)];
  return [`${MARKS[verdict]} ${about.padEnd(8)} ${text}`, ...below.map((line) => ' '.repeat(13) + line), ''].join('\n');
}

process.exitCode = await main(process.argv.slice(2));
