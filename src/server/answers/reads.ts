import { assert } from '../../base/assert.ts';
import { protocolError } from '../../base/errors.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Writer } from '../../jute/writer.ts';
import type { ReadContext } from '../operations/operation.ts';
import type { Request } from '../request.ts';
import type { AskedRead } from './asked-read.ts';

/**
 * The replies that this server's tree gives: the read half of FinalRequestProcessor. A sync is answered here as well,
 * once it has come back. SESSIONMOVED is never sent: the caller closes the connection instead. No bytes that the client
 * sent make this throw.
 */
export function answerRead(asked: AskedRead, watcher: Watcher, context: ReadContext, w: Writer): number {
  const { asker, operation } = asked;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  assert('answer' in operation, 'what is answered here is a read or a sync');
  const start = w.length;
  try {
    return operation.answer(asker, asked.record, watcher, context, w);
  } catch (error) {
    protocolError(error);
    w.rewind(start);
    return ErrorCode.marshallingError;
  }
}

/** One step of a stepped operation. The error code when it was the last, undefined while more is to do. */
export function stepOn(request: Request, watcher: Watcher, context: ReadContext): number | undefined {
  const { asker, operation } = request;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  assert('begin' in operation, 'what is done in steps can begin');
  try {
    request.steps ??= operation.begin(request.body);
    return request.steps.go(watcher, context);
  } catch (error) {
    protocolError(error);
    return ErrorCode.marshallingError;
  }
}
