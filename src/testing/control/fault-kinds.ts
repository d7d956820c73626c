import { ConfigError } from '../../base/errors.ts';
import type { Fault } from '../door/fault.ts';
import type { ConnectionMatch, OperationMatch } from '../door/match.ts';
import type { TestEnsemble } from '../ensemble/test-ensemble.ts';

/**
 * The faults that can be switched on from outside, each with its fields: the body of `POST /faults` is `{"kind": ...}`
 * and these. docs/testkit-openapi.json says the same in its own form, and a test holds the two together.
 */
export interface FaultKind {
  /** Keys that have to be there, and those that may. */
  readonly needs: readonly Key[];
  readonly takes: readonly Key[];
  begin(ensemble: TestEnsemble, body: FaultBody): Fault;
}

const KEYS = {
  server: 'number',
  session: 'string',
  connection: 'number',
  op: 'string',
  path: 'string',
  times: 'times',
  error: 'string',
  ms: 'number',
  direction: 'string',
  side: 'numbers',
  other: 'numbers',
  from: 'number',
  to: 'number',
} as const;

export type Key = keyof typeof KEYS;

export interface FaultBody {
  readonly server?: number;
  readonly session?: string;
  readonly connection?: number;
  readonly op?: string;
  readonly path?: string;
  readonly times?: number | 'always';
  readonly error: string;
  readonly ms: number;
  readonly direction?: 'both' | 'requests' | 'replies';
  readonly side: readonly number[];
  readonly other?: readonly number[];
  readonly from: number;
  readonly to: number;
}

const CONNECTION: readonly Key[] = ['server', 'session', 'connection'];
const OPERATION: readonly Key[] = [...CONNECTION, 'op', 'path', 'times'];

export const FAULT_KINDS: Readonly<Record<string, FaultKind>> = {
  refuse: {
    needs: ['error'],
    takes: OPERATION,
    begin: ({ clients }, body) => clients.refuse(operation(body), body.error),
  },
  answer: {
    needs: ['error'],
    takes: OPERATION,
    begin: ({ clients }, body) => clients.answer(operation(body), body.error),
  },
  delay: { needs: ['ms'], takes: OPERATION, begin: ({ clients }, body) => clients.delay(operation(body), body.ms) },
  delayReply: {
    needs: ['ms'],
    takes: OPERATION,
    begin: ({ clients }, body) => clients.delayReply(operation(body), body.ms),
  },
  holdRequest: { needs: [], takes: OPERATION, begin: ({ clients }, body) => clients.holdRequest(operation(body)) },
  holdReply: { needs: [], takes: OPERATION, begin: ({ clients }, body) => clients.holdReply(operation(body)) },
  dropRequest: { needs: [], takes: OPERATION, begin: ({ clients }, body) => clients.dropRequest(operation(body)) },
  dropReply: { needs: [], takes: OPERATION, begin: ({ clients }, body) => clients.dropReply(operation(body)) },
  swallowReply: { needs: [], takes: OPERATION, begin: ({ clients }, body) => clients.swallowReply(operation(body)) },
  hold: {
    needs: [],
    takes: [...CONNECTION, 'direction'],
    begin: ({ clients }, body) => clients.hold(connection(body), body.direction),
  },
  slow: { needs: ['ms'], takes: CONNECTION, begin: ({ clients }, body) => clients.slow(connection(body), body.ms) },
  refuseConnections: {
    needs: [],
    takes: ['server'],
    begin: ({ clients }, { server }) => clients.refuseConnections(server),
  },
  partition: {
    needs: ['side'],
    takes: ['other'],
    begin: ({ network }, { side, other }) => network.partition(side, other),
  },
  block: { needs: ['from', 'to'], takes: [], begin: ({ network }, { from, to }) => network.block(from, to) },
  slowLink: {
    needs: ['from', 'to', 'ms'],
    takes: [],
    begin: ({ network }, { from, to, ms }) => network.slow(from, to, ms),
  },
  pause: { needs: ['server'], takes: [], begin: (ensemble, { server }) => ensemble.pause(server as number) },
  slowSync: {
    needs: ['server', 'ms'],
    takes: [],
    begin: ({ disks }, { server, ms }) => disks.slowSync(server as number, ms),
  },
  failSync: { needs: ['server'], takes: [], begin: ({ disks }, { server }) => disks.failSync(server as number) },
  fillDisk: { needs: ['server'], takes: [], begin: ({ disks }, { server }) => disks.fill(server as number) },
  moveWall: {
    needs: ['server', 'ms'],
    takes: [],
    begin: ({ clock }, { server, ms }) => clock.moveWall(server as number, ms),
  },
};

/** Throws ConfigError, which names what is wrong with the body and what would be right. */
export function beginFault(ensemble: TestEnsemble, body: Readonly<Record<string, unknown>>): Fault {
  const { kind } = body;
  const known = typeof kind === 'string' && Object.hasOwn(FAULT_KINDS, kind) ? FAULT_KINDS[kind] : undefined;
  if (known === undefined) {
    throw new ConfigError(`kind ${JSON.stringify(kind)}: there are ${Object.keys(FAULT_KINDS).join(', ')}`);
  }
  return known.begin(ensemble, checkedBody(body, `fault ${kind}`, known.needs, known.takes));
}

export function checkedBody(
  body: Readonly<Record<string, unknown>>,
  what: string,
  needs: readonly Key[],
  takes: readonly Key[],
): FaultBody {
  for (const key of needs) if (body[key] === undefined) throw new ConfigError(`${what} needs ${key}`);
  for (const [key, value] of Object.entries(body)) {
    if (key === 'kind') continue;
    if (!(needs.includes(key as Key) || takes.includes(key as Key))) {
      throw new ConfigError(`${what} takes no ${key}, but ${[...needs, ...takes].join(', ')}`);
    }
    if (!fits(value, KEYS[key as Key])) throw new ConfigError(`${what}: ${key} is ${JSON.stringify(value)}`);
  }
  return body as unknown as FaultBody;
}

function fits(value: unknown, type: (typeof KEYS)[Key]): boolean {
  if (type === 'numbers') return Array.isArray(value) && value.every((each) => Number.isFinite(each));
  if (type === 'times') return value === 'always' || (Number.isInteger(value) && (value as number) > 0);
  return typeof value === type;
}

function connection({ server, session, connection: number }: FaultBody): ConnectionMatch {
  return {
    ...(server === undefined ? {} : { server }),
    ...(session === undefined ? {} : { session }),
    ...(number === undefined ? {} : { connection: number }),
  };
}

function operation(body: FaultBody): OperationMatch {
  const { op, path, times } = body;
  return {
    ...connection(body),
    ...(op === undefined ? {} : { op }),
    ...(path === undefined ? {} : { path }),
    ...(times === undefined ? {} : { times }),
  };
}

export { connection as connectionOf };
