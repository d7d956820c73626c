import { messageOf } from '../../base/errors.ts';
import type { Json } from '../java-json.ts';
import { type AdminAnswer, type AdminContext, whileServing } from './admin-command.ts';

/** Ours: another leader, and what other members would mean. Both are the leader's affair; at others the answer is 409. */

/** The leadership goes to another server, `to` when it is given. */
export async function transfer(context: AdminContext, query: URLSearchParams): Promise<AdminAnswer> {
  const asked = query.get('to');
  if (asked !== null && !/^\d{1,15}$/.test(asked)) {
    return { status: 400, error: `to is the number of a server, got ${asked}` };
  }
  try {
    await context.transfer(asked === null ? undefined : Number(asked));
    return { fields: { transferred: true } };
  } catch (error) {
    return { status: 409, error: messageOf(error) };
  }
}

/**
 * Tells what a reconfiguration would do to the quorum, and why it would be refused; nothing is changed. `joining`,
 * `leaving` and `members` are those of the request, `version` is the one it would be bound to, in hexadecimal.
 */
export const reconfigDryRun = whileServing(['reconfig_dry_run'], (context, query) => {
  const version = query.get('version');
  if (version !== null && !/^[0-9a-fA-F]{1,15}$/.test(version)) {
    return { status: 400, error: `version is that of the members, in hex digits, got ${version}` };
  }
  const [joiningServers, leavingServers, newMembers] = ['joining', 'leaving', 'members'].map(
    (name) => query.get(name) ?? undefined,
  );
  if (newMembers !== undefined && (joiningServers ?? leavingServers) !== undefined) {
    return { status: 400, error: 'members names all of them; joining and leaving do not go with it' };
  }
  const curConfigId = version === null ? -1n : BigInt(`0x${version}`);
  const forecast = context.forecast({ joiningServers, leavingServers, newMembers, curConfigId });
  if (typeof forecast === 'string') return { status: 409, error: forecast };
  const { refused } = forecast;
  const fields: { [name: string]: Json } = {
    would_be_carried_out: refused === undefined,
    refusal_code: refused?.code ?? 0,
    refusal_reason: refused?.reason ?? null,
    changes: forecast.changes,
    voters_before: forecast.votersBefore,
    voters_after: forecast.votersAfter,
    not_synchronised: forecast.behind,
    may_fail_now: forecast.spareBefore,
    may_fail_at_first: forecast.spareAfter,
    may_fail_then: forecast.spareThen,
    leader_hands_over: forecast.handsOver,
  };
  return { fields };
});
