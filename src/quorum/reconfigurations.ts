import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { isAnyHost } from '../election/quorum/host-address.ts';
import { Majority } from '../election/quorum/majority.ts';
import { parseQuorumText, TooFewVoters } from '../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import { parseServerSpec, type ServerSpec } from '../election/quorum/server-spec.ts';
import type { ReconfigRequest } from '../jute/client-records.ts';
import { ErrorCode } from '../jute/codes.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { Membership } from '../server/prep/membership.ts';
import type { PeerConfig } from './config/peer-config.ts';
import type { ConfigBook } from './config-book.ts';

/**
 * Which members may become which: PrepRequestProcessor's checks of a reconfiguration, in its order, from "is another one
 * under way" to "is a quorum of the new members here". The client is told a code; the leader's log has the reason.
 */
export interface FollowedBy {
  /** Whether those that follow now, and this leader, are a quorum of `members`. */
  isSyncedQuorum(members: QuorumVerifier): boolean;
}

type ReconfigOptions = Pick<PeerConfig, 'multiAddressEnabled' | 'standaloneEnabled'>;

export class Reconfigurations implements Membership {
  private readonly options: ReconfigOptions;
  private readonly book: ConfigBook;
  private readonly leader: FollowedBy;
  private readonly log: Log;

  constructor(options: ReconfigOptions, book: ConfigBook, leader: FollowedBy, log: Log) {
    this.options = options;
    this.book = book;
    this.leader = leader;
    this.log = log;
  }

  plan(request: ReconfigRequest, zxid: Zxid): string | number {
    try {
      return this.next(request, zxid).text();
    } catch (error) {
      if (error instanceof Refused) return this.refuse(error.code, error.message);
      // Apache does not expect these, and says that the request could not be read.
      if (error instanceof TooFewVoters) return this.refuse(ErrorCode.marshallingError, error.message);
      if (error instanceof ConfigError) return this.refuse(ErrorCode.badArguments, error.message);
      throw error;
    }
  }

  private next(request: ReconfigRequest, zxid: Zxid): QuorumVerifier {
    const { active, lastSeen } = this.book;
    if (lastSeen !== undefined) throw new Refused(ErrorCode.reconfigInProgress, 'another one is not decided yet');
    const { curConfigId } = request;
    if (curConfigId !== ANY_VERSION && curConfigId !== BigInt(active.version)) {
      const [asked, is] = [BigInt.asUintN(64, curConfigId).toString(16), active.version.toString(16)];
      throw new Refused(ErrorCode.badVersion, `it is about version ${asked}, and the members have version ${is}`);
    }
    const { newMembers } = request;
    const next = newMembers === undefined ? this.changed(active, request) : this.whole(newMembers);
    const least = this.options.standaloneEnabled ? 2 : 1;
    if (next.voters.size < least) {
      throw new Refused(ErrorCode.badArguments, `there must be ${least} participants or more`);
    }
    refuseSharedAddresses(next.members);
    if (!this.leader.isSyncedQuorum(next)) {
      throw new Refused(ErrorCode.newConfigNoQuorum, 'no quorum of the new members follows this leader');
    }
    return next.withVersion(zxid);
  }

  /** Members are parted by commas or lines. */
  private whole(newMembers: string): QuorumVerifier {
    const { multiAddressEnabled: multiAddress, standaloneEnabled } = this.options;
    return parseQuorumText(newMembers.replaceAll(',', '\n'), {
      multiAddress,
      standaloneEnabled,
      otherKeys: 'refuse',
    });
  }

  private changed(active: QuorumVerifier, { joiningServers, leavingServers }: ReconfigRequest): QuorumVerifier {
    if (!(active instanceof Majority)) {
      throw new Refused(ErrorCode.badArguments, 'members in groups are changed all at once, by naming all of them');
    }
    const members = new Map(active.members);
    for (const leaving of piecesOf(leavingServers, ',')) members.delete(numberOf(leaving));
    for (const joining of piecesOf(joiningServers, ',')) {
      const spec = this.readJoining(joining);
      members.set(spec.sid, spec);
    }
    return new Majority(members.values(), active.version);
  }

  /** `server.N=spec`, with a client address. */
  private readJoining(text: string): ServerSpec {
    const [key, value, ...more] = piecesOf(text, '=');
    if (key === undefined || value === undefined || more.length > 0) {
      throw new Refused(ErrorCode.badArguments, `"${text}" is not server.N=host:quorumPort:electionPort;clientPort`);
    }
    const sid = numberOf(key.slice(key.lastIndexOf('.') + 1));
    const spec = parseServerSpec(sid, key, value, { multiAddress: this.options.multiAddressEnabled });
    if (spec.client === undefined) throw new Refused(ErrorCode.badArguments, `${text}: the client port is missing`);
    return spec;
  }

  private refuse(code: number, reason: string): number {
    this.log.warn({ code, reason }, 'a reconfiguration is refused');
    return code;
  }
}

const ANY_VERSION = -1n;

class Refused extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

function piecesOf(text: string | undefined, separator: string): string[] {
  return (text ?? '')
    .split(separator)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}

/** As TooFewVoters. */
function numberOf(text: string): number {
  const number = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) throw new Refused(ErrorCode.marshallingError, `"${text}" is no server number`);
  if (number < 0) throw new Refused(ErrorCode.badArguments, `server number ${text} is negative`);
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
        throw new Refused(ErrorCode.badArguments, `server.${owner} and server.${sid} both have ${place}`);
      }
      owners.set(place, sid);
    }
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1';
}
