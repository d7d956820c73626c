import { ConfigError } from '../../base/errors.ts';

/**
 * A configuration that cannot be honoured, with everything that is wrong with it: who corrects one line should not
 * learn of the next one at the next start. The message has a line for each refusal.
 */
export class RefusedConfig extends ConfigError {
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];

  constructor(refusals: readonly string[], warnings: readonly string[]) {
    super(refusals.join('\n'));
    this.refusals = refusals;
    this.warnings = warnings;
  }
}
