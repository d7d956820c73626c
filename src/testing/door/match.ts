import { ConfigError } from '../../base/errors.ts';
import { opsNamed, sessionText } from '../../conversation/names.ts';
import type { RequestSeen } from '../../conversation/seen.ts';

/** The connections that are meant. Everything that is left out matches. */
export interface ConnectionMatch {
  /** The server that has the connection. */
  readonly server?: number;
  /** As a number, or as servers write it: `0x1000a2f3b0000`. */
  readonly session?: bigint | string;
  /** The number that the kit gave the connection. */
  readonly connection?: number;
}

/** The operations that are meant. Pings are meant by their name alone. */
export interface OperationMatch extends ConnectionMatch {
  /** `create`, `setData`, `multi`, ...; `create` stands for all its kinds. */
  readonly op?: string;
  /** A whole path; all below it where it ends with `/**`. A multi has those of its parts. */
  readonly path?: string | RegExp;
  /** After so many the switch is off again; 1 by default. */
  readonly times?: number | 'always';
}

export interface Place {
  readonly server: number;
  readonly sessionId: bigint;
  readonly connection: number;
}

export class Matcher {
  private readonly server: number | undefined;
  private readonly session: bigint | undefined;
  private readonly connection: number | undefined;
  private readonly ops: readonly number[] | undefined;
  private readonly path: ((path: string) => boolean) | undefined;

  /** Throws ConfigError for an operation that there is not, and for a session that is no number. */
  constructor(match: OperationMatch) {
    const { server, session, connection, op, path } = match;
    this.server = server;
    this.session = session === undefined ? undefined : sessionIdOf(session);
    this.connection = connection;
    if (op !== undefined) {
      this.ops = opsNamed(op);
      if (this.ops === undefined) throw new ConfigError(`there is no operation ${op}`);
    }
    this.path = path === undefined ? undefined : pathTest(path);
  }

  /** A connection that is only now made matches when its client has said whose session it is. */
  get isOfSession(): boolean {
    return this.session !== undefined;
  }

  matchesPlace({ server, sessionId, connection }: Place): boolean {
    return (
      (this.server === undefined || this.server === server) &&
      (this.session === undefined || this.session === sessionId) &&
      (this.connection === undefined || this.connection === connection)
    );
  }

  matches(request: RequestSeen, place: Place): boolean {
    if (!this.matchesPlace(place)) return false;
    if (this.ops === undefined ? request.name === 'ping' : !this.ops.includes(request.op)) return false;
    const { path } = this;
    return path === undefined || request.paths.some(path);
  }
}

/** The same number for `0x...`, decimal digits and a bigint of either sign. Throws ConfigError. */
export function sessionIdOf(session: bigint | string): bigint {
  if (typeof session === 'bigint') return BigInt.asIntN(64, session);
  try {
    return BigInt.asIntN(64, BigInt(session));
  } catch {
    throw new ConfigError(`${session} is no session id: ${sessionText(0x1000a2f3bn)} is one`);
  }
}

function pathTest(path: string | RegExp): (path: string) => boolean {
  if (path instanceof RegExp) return (asked) => path.test(asked);
  if (!path.endsWith('/**')) return (asked) => asked === path;
  const above = path.slice(0, -2);
  return (asked) => asked.startsWith(above);
}
