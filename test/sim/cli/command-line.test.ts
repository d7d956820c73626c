import { expect, test } from 'vitest';
import { readArguments, UsageError } from './command-line.ts';
import { FIXED_SEEDS } from './fixed-seeds.ts';

const commandOf = (...argv: string[]): unknown => readArguments(argv).command;

function refusalOf(...argv: string[]): string {
  try {
    readArguments(argv);
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n')[0] as string;
    throw error;
  }
  return 'none';
}

test('one world is a seed, and what of it to leave out', () => {
  const less = { faults: [0, 3], clients: [1], untilMs: 4200 };
  expect(commandOf('--seed', '7', '--drop', '0,3', '--without', '1', '--until', '4200', '--trace')).toEqual({
    do: 'seed',
    seed: 7,
    less,
    lines: 25,
    traced: true,
  });
});

test('many worlds are so many, or so many seconds of them', () => {
  expect(commandOf('--seeds', '30', '--from', '9')).toEqual({
    do: 'seeds',
    from: 9,
    count: 30,
    seconds: Number.POSITIVE_INFINITY,
  });
  expect(commandOf('--seconds', '150')).toEqual({
    do: 'seeds',
    from: 1,
    count: Number.MAX_SAFE_INTEGER,
    seconds: 150,
  });
});

test('the fixed seeds are a command of their own, and no seed is in them twice', () => {
  expect(commandOf('--fixed')).toEqual({ do: 'fixed' });
  expect(refusalOf('--fixed', '--from', '3')).toBe('--from does not belong to --fixed');
  expect(new Set(FIXED_SEEDS).size).toBe(FIXED_SEEDS.length);
});

test('mutants are named whole, or by a part of their names', () => {
  const { command, mutant, threads } = readArguments([
    '--seed',
    '1',
    '--mutant',
    'skip the truncate',
    '--threads',
    '3',
  ]);
  expect([command.do, mutant?.name, threads]).toEqual(['seed', 'skip the truncate', 3]);
  const { command: some } = readArguments(['--mutants', '--only', 'skip the trunc', '--most', '5']);
  expect(some).toMatchObject({ do: 'mutants', list: [{ name: 'skip the truncate' }], most: 5 });
});

test('what is not understood is refused by its name', () => {
  expect([
    refusalOf('--seed', 'abc'),
    refusalOf('--seed=-1'),
    refusalOf('--seeds', '0'),
    refusalOf('--seed', '7', '--drop', '1,'),
    refusalOf('--seed', '7', '--from', '3'),
    refusalOf('--seed', '1', '--seeds', '3'),
    refusalOf('--mutants', '--only', 'zzz'),
    refusalOf('--seed', '1', '--mutant', 'zzz'),
    refusalOf('--bogus'),
    refusalOf(),
  ]).toEqual([
    "--seed is a whole number from 0 on, not 'abc'",
    "--seed is a whole number from 0 on, not '-1'",
    "--seeds is a whole number from 1 on, not '0'",
    "--drop is a whole number from 0 on, not ''",
    '--from does not belong to --seed',
    'one of --fixed, --help, --minimise, --mutants, --scenario, --seed, --seeds, --seconds is wanted, not seed and seeds',
    "no mutant's name has 'zzz' in it",
    "there is no mutant 'zzz'; there are:",
    "Unknown option '--bogus'",
    'one of --fixed, --help, --minimise, --mutants, --scenario, --seed, --seeds, --seconds is wanted, not none',
  ]);
});
