import type { ReconfigRequest } from '../../jute/client-records.ts';
import type { Zxid } from '../../jute/zxid.ts';

/** The members of the ensemble, as a leader may change them. */
export interface Membership {
  /** The text of the members that are asked for, whose version is `zxid`; or the error code why they cannot be. */
  plan(request: ReconfigRequest, zxid: Zxid): string | number;
}
