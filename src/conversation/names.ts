import { CreateMode, ErrorCode, EventType, OpCode } from '../jute/codes.ts';

/** The names under which operations, errors and events are told to people, and under which they ask for them. */
const OP_NAMES = namesOf(OpCode);
const ERROR_NAMES = namesOf(ErrorCode);
const EVENT_NAMES = namesOf(EventType);
const MODE_NAMES = namesOf(CreateMode);

function namesOf(codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(codes).map(([name, code]) => [code, name]));
}

function codeNamed(codes: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(codes, name) ? codes[name] : undefined;
}

/** Codes that are one operation to the caller of a client. */
const FAMILIES: Readonly<Record<string, readonly number[]>> = {
  create: [OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL],
  delete: [OpCode.delete, OpCode.deleteContainer],
  getChildren: [OpCode.getChildren, OpCode.getChildren2],
  setWatches: [OpCode.setWatches, OpCode.setWatches2],
};

/** `create` for 1; the number itself for one that has no name. */
export function opName(code: number): string {
  return OP_NAMES.get(code) ?? `op ${code}`;
}

/** The codes that a name stands for; undefined where nothing is called so. */
export function opsNamed(name: string): readonly number[] | undefined {
  if (Object.hasOwn(FAMILIES, name)) return FAMILIES[name];
  const code = codeNamed(OpCode, name);
  return code === undefined ? undefined : [code];
}

export function errorName(code: number): string {
  return ERROR_NAMES.get(code) ?? `error ${code}`;
}

export function errorNamed(name: string): number | undefined {
  const code = codeNamed(ErrorCode, name);
  return code === 0 ? undefined : code;
}

export function eventName(type: number): string {
  return EVENT_NAMES.get(type) ?? `event ${type}`;
}

export function createModeName(flags: number): string {
  return MODE_NAMES.get(flags) ?? `flags ${flags}`;
}

/** As servers and clients write it in their logs: `0x100000a2f3b0000`. */
export function sessionText(id: bigint): string {
  return `0x${BigInt.asUintN(64, id).toString(16)}`;
}
