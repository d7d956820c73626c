import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../mutants/all.ts';
import { LATE_MUTANTS } from '../mutants/late.ts';
import { MEMBERS_MUTANTS } from '../mutants/members.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type { Less } from '../plan/plan.ts';

/** The arguments of `npm run sim --`, understood or refused. */
export const USAGE_TEXT = `npm run sim -- --seed 7                    one world; --trace: what happened even if all is well; --lines 60: of each peer
               --seed 7 --drop 0,3 --without 1 --until 4200   without some faults, some clients, and what comes later
               --seeds 1000 --from 1       many, and a summary; --seconds 120 instead of --seeds; --threads 1
               --fixed                     the same list of seeds every time: fixed-seeds.ts
               --scenario ZOOKEEPER-4643   one script of the corpus, or all
               --scenario all --mutated    each with the mutant it names, which has to turn it red
               --mutant 'skip the truncate'   with any of these: the source with that mutant in it
               --mutants                   the check on the checker; --only TEXT: those whose names have it;
                                           --most 300: seeds each; --late: the ten of mutants/late.ts instead
               --minimise 7                what a failure needs: faults, clients, time

Exit codes: 0 all is well, 1 a safety property was violated, 2 service did not come back, 3 a peer broke or stopped
without a cause, 4 a mutant's text was not found, 64 wrong arguments.`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type Command =
  | { readonly do: 'help' }
  | {
      readonly do: 'seed';
      readonly seed: number;
      readonly less: Less;
      readonly lines: number;
      readonly traced: boolean;
    }
  | { readonly do: 'fixed' }
  | { readonly do: 'seeds'; readonly from: number; readonly count: number; readonly seconds: number }
  | { readonly do: 'scenario'; readonly name: string; readonly mutated: boolean }
  | { readonly do: 'mutants'; readonly list: readonly Mutant[]; readonly most: number }
  | { readonly do: 'minimise'; readonly seed: number; readonly lines: number };

export interface Arguments {
  readonly command: Command;
  readonly mutant: Mutant | undefined;
  readonly threads: number;
}

const COMMANDS = ['fixed', 'help', 'minimise', 'mutants', 'scenario', 'seed', 'seeds', 'seconds'] as const;

const OPTIONS = {
  fixed: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  seed: { type: 'string' },
  drop: { type: 'string' },
  without: { type: 'string' },
  until: { type: 'string' },
  trace: { type: 'boolean' },
  lines: { type: 'string' },
  seeds: { type: 'string' },
  seconds: { type: 'string' },
  from: { type: 'string' },
  scenario: { type: 'string' },
  mutated: { type: 'boolean' },
  mutant: { type: 'string' },
  mutants: { type: 'boolean' },
  late: { type: 'boolean' },
  only: { type: 'string' },
  most: { type: 'string' },
  minimise: { type: 'string' },
  threads: { type: 'string' },
} as const;

/** The options of each command; a mutant and threads to all. */
const BELONGS: { readonly [command in (typeof COMMANDS)[number]]: readonly string[] } = {
  fixed: [],
  help: [],
  minimise: ['lines'],
  mutants: ['late', 'only', 'most'],
  scenario: ['mutated'],
  seed: ['drop', 'without', 'until', 'trace', 'lines'],
  seeds: ['from'],
  seconds: ['from'],
};

export function readArguments(argv: readonly string[]): Arguments {
  const values = parsed(argv);
  const given = COMMANDS.filter((name) => values[name] !== undefined);
  const [what] = given;
  if (what === undefined || given.length > 1) {
    const all = COMMANDS.map((name) => `--${name}`).join(', ');
    throw new UsageError(`one of ${all} is wanted, not ${given.length === 0 ? 'none' : given.join(' and ')}`);
  }
  const stray = Object.keys(values).find(
    (name) => name !== what && !BELONGS[what].includes(name) && name !== 'mutant' && name !== 'threads',
  );
  if (stray !== undefined) throw new UsageError(`--${stray} does not belong to --${what}`);

  const whole = (name: keyof typeof OPTIONS, otherwise: number, least = 0): number => {
    const text = values[name];
    return text === undefined ? otherwise : wholeNumber(name, String(text), least);
  };
  const lines = whole('lines', 25);
  const mutant = mutantOf(values.mutant);
  const threads = whole('threads', Math.min(availableParallelism(), 4), 1);
  const command = ((): Command => {
    switch (what) {
      case 'fixed':
        return { do: 'fixed' };
      case 'help':
        return { do: 'help' };
      case 'minimise':
        return { do: 'minimise', seed: whole('minimise', 0), lines };
      case 'mutants':
        return {
          do: 'mutants',
          list: mutantsWith(values.only ?? '', values.late === true),
          most: whole('most', 300, 1),
        };
      case 'scenario':
        return { do: 'scenario', name: values.scenario ?? '', mutated: values.mutated === true };
      case 'seed': {
        const untilMs = values.until === undefined ? undefined : whole('until', 0);
        const less = { faults: numbers('drop', values.drop), clients: numbers('without', values.without), untilMs };
        return { do: 'seed', seed: whole('seed', 0), less, lines, traced: values.trace === true };
      }
      case 'seeds':
        return { do: 'seeds', from: whole('from', 1), count: whole('seeds', 1, 1), seconds: Number.POSITIVE_INFINITY };
      case 'seconds':
        return { do: 'seeds', from: whole('from', 1), count: Number.MAX_SAFE_INTEGER, seconds: whole('seconds', 1, 1) };
    }
  })();
  return { command, mutant, threads };
}

function parsed(argv: readonly string[]): Partial<ReturnType<typeof parse>> {
  try {
    return parse(argv);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS }).values;
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new UsageError(`--${name} is a whole number from ${least} on, not '${text}'`);
}

function numbers(name: string, list: string | undefined): number[] {
  return list === undefined ? [] : list.split(',').map((text) => wholeNumber(name, text, 0));
}

function mutantOf(name: string | undefined): Mutant | undefined {
  if (name === undefined) return undefined;
  const all = [...MUTANTS, ...MEMBERS_MUTANTS, ...LATE_MUTANTS];
  const mutant = all.find((each) => each.name === name);
  if (mutant !== undefined) return mutant;
  throw new UsageError(`there is no mutant '${name}'; there are:\n${all.map((each) => `  ${each.name}`).join('\n')}`);
}

function mutantsWith(text: string, isLate: boolean): readonly Mutant[] {
  const list = (isLate ? LATE_MUTANTS : MUTANTS).filter(({ name }) => name.includes(text));
  if (list.length === 0) throw new UsageError(`no mutant's name has '${text}' in it`);
  return list;
}
