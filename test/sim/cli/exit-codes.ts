import type { VerdictKind } from '../world/world.ts';

/** How the command ends: crash, safety and liveness apart. */
export const EXIT: { readonly [kind in VerdictKind]: number } = { ok: 0, void: 0, safety: 1, liveness: 2, crash: 3 };
export const MISSING_TEXT = 4;
export const USAGE = 64;
