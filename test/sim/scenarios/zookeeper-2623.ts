import { ErrorCode } from '../../../src/jute/codes.ts';
import { UNKNOWN_REQUESTS } from '../clients/bad-requests.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2623',
  about:
    'a check outside of a multi, and what else is no operation: the connection closes, and what came behind it is not done',
  voters: 3,
  mutant: 'take a check for a write',
  play(s) {
    s.begin(3);
    s.create('/k0');
    s.itBegins();
    for (const sid of [1, 3]) {
      const client = s.addClient(`client of ${sid}`, sid);
      for (const [i, bad] of UNKNOWN_REQUESTS.entries()) {
        s.until('a connection', () => client.isConnected);
        const { connections } = client.client;
        const first = s.ask({ op: 'create', path: `/first${sid}${i}`, data: '', flags: 0 }, client);
        const unknown = s.ask(bad, client);
        const behind = s.ask({ op: 'create', path: `/behind${sid}${i}`, data: '', flags: 0 }, client);
        s.until('another connection', () => client.client.connections > connections);
        s.expect(first.result?.err, 0, 'the create before it');
        s.expect(unknown.result?.err, ErrorCode.unimplemented, bad.what);
        s.expect(behind.result, undefined, 'the answer to the create behind it');
        const { err } = s.do({ op: 'exists', path: `/behind${sid}${i}`, watch: false }, client);
        s.expect(err, ErrorCode.noNode, 'what it would have made');
      }
    }
  },
};
