import type { Edit } from '../../source/edited-source.ts';

/** The production source with one thing broken; see all.ts. */
export interface Mutant {
  readonly name: string;
  /** The bug it brings back, if it has a number. */
  readonly bug?: string;
  /** The scenario that it turns red; one scenario may be that of several. */
  readonly scenario?: string;
  readonly edits: readonly Edit[];
  /** Why no world and no scenario can show it, and the test that does where there is one. */
  readonly unseen?: string;
}
