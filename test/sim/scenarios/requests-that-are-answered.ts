import type { Scenario } from '../script/script.ts';
import { ScriptedHost } from '../script/scripted-host.ts';
import { CLIENT_PORT } from '../world/machine.ts';

export const scenario: Scenario = {
  name: 'requests that are answered',
  about: 'a request that is answered is none of those that wait: nobody is held back for it, and operators are told so',
  voters: 3,
  mutant: 'count requests that are answered',
  play(s) {
    s.begin();
    s.create('/a');
    const clients = [1, 2, 3].map((sid) => s.addClient(`c${sid}`, sid, 20_000));
    for (const client of clients) {
      s.do({ op: 'setData', path: '/a', data: client.name, version: -1 }, client);
      s.do({ op: 'sync', path: '/a' }, client);
    }
    s.itBegins();
    const { network, scheduler } = s.world.ensemble;
    const operator = new ScriptedHost(network, scheduler, 'operator');
    const calls = s.world.observer.views.map((view) =>
      operator.dial(view.machine.host.name, CLIENT_PORT, Buffer.from('srvr')),
    );
    const outstanding = (): (string | undefined)[] =>
      calls.map((call) => /Outstanding: (-?\d+)/.exec(call.received.toString())?.[1]);
    s.until('the answers to an operator', () => outstanding().every((count) => count !== undefined));
    operator.kill();
    s.expect(outstanding().join(), '0,0,0', 'requests that wait at each server');
  },
};
