import type { MembershipForecast } from '../../election/quorum/membership-forecast.ts';
import type { ReconfigRequest } from '../../jute/client-records.ts';
import { Leading } from './leading.ts';
import type { Role } from './role.ts';

/**
 * Questions that an operator asks of a peer, and only a leader can answer. A hand-over is answered when it is known
 * what became of it.
 */
export class AskedOfLeader {
  private readonly role: () => Role | undefined;
  private done: ((error: Error | undefined) => void) | undefined = undefined;

  constructor(role: () => Role | undefined) {
    this.role = role;
  }

  /** The forecast of a reconfiguration; the reason where that is not known here. */
  forecast(request: ReconfigRequest): MembershipForecast | string {
    const role = this.role();
    return (role instanceof Leading ? role.forecast(request) : undefined) ?? this.notLeading;
  }

  /** Hands the leadership over, to whoever has the most when `to` is undefined; `done` with the reason when it stays here. */
  transfer(to: number | undefined, done: (error: Error | undefined) => void): void {
    const refused = this.begin(to, done);
    if (refused !== undefined) done(new Error(refused));
  }

  /** The reason why it does not begin, or undefined: then `done` follows. */
  begin(to: number | undefined, done: (error: Error | undefined) => void): string | undefined {
    const role = this.role();
    if (!(role instanceof Leading)) return this.notLeading;

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

  private get notLeading(): string {
    const role = this.role();
    const leader = role instanceof Leading ? undefined : role?.leader;
    return `this server does not lead${leader === undefined ? '' : `; server ${leader} does`}`;
  }
}
