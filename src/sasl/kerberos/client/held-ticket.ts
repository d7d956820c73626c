import type { SessionKey } from '../fields.ts';

/** A ticket that this side has, and the key that goes with it. */
export interface HeldTicket {
  /** `name@REALM`. */
  readonly client: string;
  /** `service/host@REALM`; the first one is for `krbtgt/REALM@REALM`. */
  readonly service: string;
  readonly key: SessionKey;
  readonly startMs: number;
  readonly endMs: number;
  /** undefined: it cannot be renewed. */
  readonly renewableUntilMs: number | undefined;
  /** The message that is shown. */
  readonly ticket: Buffer;
}

/** A ticket is used no more so long before its end: it is to be good where it arrives. */
const MARGIN_MS = 2000;
/** The part of its life after which another one is asked for, as Apache has it. */
const FRESH_SHARE = 0.8;

export function isGood({ endMs }: HeldTicket, nowMs: number): boolean {
  return nowMs < endMs - MARGIN_MS;
}

export function isFresh({ startMs, endMs }: HeldTicket, nowMs: number): boolean {
  return nowMs < startMs + (endMs - startMs) * FRESH_SHARE;
}
