import { ConfigError } from '../../base/errors.ts';
import type { Exchange } from '../../conversation/conversation.ts';
import { errorNamed } from '../../conversation/names.ts';
import type { Gate } from '../layers/gate.ts';
import type { WrappedStream } from '../layers/wrapped-stream.ts';
import { DoorConnection, type DoorRules } from './door-connection.ts';
import { type Fault, faultInForce } from './fault.ts';
import { type ConnectionMatch, Matcher, type OperationMatch, type Place } from './match.ts';
import { type Action, Rule } from './rule.ts';

/** A connection that is open, as it is told of. */
export interface ConnectionInfo extends Place {
  readonly client: string;
  readonly timeoutMs: number;
}

/** The door of all servers of an ensemble: the connections that clients have, and the faults that are switched on for them. */
export class ClientDoor implements DoorRules {
  private readonly open = new Set<DoorConnection>();
  private readonly rules = new Set<Rule>();
  /** The rule that is to strike the answer. */
  private readonly ofReplies = new WeakMap<Exchange, Rule>();
  /** In force for connections that are open, and for those that come. */
  private readonly standing = new Set<Standing>();
  private readonly closed = new Set<number | undefined>();
  private lastNumber = 0;

  admit(server: number, gate: Gate, forget: (stream: WrappedStream) => void): DoorConnection | undefined {
    if (this.closed.has(server) || this.closed.has(undefined)) return undefined;
    const place = { server, connection: ++this.lastNumber };
    const connection: DoorConnection = new DoorConnection(place, gate, this, (stream) => {
      this.open.delete(connection);
      forget(stream);
    });
    this.open.add(connection);
    for (const each of this.standing) if (!each.matcher.isOfSession) each.applyTo(connection);
    return connection;
  }

  onSession(connection: DoorConnection): void {
    for (const each of this.standing) if (each.matcher.isOfSession) each.applyTo(connection);
  }

  ofRequest(exchange: Exchange, place: Place): Rule | undefined {
    for (const rule of this.rules) {
      if (!rule.takes(exchange.request, place)) continue;
      if (!rule.isOfReply) return rule;
      this.ofReplies.set(exchange, rule);
      return undefined;
    }
    return undefined;
  }

  ofReply(exchange: Exchange): Rule | undefined {
    return this.ofReplies.get(exchange);
  }

  /** The connections of clients that are open, the oldest first. */
  connections(match: ConnectionMatch = {}): ConnectionInfo[] {
    return this.matching(match).map((each) => ({
      server: each.server,
      connection: each.connection,
      sessionId: each.sessionId,
      client: `${each.remoteAddress}:${each.remotePort}`,
      timeoutMs: each.timeoutMs,
    }));
  }

  /** The operation is answered with this error, by its name (`noAuth`), and not carried out. */
  refuse(match: OperationMatch, error: string): Fault {
    return this.rule('refuse', match, { kind: 'refuse', code: codeOf(error) });
  }

  /** The operation is carried out, and the client is told this error. */
  answer(match: OperationMatch, error: string): Fault {
    return this.rule('answer', match, { kind: 'answer', code: codeOf(error) });
  }

  /** The request reaches its server `ms` later, and so do those behind it. */
  delay(match: OperationMatch, ms: number): Fault {
    return this.rule('delay', match, { kind: 'delay', ms });
  }

  /** The answer reaches its client `ms` later, and so do those behind it. */
  delayReply(match: OperationMatch, ms: number): Fault {
    return this.rule('delay reply', match, { kind: 'delayReply', ms });
  }

  /** The request waits, and those behind it, until the fault is undone. */
  holdRequest(match: OperationMatch): Fault {
    return this.rule('hold request', match, { kind: 'hold' });
  }

  /** The connection breaks before the server has the request: nothing is carried out. */
  dropRequest(match: OperationMatch): Fault {
    return this.rule('drop request', match, { kind: 'dropRequest' });
  }

  /** The operation is carried out, and the connection breaks before the client knows: the answer is lost. */
  dropReply(match: OperationMatch): Fault {
    return this.rule('drop reply', match, { kind: 'dropReply' });
  }

  /** The same on a connection that stays: neither the answer nor what follows it comes, until the fault is undone. */
  holdReply(match: OperationMatch): Fault {
    return this.rule('hold reply', match, { kind: 'loseReply' });
  }

  /** The answer does not come, but those behind it do. Clients take that for a broken server; Apache's controller has it. */
  swallowReply(match: OperationMatch): Fault {
    return this.rule('swallow reply', match, { kind: 'swallowReply' });
  }

  /** Resets connections; returns how many there were. */
  cut(match: ConnectionMatch = {}): number {
    const those = this.matching(match);
    for (const connection of those) connection.cut();
    return those.length;
  }

  /**
   * Nothing passes: clients get no answer, and servers no ping. A connection that matches is held when it comes, so that a client does
   * not escape by connecting again.
   */
  hold(match: ConnectionMatch = {}, direction: 'both' | 'requests' | 'replies' = 'both'): Fault {
    return this.stand('hold', match, ({ inbound, outbound }) => {
      const releases = [
        ...(direction === 'replies' ? [] : [inbound.hold()]),
        ...(direction === 'requests' ? [] : [outbound.hold()]),
      ];
      return () => {
        for (const release of releases) release();
      };
    });
  }

  /** Every request and every answer takes `ms` longer. */
  slow(match: ConnectionMatch, ms: number): Fault {
    return this.stand('slow', match, ({ inbound, outbound }) => {
      inbound.slowMs += ms;
      outbound.slowMs += ms;
      return () => {
        inbound.slowMs -= ms;
        outbound.slowMs -= ms;
      };
    });
  }

  /** Connections that come are closed at once: at one server, or at all of them. */
  refuseConnections(server?: number): Fault {
    this.closed.add(server);
    return faultInForce('refuse connections', () => this.closed.delete(server));
  }

  /** All operations that are to be struck are let go, and all that is held. */
  undoRules(): void {
    for (const rule of [...this.rules]) rule.undo();
  }

  /** Servers hear of every client whose connection is free, as they would if time had really passed. */
  pingForClients(): void {
    for (const connection of this.open) connection.ping();
  }

  private stand(what: string, match: ConnectionMatch, begin: (connection: DoorConnection) => () => void): Fault {
    const standing = new Standing(new Matcher(match), begin);
    this.standing.add(standing);
    for (const connection of this.open) standing.applyTo(connection);
    return faultInForce(what, () => {
      this.standing.delete(standing);
      standing.end();
    });
  }

  private rule(kind: string, match: OperationMatch, action: Action): Fault {
    const { op = 'every operation', path = '' } = match;
    const rule = new Rule(`${kind}: ${op} ${path}`.trim(), match, action, (over) => this.rules.delete(over));
    this.rules.add(rule);
    return rule;
  }

  private matching(match: ConnectionMatch): DoorConnection[] {
    const matcher = new Matcher(match);
    return [...this.open].filter((connection) => matcher.matchesPlace(connection));
  }
}

/** A fault of connections, with what takes it back from each. */
class Standing {
  readonly matcher: Matcher;
  private readonly begin: (connection: DoorConnection) => () => void;
  private readonly ends = new Map<DoorConnection, () => void>();

  constructor(matcher: Matcher, begin: (connection: DoorConnection) => () => void) {
    this.matcher = matcher;
    this.begin = begin;
  }

  applyTo(connection: DoorConnection): void {
    if (this.ends.has(connection) || !this.matcher.matchesPlace(connection)) return;
    this.ends.set(connection, this.begin(connection));
  }

  end(): void {
    for (const end of this.ends.values()) end();
  }
}

function codeOf(error: string): number {
  const code = errorNamed(error);
  if (code === undefined) throw new ConfigError(`there is no error ${error}: noNode is one`);
  return code;
}
