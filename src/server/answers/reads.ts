import { assert } from '../../base/assert.ts';
import { protocolError } from '../../base/errors.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { ErrorCode } from '../../jute/codes.ts';
import { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import type { ReadContext } from '../operations/operation.ts';
import type { Request } from '../request.ts';

const reader = new Reader();

/**
 * What is answered from this server's own tree: the read half of FinalRequestProcessor. Also for a sync, once it has
 * come back. SESSIONMOVED is never sent: the caller closes the connection instead. Never throws for what the client
 * sent.
 */
export function answerRead(request: Request, watcher: Watcher, context: ReadContext, w: Writer): number {
  const { asker, operation } = request;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  assert(operation.kind === 'read' || operation.kind === 'sync', 'what is answered here is a read or a sync');
  const start = w.length;
  reader.reset(request.body);
  try {
    return operation.answer(asker, reader, watcher, context, w);
  } catch (error) {
    protocolError(error);
    w.rewind(start);
    return ErrorCode.marshallingError;
  }
}
