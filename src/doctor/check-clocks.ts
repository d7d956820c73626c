import { get } from 'node:http';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { ASK_LIMIT_MS, type Place } from './ask-member.ts';
import { bad, type Finding, good, note, unknown } from './finding.ts';

/**
 * Compares clocks. No word of the client port tells a time; every answer of an admin port has one in its header Date, of
 * whole seconds. So a difference is told only as far as it is certain.
 */
const ABOUT = 'clocks';
const NOTED_MS = 1000;
const BAD_MS = 5000;
/** The header's seconds are cut off, and it may be written a second before it is sent. */
const HEADER_SPAN_MS = 2000;
const MEND =
  'let NTP set both (chronyc tracking): times of nodes, TTLs and a restore to a time go by the clock of the leader';

export async function checkClocks(config: PeerConfig): Promise<Finding[]> {
  const others = [...(config.quorumVerifier?.members.values() ?? [])].filter(({ sid }) => sid !== config.myid);
  if (others.length === 0) return [];
  const port = config.adminPort;
  const findings = await Promise.all(
    others.map(async ({ sid, addresses }) => {
      const host = addresses[0]?.host;
      const ahead = host === undefined ? undefined : await aheadMs({ host, port }, config.adminCommandUrl);
      return ahead === undefined ? sid : judged(sid, ahead);
    }),
  );
  const silent = findings.filter((each) => typeof each === 'number');
  const told = findings.filter((each) => typeof each !== 'number');
  if (silent.length === 0) return told;
  const which = `${silent.length === 1 ? 'server' : 'servers'} ${silent.join(', ')}`;
  return [
    ...told,
    unknown(ABOUT, `the admin port ${port} of ${which} does not answer: no clock was compared (admin.serverAddress)`),
  ];
}

function judged(sid: number, ahead: number): Finding {
  const seconds = `${(Math.abs(ahead) / 1000).toFixed(1)} s`;
  if (Math.abs(ahead) < NOTED_MS) return good(ABOUT, `server ${sid} and this machine have the same time`);
  const text = `the clock of server ${sid} is ${seconds} or more ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
  return Math.abs(ahead) < BAD_MS ? note(ABOUT, text, MEND) : bad(ABOUT, text, MEND);
}

/** By how much its clock is certainly ahead, in ms; negative: behind. undefined: it does not say. */
function aheadMs({ host, port }: Place, commandUrl: string): Promise<number | undefined> {
  return new Promise((done) => {
    const askedMs = Date.now();
    const request = get({ host, port, path: `${commandUrl}/ruok`, agent: false, timeout: ASK_LIMIT_MS }, (response) => {
      const nowMs = Date.now();
      const told = Date.parse(response.headers.date ?? '');
      response.destroy();
      if (Number.isNaN(told)) done(undefined);
      else if (told > nowMs) done(told - nowMs);
      else done(Math.min(0, told + HEADER_SPAN_MS - askedMs));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(undefined));
  });
}
