import type { Log } from '../base/log.ts';
import { sessionHex } from '../jute/session-id.ts';
import { type Zxid, zxidText } from '../jute/zxid.ts';
import type { ServerView } from '../server/monitoring/server-view.ts';

/**
 * The present work of this peer, written to its log when an operator asks (SIGQUIT): role and queues, those who learn
 * from it, its clients, its last elections. Many clients are not all listed: the log is no place for them, `cons` is.
 */
export interface PastElection {
  readonly wallMs: number;
  readonly leader: number;
  readonly round: number;
  readonly tookMs: number;
}

export interface LearnerState {
  readonly sid: number;
  readonly observer: boolean;
  readonly phase: string;
  /** Bytes it has not taken yet. */
  readonly queued: number;
}

export interface PeerState {
  readonly role: string;
  readonly lastLogged: Zxid;
  readonly lastDurable: Zxid;
  readonly epoch: number | undefined;
  readonly learners: readonly LearnerState[];
  readonly elections: readonly PastElection[];
  readonly server: ServerView;
}

export const ELECTIONS_REMEMBERED = 10;
const CONNECTIONS_LISTED = 500;

export function dumpState(log: Log, state: PeerState): void {
  const { server } = state;
  log.info(
    {
      role: state.role,
      applied: zxidText(server.lastProcessedZxid),
      logged: zxidText(state.lastLogged),
      durable: zxidText(state.lastDurable),
      epoch: state.epoch,
      connections: server.connections.size,
      outstanding: server.outstanding,
    },
    'state of this server',
  );
  for (const { sid, observer, phase, queued } of state.learners) {
    log.info({ sid, observer, phase, queued }, 'state: a learner');
  }
  for (const { wallMs, leader, round, tookMs } of state.elections) {
    log.info({ at: wallMs, leader, round, ms: tookMs }, 'state: an election');
  }
  let listed = 0;
  for (const each of server.connections) {
    if (++listed > CONNECTIONS_LISTED) break;
    log.info(
      {
        client: each.client,
        session: sessionHex(each.sessionId),
        queued: each.requests.queue.own,
        reading: (each.interestOps & 1) === 1,
        outputWaits: (each.interestOps & 4) === 4,
        received: each.stats.packetsReceived,
      },
      'state: a client',
    );
  }
  const left = server.connections.size - CONNECTIONS_LISTED;
  if (left > 0) log.info({ clients: left }, 'state: clients that are not listed');
}
