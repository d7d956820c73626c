import type { RequestAnswers } from '../answers/request-answers.ts';
import type { SessionOwner } from '../asker.ts';
import type { ServedRole } from '../served-role.ts';
import type { ServerParts } from '../server-parts.ts';
import type { Expiring, ExpiryBuckets } from '../sessions/expiry-buckets.ts';
import type { ClientRates } from '../throttles/client-rates.ts';
import type { RequestThrottle } from '../throttles/request-throttle.ts';
import type { WriterPool } from './client-output.ts';
import type { EventFrames } from './event-frames.ts';
import type { Handshakes } from './handshakes.ts';
import type { OutputAccount } from './output-account.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { TurnEnd } from './turn-end.ts';

/** The server as its connections see it; the connections of one server are of one class, `C`. */
export interface ConnectionServer<C extends Expiring> extends ServerParts {
  /** The owner of the requests of all its connections. */
  readonly owner: SessionOwner;
  readonly role: ServedRole;
  readonly answers: RequestAnswers;
  readonly pending: PendingRequests;
  readonly throttle: RequestThrottle;
  readonly rates: ClientRates;
  readonly turnEnd: TurnEnd;
  readonly writers: WriterPool;
  readonly eventFrames: EventFrames;
  /** The expiry of silent connections. */
  readonly expiry: ExpiryBuckets<C>;
  readonly words: WordAnswerer<C>;
  readonly output: OutputAccount;
  readonly handshakes: Handshakes;

  onConnectRequest(connection: C, frame: Buffer): void;
  onSessionCreated(connection: C): void;
  /** Its client has closed the session, which no other server knows. */
  onLocalSessionClosed(connection: C): void;
  /** `isGone`: its stream was destroyed. Otherwise `onConnectionGone` follows when all is sent. */
  onConnectionClosed(connection: C, isGone: boolean): void;
  onConnectionGone(connection: C): void;
}

export interface WordAnswerer<C> {
  /** How many bytes the word that these begin with needs; 0 when they are none. */
  bytesOf(firstBytes: Buffer): number;
  /** In pieces, to be taken some in each turn. */
  answer(firstBytes: Buffer, asking: C): Iterable<string>;
}
