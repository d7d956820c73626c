/**
 * How a key is declared. One entry of a table in this folder is all there is of a key. It says where the key may be
 * written, how its value reads, its default and range, and the field of PeerConfig it fills. It also says what the key
 * means, and what becomes of it here. Defaults, the type of PeerConfig, the refusals and the rows of the documents
 * follow from it.
 */

/**
 * ignored: it asks for something that does not happen here, and is warned about by name at the start. meaningless: there
 * is nothing here that it could be about, and the start says that too. refused: the start is, because running without it would leave a door open
 * that its author believes shut.
 */
export type KeyStatus = 'honoured' | 'ignored' | 'meaningless' | 'refused';

/**
 * file: a key of zoo.cfg alone. property: also `-Dzookeeper.<name>`. flag: `-D<name>`, which Apache does not take
 * from zoo.cfg; here it may stand there too. either: `-Dzookeeper.<name>` or `-D<name>`.
 */
export type KeySource = 'file' | 'property' | 'flag' | 'either';

export interface Honoured {
  readonly status: 'honoured';
  /** The row of docs/OPERATIONS.md. */
  readonly means: string;
}

export interface NotHonoured {
  readonly status: 'ignored' | 'meaningless' | 'refused';
  /** The row of docs/COMPATIBILITY.md, and the end of the sentence at the start. */
  readonly why: string;
  /** Lower-case values that ask for nothing that is not so anyway, and need no word. */
  readonly same?: readonly string[];
}

interface KeyBase {
  readonly from: KeySource;
  /** The field of PeerConfig with the value, when nothing but this key decides it. */
  readonly field?: string;
}

export interface NumberKey extends KeyBase {
  /** hours: a whole number of them, or of the unit behind it: ms, s, m, h, d. */
  readonly type: 'int' | 'long' | 'float' | 'hours';
  readonly default: number | undefined;
  readonly min?: number;
  readonly max?: number;
  /** A smaller value is raised to this, and the log says so. */
  readonly least?: number;
  /** From the file's unit and sentinels to the field's. */
  readonly to?: (value: number) => unknown;
}

export interface BooleanKey extends KeyBase {
  /** yes-no: only the two words Apache compares with. */
  readonly type: 'boolean' | 'yes-no';
  readonly default: boolean;
}

export interface TextKey extends KeyBase {
  /** path: of a file or directory, and never empty. host: a name or an address, in Java's spelling of it. */
  readonly type: 'text' | 'path' | 'host';
  readonly default: string | undefined;
  readonly choices?: readonly string[];
  readonly to?: (value: string) => unknown;
}

export type KeySpec = (NumberKey | BooleanKey | TextKey) & (Honoured | NotHonoured);

/** The type a key's value has: absent only where there is no default. */
export type ValueOfSpec<S> = S extends { type: 'boolean' | 'yes-no' }
  ? boolean
  : S extends { type: 'text'; choices: readonly (infer Choice)[] }
    ? Choice
    : S extends { type: 'text' | 'host'; default: string }
      ? string
      : S extends { type: 'text' | 'path' | 'host' }
        ? string | undefined
        : S extends { default: number }
          ? number
          : number | undefined;

/** The type of the field that a key fills. */
export type FieldOfSpec<S> = S extends { to: (value: never) => infer Field } ? Field : ValueOfSpec<S>;

export const PORT = { min: 0, max: 65535 } as const;
export const FILE = { from: 'file', status: 'honoured' } as const;
export const PROPERTY = { from: 'property', status: 'honoured' } as const;
export const FLAG = { from: 'flag', status: 'honoured' } as const;
export const EITHER = { from: 'either', status: 'honoured' } as const;

export function refused(why: string, from: KeySource = 'property') {
  return { from, status: 'refused', why } as const;
}

export function ignored(why: string, from: KeySource = 'property') {
  return { from, status: 'ignored', why } as const;
}

export function meaningless(why: string, from: KeySource = 'property') {
  return { from, status: 'meaningless', why } as const;
}

export function bytesOfKiB(kib: number): number {
  return kib * 1024;
}

export function aboveZero(value: number): number | undefined {
  return value > 0 ? value : undefined;
}

export function minusOneIsNone(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

export function zeroOrMore(value: number): number {
  return Math.max(value, 0);
}

export const RENEWED_IN_TIME =
  'a ticket is asked for anew after four fifths of its life, and after a failure a second later at the earliest';
export const NAMES_AS_WRITTEN = 'a host has the name that the configuration gives it; DNS is not asked for another one';
export const NO_KINIT = 'this server asks the KDC itself, and starts no program for it';
export const NO_JVM = 'there is no JVM here';
export const FOR_TESTS = "it is meant for ZooKeeper's own tests";
export const FOR_CLIENTS = 'it is for clients; a server does not read it';
