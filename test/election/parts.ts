import type { Log } from '../../src/base/log.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import { ELECTION_DEFAULTS } from '../../src/election/voting/election-host.ts';
import { Electorate } from '../../src/election/voting/electorate.ts';
import { logTo } from '../fakes/log-to.ts';

/** Input for the parts of an election: members out of lines, and what was logged. */
export function members(...lines: string[]): QuorumVerifier {
  return parseQuorumText(lines.join('\n'), { multiAddress: false, standaloneEnabled: true, otherKeys: 'refuse' });
}

export const THREE = members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'server.4=d:1:2:observer');

export function logInto(lines: string[]): Log {
  return logTo((_level, message) => lines.push(message));
}

export function electorate(verifier: QuorumVerifier, next?: QuorumVerifier, lines: string[] = []): Electorate {
  const made = new Electorate(1, ELECTION_DEFAULTS, logInto(lines));
  made.use(verifier, next);
  return made;
}
