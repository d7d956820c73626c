import { ErrorCode } from '../../../src/jute/codes.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Action, Bad } from '../judges/history.ts';
import type { Scenario } from '../script/script.ts';

function sasl(token: Buffer | undefined): Bad {
  const w = new Writer(64);
  w.writeBuffer(token);
  return {
    op: 'bad',
    what: 'a SASL token',
    type: 102,
    body: Buffer.from(w.take()),
    err: 0,
    isWrite: false,
    closes: false,
  };
}

export const scenario: Scenario = {
  name: 'other switches',
  about:
    'without digests and lists of closed paths, with names of ensembles, a listen backlog and limits of the timeout',
  voters: 3,
  config: {
    'digest.enabled': 'false',
    'closeSessionTxn.enabled': 'false',
    'authProvider.1': 'org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider',
    ensembleAuthName: 'ours',
    clientPortListenBacklog: 20,
    minSessionTimeout: 3000,
    maxSessionTimeout: 9000,
  },
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    const short = s.addClient('short', 1, 100);
    const long = s.addClient('long', 2, 100_000);
    s.until('connections', () => short.isConnected && long.isConnected);
    s.expect(short.client.timeoutMs, 3000, 'the least timeout');
    s.expect(long.client.timeoutMs, 9000, 'the greatest timeout');
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, long);
    const parts: Action[] = [
      { op: 'create', path: '/m', data: undefined, flags: 0, type: 1 },
      { op: 'create', path: '/m/c', data: undefined, flags: 4 },
      { op: 'setData', path: '/m', data: undefined, version: 0 },
    ];
    s.expect(s.do({ op: 'multi', parts }, long).err, 0, 'a multi');
    s.expect(s.do({ op: 'multi', parts: [] }, long).err, 0, 'a multi of nothing');
    // Without a login configuration a token is answered with none, and null is no token.
    s.expect(s.do(sasl(Buffer.from('token')), long).err, 0, 'a SASL token');
    const before = long.client.connections;
    s.ask(sasl(undefined), long);
    s.until('another connection', () => long.client.connections > before);
    long.prove('ensemble', 'ours');
    s.run(50);
    s.expect(long.client.connections, before + 1, 'connections of one that means this ensemble');
    s.ask({ op: 'whoAmI' }, long);
    long.prove('ensemble', 'theirs');
    s.until('another connection', () => long.client.connections > before + 1);
    s.do({ op: 'close' }, long);
    long.stop();
    s.until('the end of its ephemeral', () => s.do({ op: 'exists', path: '/e', watch: false }).err !== 0);
    s.expect(s.do({ op: 'exists', path: '/m/c', watch: false }).err, ErrorCode.ok, 'what the multi made');
  },
};
