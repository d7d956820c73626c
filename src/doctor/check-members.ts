import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { askWord, knock, type Place } from './ask-member.ts';
import { bad, type Finding, good, note, unknown } from './finding.ts';

/** The servers of an ensemble as they look from here, and whether this one may be stopped. */
interface Seen {
  readonly sid: number;
  readonly isSelf: boolean;
  readonly isVoter: boolean;
  readonly client: Place | undefined;
  /** As `srvr` says; undefined when it does not serve, or does not answer. */
  readonly mode: string | undefined;
  readonly version: string | undefined;
  readonly membership: string | undefined;
  /** The id that it gives itself; undefined when it does not say, or when the port that was asked is only a guess. */
  readonly ownSid: number | undefined;
  /** Digest by zxid. */
  readonly digests: ReadonlyMap<string, string>;
  /** Why its election port does not answer. */
  readonly electionPort: string | undefined;
}

export interface CheckedMembers {
  readonly findings: readonly Finding[];
  readonly isQuorumLost: boolean;
  /** Voters that run, whether they serve or not. */
  readonly running: number;
}

export async function checkMembers(config: PeerConfig): Promise<CheckedMembers> {
  const { quorumVerifier: verifier, myid } = config;
  if (verifier === undefined || myid === undefined) {
    return { findings: await checkAlone(config), isQuorumLost: false, running: 0 };
  }
  const seen = await Promise.all([...verifier.members.keys()].map((sid) => look(verifier, sid, sid === myid, config)));
  const serving = new Set(seen.filter(({ mode, isVoter }) => mode !== undefined && isVoter).map(({ sid }) => sid));
  const findings = [
    ...checkEach(seen),
    ...checkIds(seen),
    ...checkAgreement(seen, membershipIn(verifier.text())),
    ...checkQuorum(serving, verifier, myid),
  ];
  const running = seen.filter(
    ({ isVoter, mode, electionPort }) => isVoter && (mode !== undefined || electionPort === undefined),
  );
  return { findings, isQuorumLost: !verifier.containsQuorum(serving), running: running.length };
}

async function checkAlone(config: PeerConfig): Promise<Finding[]> {
  if (config.clientPort === undefined) return [];
  const place = { host: config.clientPortAddress ?? '127.0.0.1', port: config.clientPort };
  const answer = await askWord(place, 'srvr');
  if (answer === undefined)
    return [note('members', `nothing answers on ${place.host}:${place.port}: the server does not run`)];
  return [
    good(
      'members',
      `a server runs on ${place.host}:${place.port}, mode ${modeIn(answer) ?? 'none: it does not serve'}`,
    ),
  ];
}

async function look(verifier: QuorumVerifier, sid: number, isSelf: boolean, config: PeerConfig): Promise<Seen> {
  const spec = verifier.members.get(sid);
  const address = spec?.addresses[0];
  const port = spec?.client?.port ?? config.clientPort;
  const host = isSelf ? (config.clientPortAddress ?? '127.0.0.1') : address?.host;
  const client = host === undefined || port === undefined ? undefined : { host, port };
  const [srvr, conf, hash, electionPort] = await Promise.all([
    client === undefined ? undefined : askWord(client, 'srvr'),
    client === undefined ? undefined : askWord(client, 'conf'),
    client === undefined ? undefined : askWord(client, 'hash'),
    address === undefined ? 'no address' : knock({ host: address.host, port: address.electionPort }),
  ]);
  return {
    sid,
    isSelf,
    isVoter: verifier.voters.has(sid),
    client,
    mode: modeIn(srvr ?? ''),
    version: /^Zookeeper version: ([^,\s]+)/m.exec(srvr ?? '')?.[1],
    membership: membershipIn(conf ?? ''),
    ownSid: spec?.client === undefined && host === '127.0.0.1' ? undefined : sidIn(conf ?? ''),
    digests: new Map(
      [...(hash ?? '').matchAll(/^([0-9a-f]+): (-?\d+)$/gm)].map((line) => [line[1] as string, line[2] as string]),
    ),
    electionPort,
  };
}

function modeIn(srvr: string): string | undefined {
  return /^Mode: (.*)$/m.exec(srvr)?.[1];
}

function sidIn(conf: string): number | undefined {
  const digits = /^serverId=(\d+)$/m.exec(conf)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Its server lines, without versions and without the client addresses, which each server knows of itself alone. */
function membershipIn(conf: string): string | undefined {
  const lines = conf.split('\n').filter((line) => /^server\.\d+=/.test(line));
  return lines.length === 0
    ? undefined
    : lines
        .map((line) => line.split(';')[0])
        .sort()
        .join('\n');
}

function checkEach(seen: readonly Seen[]): Finding[] {
  return seen.map(({ sid, isSelf, client, mode, version, electionPort }) => {
    const who = isSelf ? `server ${sid} (this one)` : `server ${sid}`;
    if (mode !== undefined) return good('members', `${who} serves as ${mode}, version ${version}`);
    if (electionPort === undefined) {
      const where =
        client === undefined ? 'its client port is not known here' : `nothing serves on ${client.host}:${client.port}`;
      return bad(
        'members',
        `${who} runs and does not serve: ${where}`,
        'look into its log: it tells who is missing and why',
      );
    }
    if (isSelf) return note('members', `${who} does not run`);
    return bad(
      'members',
      `${who} is out of reach: election port: ${electionPort}`,
      'is it up, does the name resolve, is a firewall between?',
    );
  });
}

function checkIds(seen: readonly Seen[]): Finding[] {
  return seen.flatMap(({ sid, ownSid, client }) => {
    if (ownSid === undefined || ownSid === sid) return [];
    return bad(
      'members',
      `${client?.host}:${client?.port}, the client port of server ${sid}, answers as server ${ownSid}`,
      'is its myid wrong, or an address in the server lines?',
    );
  });
}

/** `written`: the server lines of this zoo.cfg. */
function checkAgreement(seen: readonly Seen[], written: string | undefined): Finding[] {
  const findings: Finding[] = [];
  const told = seen.filter(({ membership }) => membership !== undefined);
  const first = told[0];
  for (const other of told.slice(1)) {
    if (first === undefined || other.membership === first.membership) continue;
    findings.push(
      bad(
        'members',
        `servers ${first.sid} and ${other.sid} have different server lines`,
        'make them equal in every zoo.cfg, and restart one after the other',
      ),
    );
  }
  if (first !== undefined && written !== undefined && first.membership !== written && first.isSelf) {
    findings.push(
      note('members', 'this server runs with other server lines than its zoo.cfg has: restart it, or mend the file'),
    );
  } else if (first !== undefined && written !== undefined && first.membership !== written) {
    findings.push(
      bad(
        'members',
        `server ${first.sid} has other server lines than this zoo.cfg`,
        'make them equal in every zoo.cfg',
      ),
    );
  }
  const versions = new Set(seen.flatMap(({ version }) => version ?? []));
  if (versions.size > 1) findings.push(note('members', `versions differ: ${[...versions].join(', ')}`));
  for (const [i, a] of seen.entries()) {
    for (const b of seen.slice(i + 1)) {
      const zxid = [...a.digests.keys()].find(
        (each) => b.digests.has(each) && b.digests.get(each) !== a.digests.get(each),
      );
      if (zxid === undefined) continue;
      findings.push(
        bad(
          'members',
          `servers ${a.sid} and ${b.sid} have different trees at zxid 0x${zxid}`,
          'take the one out that differs from the majority, move its directory away, and let it catch up',
        ),
      );
    }
  }
  if (told.length < seen.length)
    findings.push(unknown('members', 'not every server told its server lines (the word conf)'));
  return findings;
}

function checkQuorum(serving: ReadonlySet<number>, verifier: QuorumVerifier, myid: number): Finding[] {
  const voters = verifier.voters.size;
  if (!verifier.containsQuorum(serving)) {
    return [
      bad(
        'quorum',
        `${serving.size} of ${voters} voters serve, which is no quorum: nothing can be read or written`,
        'Two ways back. 1: bring one of the missing voters up on its own directory; nothing is lost. 2: when a majority of the ' +
          'directories is gone for good, follow "A majority is gone for good" in docs/OPERATIONS.md; what only the lost ones had is lost.',
      ),
    ];
  }
  if (verifier.containsQuorum(new Set([...serving].filter((sid) => sid !== myid))))
    return [good('quorum', 'this server can be stopped: the others are a quorum without it')];
  return [
    bad(
      'quorum',
      'if this server stops now, the rest is no quorum',
      'bring the missing voters back before you stop it',
    ),
  ];
}
