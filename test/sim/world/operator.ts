import { messageOf } from '../../../src/base/errors.ts';
import type { Actor } from '../clients/actor.ts';
import type { Reconfig } from '../judges/history.ts';
import type { View } from '../judges/observer.ts';
import { escaped } from './ensemble.ts';
import { CLIENT_PORT } from './machine.ts';
import { SimRandom } from './random.ts';

/**
 * Changes who the members are while everything else happens: they come and go, vote and observe, and move to other ports. A
 * server that was left out and was started anew has files that say it is none; it gets those of a newcomer then.
 */
export class Operator {
  private readonly views: readonly View[];
  private readonly actor: Actor;
  /** As they were decided last: `server.N=...` by number. */
  private lines: ReadonlyMap<number, string>;

  constructor(views: readonly View[], stranger: number | undefined, actor: Actor) {
    this.views = views;
    this.actor = actor;
    const members = views.filter(({ sid }) => sid !== stranger);
    this.lines = new Map(
      members.map((view) => [view.sid, this.line(view, view.voter ? 'participant' : 'observer', 0)]),
    );
  }

  decided(text: string): void {
    this.lines = new Map([...text.matchAll(/^server\.(\d+)=.*$/gm)].map(([line, sid]) => [Number(sid), line]));
  }

  isMember(sid: number): boolean {
    return this.lines.has(sid);
  }

  /** Asks for one change; what is refused is refused. */
  change(salt: number): void {
    const random = new SimRandom(salt);
    const view = random.pick(this.views);
    const change = this.plan(view, random);
    this.actor.do({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
    this.actor.do({ op: 'reconfig', ...change });
  }

  /** Whether it stopped for its files; they are those of a newcomer now. */
  takesIn(view: View, failure: unknown): boolean {
    if (!messageOf(failure).includes('is not among the server lines')) return false;
    this.configure(view);
    return true;
  }

  /** Those that are no members and find none, for their files are too old, are started with those of a newcomer. */
  takeInThoseOutside(): void {
    for (const view of this.views) {
      const { machine } = view;
      if (this.isMember(view.sid) || machine.peer?.server.isServing === true) continue;
      machine.kill();
      this.configure(view);
      machine.start();
    }
  }

  private configure(view: View): void {
    const { machine } = view;
    const others = machine.disk
      .read('/etc/zoo.cfg')
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '' && !/^(server\.|dynamicConfigFile=)/.test(line));
    // It may have been taken back while it was away.
    const own = this.isMember(view.sid) ? [] : [this.line(view, 'participant', 0)];
    const servers = [...this.lines.values(), ...own].map(escaped);
    machine.configure([...others, ...servers, ''].join('\n'));
  }

  private plan(view: View, random: SimRandom): Omit<Reconfig, 'op'> {
    if (!this.isMember(view.sid))
      return { joining: this.line(view, random.pick(['participant', 'observer']), random.below(3)) };
    const other = view.voter ? 'observer' : 'participant';
    switch (random.pick(['role', 'role', 'role', 'leave', 'leave', 'ports', 'swap', 'whole'] as const)) {
      case 'role':
        return { joining: this.line(view, other, 0) };
      case 'leave':
        return { leaving: `${view.sid}` };
      case 'ports':
        return { joining: this.line(view, view.voter ? 'participant' : 'observer', random.between(1, 3)) };
      case 'swap': {
        const second = random.pick(this.views);
        return { joining: this.line(second, 'participant', 0), leaving: `${view.sid}` };
      }
      case 'whole': {
        const lines = new Map(this.lines);
        lines.set(view.sid, this.line(view, other, 0));
        return { members: [...lines.values()].join() };
      }
    }
  }

  private line({ machine, sid }: View, role: 'participant' | 'observer', place: number): string {
    return `server.${sid}=${machine.host.name}:${2888 + place}:${3888 + place}:${role};${CLIENT_PORT}`;
  }
}
