// Sessions are the ensemble's: whichever member of whichever kind opened one, every other one takes it over with the
// password the first has given, nobody takes it with another password, and once it has expired it has everywhere.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../harness/server.ts';
import { RawSession } from '../raw/session.ts';

const who = (server: Server): string => `${server.kind} ${server.options.id}`;

async function attach(
  server: Server,
  sessionId: bigint,
  passwd: Buffer,
): Promise<{ session: RawSession; granted: bigint }> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 8_000, sessionId, passwd });
  return { session, granted: session.granted?.sessionId ?? -1n };
}

/** One line for each member that did otherwise. */
export async function judgeSessions(servers: readonly Server[]): Promise<string[]> {
  const problems: string[] = [];
  const forgotten: { readonly by: Server; readonly sessionId: bigint; readonly passwd: Buffer }[] = [];
  for (const opener of servers) {
    let session = await RawSession.open({ port: opener.clientPort, timeoutMs: 8_000 });
    const { sessionId, passwd } = session.granted as { sessionId: bigint; passwd: Buffer };
    for (const server of servers) {
      session.abandon();
      const strange = await attach(server, sessionId, Buffer.alloc(16, 7));
      strange.session.abandon();
      if (strange.granted !== 0n)
        problems.push(`${who(server)} grants 0x${sessionId.toString(16)} without its password`);
      const moved = await attach(server, sessionId, passwd);
      session = moved.session;
      if (moved.granted !== sessionId || !session.granted?.passwd.equals(passwd))
        problems.push(`${who(server)} does not take over the session that ${who(opener)} opened`);
    }
    await session.close();
    const short = await RawSession.open({ port: opener.clientPort, timeoutMs: 1_000 });
    forgotten.push({ by: opener, sessionId: short.sessionId, passwd: short.granted?.passwd ?? Buffer.alloc(0) });
    short.abandon();
  }
  await sleep(3_000);
  for (const { by, sessionId, passwd } of forgotten) {
    for (const server of servers) {
      const { session, granted } = await attach(server, sessionId, passwd);
      session.abandon();
      if (granted !== 0n) problems.push(`${who(server)} grants the expired session of ${who(by)}`);
    }
  }
  return problems;
}
