import { ErrorCode, OpCode } from '../../jute/codes.ts';
import { createSession } from '../operations/writes/session.ts';
import { Request } from '../request.ts';
import type { Upstream } from '../upstream.ts';
import type { LocalSessions } from './local-sessions.ts';

/**
 * Decides, where a write or a sync of a client arrives, who answers it: upstream, for most. This server answers one
 * that can neither be carried out here nor asked of anybody, and one about a session that no other server knows.
 * Follows ReadOnlyRequestProcessor and QuorumZooKeeperServer.checkUpgradeSession.
 */
export function admit(request: Request, upstream: Upstream): void {
  const { localSessions } = upstream;
  if (localSessions === undefined || request.isAnsweredHere) return;
  const { asker, operation } = request;
  const isReadOnly = upstream.mode === 'read-only';
  // A read-only server has no other sessions.
  if (!isReadOnly && !localSessions.has(asker.sessionId)) return;
  if (operation.type === OpCode.createSession || operation.type === OpCode.closeSession) request.keepHere();
  else if (isReadOnly) request.refuse(ErrorCode.notReadOnly);
  else if (operation.kind === 'write' && request.record !== undefined && operation.makesEphemeral?.(request.record)) {
    if (localSessions.mayUpgrade) upgrade(request, upstream, localSessions);
    else request.refuse(ErrorCode.ephemeralOnLocalSession);
  }
}

/** At once, so it comes before the request. The request may still have to wait for others of its session. */
function upgrade({ asker, arrivedMs }: Request, upstream: Upstream, localSessions: LocalSessions): void {
  const body = Buffer.alloc(4);
  body.writeInt32BE(localSessions.beginUpgrade(asker.sessionId), 0);
  upstream.submitWrite(new Request({ ...asker, authIds: [] }, 0, createSession, body, arrivedMs));
}
