import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { parseServerSpec } from '../../../src/election/quorum/server-spec.ts';
import { type Net, NetError, type Stream } from '../../../src/io/net.ts';
import { ClientPort } from '../../../src/quorum/client-port.ts';
import type { ClientConnection } from '../../../src/server/connection/client-connection.ts';
import type { ClientConnections } from '../../../src/server/connection/client-connections.ts';
import { type ClientAddress, ClientListener } from '../../../src/server/connection/client-listener.ts';
import type { ConnectionServer } from '../../../src/server/connection/connection-server.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeNet } from '../../fakes/fake-net.ts';

const CLIENT_PORT = {
  clientPort: 1,
  clientPortAddress: undefined,
  secureClientPort: undefined,
  secureClientPortAddress: undefined,
};

function listenerOn(net: Net): { listener: ClientListener; said: string[]; listen(address: ClientAddress): void } {
  const options = { clientPortListenBacklog: undefined, clientTcpKeepAlive: false, sessionlessCnxnTimeoutMs: 1000 };
  const server = { options, clock: new FakeClock(), log: silentLog } as unknown as ConnectionServer<ClientConnection>;
  const connections = {} as ClientConnections<ClientConnection>;
  const listener = new ClientListener(server, connections, { net, kind: 'plain' }, { maxFileDescriptors: () => -1 });
  const said: string[] = [];
  return {
    listener,
    said,
    listen: (address) =>
      listener.listen(address, {
        onListening: (port) => said.push(`bound ${port}`),
        onError: (error) => said.push(error.code),
      }),
  };
}

describe('the client port', () => {
  it('moves: the new one is bound before the old one is let go', () => {
    const net = new FakeNet('listen');
    const { listener, said, listen } = listenerOn(net);
    listen({ host: undefined, port: 1 });
    expect(net.settle()).toBe('any:1');
    listen({ host: 'a', port: 2 });
    expect([...net.bound.keys()]).toEqual([1]);
    expect(net.settle()).toBe('a:2');
    expect(said).toEqual(['bound 1', 'bound 2']);
    expect(listener.port).toBe(2);
  });

  it('stays where it was when the new one cannot be had, at the same port too', () => {
    const net = new FakeNet('listen');
    const { listener, said, listen } = listenerOn(net);
    listen({ host: 'a', port: 1 });
    net.settle();
    net.occupy(7);
    listen({ host: 'a', port: 7 });
    expect(net.settle()).toBe('a:1 another process:7');
    expect(listener.port).toBe(1);
    listen({ host: 'elsewhere', port: 1 });
    expect(net.settle()).toBe('another process:7 a:1');
    listen({ host: 'b', port: 1 });
    expect(net.settle()).toBe('another process:7 b:1');
    expect(said).toEqual(['bound 1', 'EADDRINUSE', 'EADDRNOTAVAIL', 'bound 1']);
  });

  it('moves once more while it is on its way, and is closed wherever it is', () => {
    const net = new FakeNet('listen');
    const { listener, listen } = listenerOn(net);
    listen({ host: 'a', port: 1 });
    net.settle();
    listen({ host: 'a', port: 2 });
    listen({ host: 'a', port: 3 });
    expect(net.settle()).toBe('a:3');
    listen({ host: 'a', port: 4 });
    listener.close();
    expect(net.settle()).toBe('');
  });
});

describe('the port for TLS', () => {
  it('refuses handshakes while the server serves nobody, where that is asked for', () => {
    const net = new FakeNet('listen');
    const metrics = new ServerMetrics();
    let onStream: ((stream: Stream) => unknown) | undefined;
    const listen = net.listen.bind(net);
    net.listen = (options, handlers) => {
      onStream = handlers.onStream;
      return listen(options, handlers);
    };
    const options = {
      clientTcpKeepAlive: false,
      sessionlessCnxnTimeoutMs: 1000,
      maxClientCnxns: 0,
      maxCnxns: 0,
      dropsHandshakesWhenNotServing: true,
    };
    const server = { options, metrics, role: { upstream: undefined }, clock: new FakeClock(), log: silentLog };
    const listener = new ClientListener(
      server as unknown as ConnectionServer<ClientConnection>,
      { count: 0 } as ClientConnections<ClientConnection>,
      { net, kind: 'tls' },
      { maxFileDescriptors: () => -1 },
    );
    listener.listen({ host: 'a', port: 1 }, { onListening: () => {}, onError: () => {} });
    expect(onStream?.({ remoteAddress: '10.0.0.1' } as Stream)).toBe(undefined);
    expect(metrics.connections.closedWithoutServerRunning.value).toBe(1);
  });
});

describe('a membership with another client address', () => {
  const spec = (text: string) => parseServerSpec(1, 'server.1', text, { multiAddress: false });

  function followed(...texts: string[]): string[] {
    const asked: string[] = [];
    const listen = ({ host, port }: ClientAddress) => void asked.push(`${host ?? 'any'}:${port}`);
    const server = { listen, listenSecurely: listen };
    const clientPort = new ClientPort(server, CLIENT_PORT, () => {}, silentLog);
    clientPort.open();
    for (const text of texts) clientPort.follow(text === '' ? undefined : spec(text));
    return asked;
  }

  it('is followed; the same one, one that is not named, and no membership at all change nothing', () => {
    expect(followed('h:5:6;1', 'h:5:6;[::]:1', 'h:5:6', '', 'h:5:6;127.1:1', 'h:5:6;127.0.0.1:1', 'h:5:6;2')).toEqual([
      'any:1',
      '127.0.0.1:1',
      'any:2',
    ]);
  });

  it('is tried again when it comes again, if it could not be had', () => {
    const asked: number[] = [];
    const server = {
      listen: ({ port }: ClientAddress, { onError }: { onError(error: NetError): void }) => {
        asked.push(port);
        if (port === 2) onError(new NetError('EADDRINUSE', 'in use'));
      },
      listenSecurely: () => {},
    };
    const clientPort = new ClientPort(server, CLIENT_PORT, () => {}, silentLog);
    clientPort.open();
    clientPort.follow(spec('h:5:6;2'));
    clientPort.follow(spec('h:5:6;2'));
    clientPort.follow(spec('h:5:6;1'));
    expect(asked).toEqual([1, 2, 2]);
  });
});
