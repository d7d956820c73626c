import { OpCode } from '../../../src/jute/codes.ts';
import { readTxn } from '../../../src/jute/txns.ts';
import { type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import type { Ledger } from './ledger.ts';
import type { Invariant, View } from './observer.ts';
import { Violation } from './violation.ts';

/**
 * BothQuorums: a reconfiguration is decided with a quorum of disks of the members of before, and one of those to come; a
 * leader that finds one undecided is established with both. `onQuorumOfDisks` sees to the first, and here is the second.
 * From then on the new ones are those who decide. Members are counted from the text by itself rather than by what is judged.
 */
const TYPE_OFFSET = 28;

export interface MembershipChanges extends Invariant {
  /**
   * The voters of each reconfiguration that is in somebody's log and newer than the one in force. Whoever has it needs a
   * quorum of these, too.
   */
  undecided(): (readonly number[])[];
}

export function membershipChanges(
  ledger: Ledger,
  views: readonly View[],
  decided: (voters: readonly number[], text: string) => void,
): MembershipChanges {
  const proposed = new Map<Zxid, string>();
  let version = 0;
  const change = (by: View, text: string, tip: Zxid): void => {
    const voters = votersOf(text);
    const holders = views.filter(
      (view) =>
        voters.includes(view.sid) &&
        (view.faulty === 'wiped' || view.faulty === 'damaged' || ledger.contains(view.durable, tip)),
    );
    if (holders.length * 2 <= voters.length) {
      const have = holders.map(({ sid }) => sid).join();
      throw new Violation(
        'BothQuorums',
        `members [${voters}] are in force by ${by.sid}, and only [${have}] have ${zxidHex(tip)}`,
      );
    }
    version = versionOf(text);
    decided(voters, text);
  };
  return {
    onProposed(_view, zxid, payload) {
      if (payload.readInt32BE(TYPE_OFFSET) !== OpCode.reconfig) return;
      const { body } = readTxn(payload);
      if (body.kind === 'setData') proposed.set(zxid, body.data?.toString() ?? '');
    },
    onCommitted(view, zxid) {
      const text = proposed.get(zxid);
      if (text !== undefined) change(view, text, zxid);
    },
    onEstablished(view) {
      const text = view.peer?.book?.lastSeen?.text();
      if (text !== undefined && versionOf(text) > version) change(view, text, view.tip);
    },
    undecided() {
      return [...proposed]
        .filter(([zxid, text]) => versionOf(text) > version && views.some((view) => ledger.contains(view.logTip, zxid)))
        .map(([, text]) => votersOf(text));
    },
  };
}

function versionOf(text: string): number {
  return Number.parseInt(/version=([0-9a-f]+)/.exec(text)?.[1] ?? '0', 16);
}

function votersOf(text: string): number[] {
  return [...text.matchAll(/^server\.(\d+)=.*:participant(?:;|$)/gm)].map((match) => Number(match[1]));
}
