import { ConfigError } from '../../base/errors.ts';
import { isAnyHost } from './host-address.ts';
import { Majority } from './majority.ts';
import { parseQuorumText } from './quorum-config.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { parseServerSpec, type ServerSpec } from './server-spec.ts';

/**
 * Says which members a reconfiguration asks for, by the text of the request and the members of before alone. The leader
 * decides who follows, and whether the one who asks may. Apache's codes for what is wrong differ by what it is:
 *
 *   UnreadableNumber   a server number that is none
 *   TooFewVoters       of quorum-config.ts
 *   ConfigError        everything else, both of the above included
 */
export interface MembershipChange {
  /** `server.N=spec` with commas between; each with a client address. */
  readonly joining: string | undefined;
  /** Numbers with commas between. */
  readonly leaving: string | undefined;
  /** All members at once, with commas or in lines; then the other two count for nothing. */
  readonly members: string | undefined;
}

export interface ChangeOptions {
  readonly multiAddress: boolean;
  readonly standaloneEnabled: boolean;
}

export class UnreadableNumber extends ConfigError {}

/** The texts of a request together; some 350 members. Reading them takes the leader's turn, whoever sent them. */
const TEXT_MAX_CHARS = 32_768;

/** With the version of before. Throws ConfigError. */
export function membersAfter(before: QuorumVerifier, change: MembershipChange, options: ChangeOptions): QuorumVerifier {
  const { joining = '', leaving = '', members = '' } = change;
  if (joining.length + leaving.length + members.length > TEXT_MAX_CHARS) {
    throw new ConfigError(`the members are named in ${TEXT_MAX_CHARS} characters at most`);
  }
  const after = change.members === undefined ? changed(before, change, options) : whole(change.members, options);
  const least = options.standaloneEnabled ? 2 : 1;
  if (after.voters.size < least) throw new ConfigError(`there must be ${least} participants or more`);
  refuseSharedAddresses(after.members);
  return after;
}

function whole(members: string, { multiAddress, standaloneEnabled }: ChangeOptions): QuorumVerifier {
  return parseQuorumText(members.replaceAll(',', '\n'), { multiAddress, standaloneEnabled, otherKeys: 'refuse' });
}

function changed(
  before: QuorumVerifier,
  { joining, leaving }: MembershipChange,
  { multiAddress }: ChangeOptions,
): QuorumVerifier {
  if (!(before instanceof Majority)) {
    throw new ConfigError('members in groups are changed all at once, by naming all of them');
  }
  const members = new Map(before.members);
  for (const text of piecesOf(leaving, ',')) members.delete(numberOf(text));
  for (const text of piecesOf(joining, ',')) {
    const spec = readJoining(text, multiAddress);
    members.set(spec.sid, spec);
  }
  return new Majority(members.values(), before.version);
}

/** `server.N=spec`, with a client address. */
function readJoining(text: string, multiAddress: boolean): ServerSpec {
  const [key, value, ...more] = piecesOf(text, '=');
  if (key === undefined || value === undefined || more.length > 0) {
    throw new ConfigError(`"${text}" is not server.N=host:quorumPort:electionPort;clientPort`);
  }
  const sid = numberOf(key.slice(key.lastIndexOf('.') + 1));
  const spec = parseServerSpec(sid, key, value, { multiAddress });
  if (spec.client === undefined) throw new ConfigError(`${text}: the client port is missing`);
  return spec;
}

function piecesOf(text: string | undefined, separator: string): string[] {
  return (text ?? '')
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

function numberOf(text: string): number {
  const number = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new UnreadableNumber(`"${text}" is no server number`);
  if (number < 0) throw new ConfigError(`server number ${text} is negative`);
  return number;
}

/**
 * One address at two servers: whoever dials the one reaches the other, and neither starts again with such lines. Clients
 * may be given the same wildcard or loopback address on several machines.
 */
function refuseSharedAddresses(members: ReadonlyMap<number, ServerSpec>): void {
  const owners = new Map<string, number>();
  for (const { sid, addresses, client } of members.values()) {
    const places = addresses.flatMap(({ host, quorumPort, electionPort }) => [
      `${host}:${quorumPort}`,
      `${host}:${electionPort}`,
    ]);
    if (client !== undefined && !isAnyHost(client.host) && !isLoopback(client.host)) {
      places.push(`${client.host}:${client.port}`);
    }
    for (const place of places) {
      const owner = owners.get(place);
      if (owner !== undefined && owner !== sid) {
        throw new ConfigError(`server.${owner} and server.${sid} both have ${place}`);
      }
      owners.set(place, sid);
    }
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1';
}
