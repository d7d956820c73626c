import { ConfigError } from '../../base/errors.ts';
import { sessionText } from '../../conversation/names.ts';
import type { Fault } from '../door/fault.ts';
import type { TestEnsemble } from '../ensemble/test-ensemble.ts';
import { beginFault, checkedBody, connectionOf } from './fault-kinds.ts';

/**
 * The switches of an ensemble for programs in other languages: a method and a path each, JSON in and out. The answer comes when the
 * switch took effect. docs/testkit-openapi.json describes them, and a test holds it against this table.
 */
export interface Asked {
  readonly ensemble: TestEnsemble;
  readonly faults: FaultList;
  /** The parts of the path in braces. */
  readonly parts: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Answered {
  readonly status: number;
  readonly body?: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  answer(asked: Asked): Promise<Answered>;
}

/** Nothing of that name or number is there. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** The faults that were switched on from outside, by number. */
export class FaultList {
  private readonly byId = new Map<number, Fault>();
  private last = 0;

  add(fault: Fault): number {
    this.byId.set(++this.last, fault);
    return this.last;
  }

  get(id: string): Fault {
    const fault = this.byId.get(Number(id));
    if (fault === undefined) throw new NotFound(`there is no fault ${id}`);
    return fault;
  }

  undo(id: string): void {
    this.get(id).undo();
    this.byId.delete(Number(id));
  }

  undoAll(): void {
    for (const id of [...this.byId.keys()].reverse()) this.undo(String(id));
  }

  list(): { id: number; what: string; hits: number }[] {
    return [...this.byId].map(([id, fault]) => told(id, fault));
  }
}

const OK: Answered = { status: 204 };
/** A wait is answered after this, at the latest: the client asks again. */
const WAIT_MAX_MS = 60_000;

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/ensemble', answer: async ({ ensemble }) => ({ status: 200, body: ensembleTold(ensemble) }) },
  {
    method: 'GET',
    path: '/connections',
    answer: async ({ ensemble }) => ({
      status: 200,
      body: ensemble.clients
        .connections()
        .map(({ sessionId, ...others }) => ({ ...others, session: sessionText(sessionId) })),
    }),
  },
  {
    method: 'POST',
    path: '/connections/cut',
    answer: async ({ ensemble, body }) => {
      const match = connectionOf(checkedBody(body, 'cut', [], ['server', 'session', 'connection']));
      return { status: 200, body: { cut: ensemble.clients.cut(match) } };
    },
  },
  {
    method: 'POST',
    path: '/sessions/{session}/expire',
    answer: async ({ ensemble, parts }) => {
      await ensemble.expireSession(parts.session ?? '');
      return OK;
    },
  },
  { method: 'POST', path: '/servers/{server}/kill', answer: atServer((ensemble, id) => ensemble.kill(id)) },
  { method: 'POST', path: '/servers/{server}/stop', answer: atServer((ensemble, id) => ensemble.stop(id)) },
  { method: 'POST', path: '/servers/{server}/restart', answer: atServer((ensemble, id) => ensemble.restart(id)) },
  { method: 'POST', path: '/servers/{server}/elect', answer: atServer((ensemble, id) => ensemble.elect(id)) },
  { method: 'POST', path: '/servers/{server}/lose-disk', answer: atServer(({ disks }, id) => disks.lose(id)) },
  {
    method: 'POST',
    path: '/ready',
    answer: async ({ ensemble }) => {
      await ensemble.ready();
      return { status: 200, body: ensembleTold(ensemble) };
    },
  },
  { method: 'GET', path: '/faults', answer: async ({ faults }) => ({ status: 200, body: faults.list() }) },
  {
    method: 'POST',
    path: '/faults',
    answer: async ({ ensemble, faults, body }) => {
      const fault = beginFault(ensemble, body);
      return { status: 201, body: told(faults.add(fault), fault) };
    },
  },
  {
    method: 'DELETE',
    path: '/faults',
    answer: async ({ faults }) => {
      faults.undoAll();
      return OK;
    },
  },
  {
    method: 'GET',
    path: '/faults/{fault}',
    answer: async ({ faults, parts, query }) => {
      const id = parts.fault ?? '';
      const fault = faults.get(id);
      await happenedWithin(fault, Number(query.get('waitMs') ?? 0));
      return { status: 200, body: told(Number(id), fault) };
    },
  },
  {
    method: 'DELETE',
    path: '/faults/{fault}',
    answer: async ({ faults, parts }) => {
      faults.undo(parts.fault ?? '');
      return OK;
    },
  },
  {
    method: 'POST',
    path: '/clock/advance',
    answer: async ({ ensemble, body: { ms, clients = 'ping' } }) => {
      if (typeof ms !== 'number' || ms < 0) throw new ConfigError('advance needs ms, a number that is not negative');
      if (clients !== 'ping' && clients !== 'silent') throw new ConfigError('clients is ping or silent');
      await ensemble.clock.advance(ms, { clients });
      return OK;
    },
  },
];

function told(id: number, { what, hits }: Fault): { id: number; what: string; hits: number } {
  return { id, what, hits };
}

export function ensembleTold(ensemble: TestEnsemble): unknown {
  const { connectString, leader, servers, tls } = ensemble;
  const ofTls =
    tls === undefined
      ? {}
      : {
          tls: {
            connectString: servers.map(({ id }) => ensemble.addressOf(id, 'tls')).join(','),
            caFile: tls.caFile,
            clientFile: tls.clientFile,
          },
        };
  return { connectString, leader: leader ?? null, servers, ...ofTls };
}

function atServer(change: (ensemble: TestEnsemble, id: number) => Promise<void>): Route['answer'] {
  return async ({ ensemble, parts }) => {
    const id = Number(parts.server);
    if (!ensemble.servers.some((server) => server.id === id)) throw new NotFound(`there is no server ${parts.server}`);
    await change(ensemble, id);
    return OK;
  };
}

async function happenedWithin(fault: Fault, waitMs: number): Promise<void> {
  if (!(waitMs > 0)) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, Math.min(waitMs, WAIT_MAX_MS));
  });
  await Promise.race([fault.happened, late]);
  clearTimeout(timer);
}
