import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type MembershipChange, membersAfter, UnreadableNumber } from '../election/quorum/membership-change.ts';
import { forecastOf, type MembershipForecast } from '../election/quorum/membership-forecast.ts';
import { TooFewVoters } from '../election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import type { ReconfigRequest } from '../jute/client-records.ts';
import { ErrorCode } from '../jute/codes.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { Membership } from '../server/prep/membership.ts';
import type { PeerConfig } from './config/peer-config.ts';
import type { ConfigBook } from './config-book.ts';

/**
 * Decides which members may become which: PrepRequestProcessor's checks of a reconfiguration, in its order, from "is
 * another one under way" to "is a quorum of the new members here". The client is told a code; the leader's log has the
 * reason.
 */
export interface FollowedBy {
  /** Those that follow now, and this leader. */
  readonly following: ReadonlySet<number>;
}

type ReconfigOptions = Pick<PeerConfig, 'multiAddressEnabled' | 'standaloneEnabled' | 'reconfigEnabled'>;

export class Reconfigurations implements Membership {
  private readonly options: ReconfigOptions;
  private readonly book: ConfigBook;
  private readonly leader: FollowedBy;
  private readonly self: number;
  private readonly log: Log;

  constructor(options: ReconfigOptions, book: ConfigBook, leader: FollowedBy, self: number, log: Log) {
    this.options = options;
    this.book = book;
    this.leader = leader;
    this.self = self;
    this.log = log;
  }

  plan(request: ReconfigRequest, zxid: Zxid): string | number {
    try {
      return this.next(request).withVersion(zxid).text();
    } catch (error) {
      const { code, reason } = refusalOf(error);
      this.log.warn({ code, reason: reason.slice(0, SHOWN_CHARS) }, 'a reconfiguration is refused');
      return code;
    }
  }

  /** Its forecast; nothing is changed. The permission of the one who asks is not looked at. */
  forecast(request: ReconfigRequest): MembershipForecast {
    const { active } = this.book;
    const now = { before: active, leader: this.self, following: this.leader.following };
    try {
      if (!this.options.reconfigEnabled) throw new Refused(ErrorCode.reconfigDisabled, 'reconfigEnabled is not true');
      return forecastOf({ ...now, after: this.next(request), refused: undefined });
    } catch (error) {
      const refused = refusalOf(error);
      return forecastOf({ ...now, after: error instanceof NoQuorum ? error.members : undefined, refused });
    }
  }

  private next(request: ReconfigRequest): QuorumVerifier {
    const { active, lastSeen } = this.book;
    if (lastSeen !== undefined) throw new Refused(ErrorCode.reconfigInProgress, 'another one is not decided yet');
    const { curConfigId } = request;
    if (curConfigId !== ANY_VERSION && curConfigId !== BigInt(active.version)) {
      const [asked, is] = [BigInt.asUintN(64, curConfigId).toString(16), active.version.toString(16)];
      throw new Refused(ErrorCode.badVersion, `it is about version ${asked}, and the members have version ${is}`);
    }
    const { multiAddressEnabled: multiAddress, standaloneEnabled } = this.options;
    const next = membersAfter(active, changeOf(request), { multiAddress, standaloneEnabled });
    if (!next.containsQuorum(this.leader.following)) throw new NoQuorum(next);
    return next;
  }
}

const ANY_VERSION = -1n;
/** A reason quotes the request. */
const SHOWN_CHARS = 300;

class Refused extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

class NoQuorum extends Refused {
  readonly members: QuorumVerifier;

  constructor(members: QuorumVerifier) {
    super(ErrorCode.newConfigNoQuorum, 'no quorum of the new members follows this leader');
    this.members = members;
  }
}

function changeOf({ joiningServers, leavingServers, newMembers }: ReconfigRequest): MembershipChange {
  return { joining: joiningServers, leaving: leavingServers, members: newMembers };
}

/** Apache does not expect the first two of a request that it reads, and says that it could not be read. */
function refusalOf(error: unknown): { readonly code: number; readonly reason: string } {
  if (error instanceof Refused) return { code: error.code, reason: error.message };
  if (error instanceof TooFewVoters || error instanceof UnreadableNumber) {
    return { code: ErrorCode.marshallingError, reason: error.message };
  }
  if (error instanceof ConfigError) return { code: ErrorCode.badArguments, reason: error.message };
  throw error;
}
