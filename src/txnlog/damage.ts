import { FatalError } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';

/**
 * A history that is not whole is refused, for what is missing may have been acknowledged. The line says what is wrong
 * in which file, and what can be done: nothing is changed or deleted before that is decided.
 */
export const ACCEPT_LOSS_KEY = 'log.acceptLossAfter';

const WAY_OUT =
  'In an ensemble move both version-2 directories away and start: the others synchronise this server. A server by ' +
  'itself needs its backup; docs/OPERATIONS.md, "Damaged files", has both, and how to serve what is left';

export function damage(what: string): FatalError {
  return new FatalError(`${what}. ${WAY_OUT}`);
}

/** For a server by itself: no other server can give back what it lost. */
export function refusedLoss(dir: string, ends: Zxid, noted: Zxid, notePath: string, accepted: string): FatalError {
  const end = `0x${zxidHex(ends)}`;
  const other = accepted === '' ? '' : ` ${ACCEPT_LOSS_KEY}=${accepted} is for another end of the log.`;
  return new FatalError(
    `the log in ${dir} ends at zxid ${end}, but ${notePath} says that it was on disk up to 0x${zxidHex(noted)}: ` +
      `transactions that were acknowledged are missing. Put the missing files back, or restore a backup.${other} ` +
      `To serve without them start once with ${ACCEPT_LOSS_KEY}=${end}`,
    EXIT.transactionLog,
  );
}
