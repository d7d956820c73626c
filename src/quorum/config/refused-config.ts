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

/** For a person at a terminal, one line each: first the refusals, then the warnings, marked as such. */
export function linesOf(refused: ConfigError): string[] {
  if (!(refused instanceof RefusedConfig)) return refused.message.split('\n');
  return [...refused.refusals, ...refused.warnings.map(warningLine)];
}

export function warningLine(warning: string): string {
  return `warning: ${warning}`;
}
