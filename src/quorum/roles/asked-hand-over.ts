import { Leading } from './leading.ts';
import type { Role } from './role.ts';

/** The hand-over of the leadership that an operator asked for, until it is known what became of it. */
export class AskedHandOver {
  private done: ((error: Error | undefined) => void) | undefined = undefined;

  /** The reason why it does not begin, or undefined: then `done` follows, with the reason when the leadership stays here. */
  begin(role: Role | undefined, to: number | undefined, done: (error: Error | undefined) => void): string | undefined {
    if (!(role instanceof Leading)) return 'this server does not lead';
    if (this.done !== undefined) return 'it is handed over already';
    const refused = role.transfer(to);
    if (refused === undefined) this.done = done;
    return refused;
  }

  /** undefined: another server leads. */
  end(reason: string | undefined): void {
    const { done } = this;
    this.done = undefined;
    done?.(reason === undefined ? undefined : new Error(reason));
  }
}
