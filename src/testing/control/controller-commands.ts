import { ConfigError } from '../../base/errors.ts';
import type { Fault } from '../door/fault.ts';
import type { OperationMatch } from '../door/match.ts';
import { sessionIdOf } from '../door/match.ts';
import type { TestEnsemble } from '../ensemble/test-ensemble.ts';

/**
 * The commands of Apache's test controller (ControllerService, since 3.7): `/command/<ACTION>` and `/command/<ACTION>/<parameter>`,
 * answered with 200 and the command, or 400. Those that Apache's takes and does nothing about, it does here: EXPIRESESSION and
 * REJECTCONNECTIONS. Pings are left alone by ADDDELAY, FAILREQUESTS and NORESPONSE, and the delay is of each request by itself.
 */
const DEFAULT_DELAY_MS = 1000;

export class ControllerCommands {
  private readonly ensemble: TestEnsemble;
  private readonly shutDown: () => void;
  private readonly faults = new Map<string, Fault>();

  constructor(ensemble: TestEnsemble, shutDown: () => void) {
    this.ensemble = ensemble;
    this.shutDown = shutDown;
  }

  /** Throws ConfigError for what is no command, or no parameter of it. */
  async run(action: string, parameter: string | undefined): Promise<void> {
    const { clients } = this.ensemble;
    switch (action.toUpperCase()) {
      case 'PING':
        return;
      case 'SHUTDOWN':
        this.shutDown();
        return;
      case 'CLOSECONNECTION':
        clients.cut(parameter === undefined ? {} : { session: sessionIdOf(parameter) });
        return;
      case 'EXPIRESESSION':
        await this.expire(parameter);
        return;
      case 'REJECTCONNECTIONS':
        this.set('reject', clients.refuseConnections());
        return;
      case 'ADDDELAY': {
        const ms = parameter === undefined ? DEFAULT_DELAY_MS : wholeNumber(parameter);
        this.set('delay', ms === 0 ? undefined : clients.delay({ times: 'always' }, ms));
        return;
      }
      case 'FAILREQUESTS':
        this.set(
          'fail',
          this.counted(parameter, (match) => clients.refuse(match, 'apiError')),
        );
        return;
      case 'NORESPONSE':
        this.set(
          'swallow',
          this.counted(parameter, (match) => clients.swallowReply(match)),
        );
        return;
      case 'RESET':
        for (const fault of this.faults.values()) fault.undo();
        this.faults.clear();
        return;
      case 'ELECTNEWLEADER':
        await this.electAnother();
        return;
      default:
        throw new ConfigError(`there is no command ${action}`);
    }
  }

  private set(name: string, fault: Fault | undefined): void {
    this.faults.get(name)?.undo();
    this.faults.delete(name);
    if (fault !== undefined) this.faults.set(name, fault);
  }

  private counted(parameter: string | undefined, begin: (match: OperationMatch) => Fault): Fault | undefined {
    if (parameter === undefined) return begin({ times: 'always' });
    const times = wholeNumber(parameter);
    return times === 0 ? undefined : begin({ times });
  }

  private async expire(parameter: string | undefined): Promise<void> {
    const { clients } = this.ensemble;
    const sessions =
      parameter === undefined
        ? new Set(clients.connections().map(({ sessionId }) => sessionId))
        : [sessionIdOf(parameter)];
    for (const session of sessions) if (session !== 0n) await this.ensemble.expireSession(session);
  }

  /** The next voter that serves; one that is alone leads on. */
  private async electAnother(): Promise<void> {
    const { leader, servers } = this.ensemble;
    const other = servers.find(({ id, role, state }) => id !== leader && role === 'voter' && state === 'follower');
    if (other !== undefined) await this.ensemble.elect(other.id);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new ConfigError(`${text} is no whole number`);
  return Number(text);
}
