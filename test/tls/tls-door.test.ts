import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, type TLSSocket, type Server as TlsServer, connect as tlsConnect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { Net, NetError, Stream, StreamTls } from '../../src/io/net.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';
import { NodeNet } from '../../src/io/node-net.ts';
import { Revocation } from '../../src/tls/revocation.ts';
import { TlsDoor, type TlsDoorOptions } from '../../src/tls/tls-door.ts';
import { SimRandom } from '../sim/world/random.ts';
import { fixture, material, pem, type Wanted } from './tls-fixtures.ts';

/** A door in front of a port that sends back what it gets, over real sockets; those who come are Node's own TLS. */
const cleanups: (() => void)[] = [];
const thrown: unknown[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  expect(thrown.splice(0)).toEqual([]);
});

interface Port {
  readonly port: number;
  readonly door: TlsDoor;
  /** The fate of the connections: who came, or why one did not. */
  readonly heard: string[];
  /** Resolves when so many became something. */
  until(count: number): Promise<readonly string[]>;
}

function newNet(): NodeNet {
  const net = new NodeNet({ guard: new NodeGuard((error) => thrown.push(error)), log: silentLog });
  cleanups.push(() => net.shut());
  return net;
}

function openPort(wanted: Wanted = {}, options: Partial<TlsDoorOptions> = {}, revocation?: Revocation): Promise<Port> {
  const all = { name: 'port', takesPlain: false, dialsByName: false, ...options };
  const door = new TlsDoor(material(wanted), all, silentLog, revocation);
  const heard: string[] = [];
  let wake = (): void => {};
  const say = (text: string): void => {
    heard.push(text);
    wake();
  };
  const net = newNet().through(door);
  return new Promise((resolve, reject) => {
    net.listen(
      { host: '127.0.0.1', port: 0 },
      {
        onListening: (port) => {
          const until = async (count: number): Promise<readonly string[]> => {
            while (heard.length < count) {
              await new Promise<void>((woken) => {
                wake = woken;
              });
            }
            return heard;
          };
          resolve({ port, door, heard, until });
        },
        onError: reject,
        onStream: (stream) => echo(stream, say),
      },
    );
  });
}

function echo(stream: Stream, say: (text: string) => void) {
  let isOpen = false;
  return {
    onOpen: () => {
      isOpen = true;
      say(stream.tls === undefined ? 'plain' : (stream.tls.peerSubject ?? 'without a certificate'));
    },
    onData: (chunk: Buffer) => stream.write(chunk),
    onClose: (error: NetError | undefined) => {
      if (!isOpen) say(error?.message ?? 'closed');
    },
  };
}

function come(port: number, options: ConnectionOptions): TLSSocket {
  const socket = tlsConnect({ host: '127.0.0.1', port, servername: 'localhost', ca: pem('ca'), ...options });
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

function comeInTheClear(port: number, bytes: string | Buffer, ends = false): Socket {
  const socket = connect(port, '127.0.0.1', () => (ends ? socket.end(bytes) : socket.write(bytes)));
  socket.on('error', () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

function certificate(name: string): ConnectionOptions {
  return { key: pem(name), cert: pem(name) };
}

function said(socket: Socket, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk) => resolve(chunk.toString()));
    socket.on('close', () => reject(new Error('closed')));
    socket.write(words);
  });
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: who proves a certificate is let in under its subject',
  async (version) => {
    const { port, until } = await openPort();
    const socket = come(port, { ...certificate('client'), minVersion: version, maxVersion: version });
    expect(await said(socket, 'hello')).toBe('hello');
    expect(await until(1)).toEqual(['CN=client,OU=one\\, two,O=Menagerie tests']);
  },
);

test.each([
  ['none', undefined, 'without a certificate'],
  ['none', 'stranger', 'without a certificate'],
  ['want', undefined, 'without a certificate'],
  ['want', 'client', 'CN=client,OU=one\\, two,O=Menagerie tests'],
  ['want', 'stranger', 'the issuer of its certificate is unknown'],
  ['need', undefined, 'it showed no certificate'],
  ['need', 'stranger', 'the issuer of its certificate is unknown'],
  ['need', 'expired', 'its certificate has expired'],
  ['need', 'future', 'its certificate is not valid yet'],
] as const)('clientAuth %s, certificate %s: %s', async (clientAuth, name, outcome) => {
  const { port, until } = await openPort({ clientAuth });
  come(port, name === undefined ? {} : certificate(name));
  expect(await until(1)).toEqual([outcome]);
});

test('an address that is not in the certificate is refused where names of clients are checked', async () => {
  const { port, until } = await openPort({ checksClientName: true });
  come(port, certificate('client'));
  expect(await until(1)).toEqual(['its certificate is for DNS:client.test, and not for 127.0.0.1']);
  expect(await said(come(port, certificate('server-2')), 'hello')).toBe('hello');
});

test.each([
  ['GET / HTTP/1.1\r\n\r\n', 'it sent HTTP in the clear to a port with TLS'],
  [Buffer.from('0000002d0000000000000000000000000000753000', 'hex'), 'it sent what is no TLS'],
  [Buffer.concat([Buffer.from('1603010020', 'hex'), Buffer.alloc(32, 7)]), 'it sent what is no TLS handshake'],
])('bytes that are no TLS: %j', async (bytes, reason) => {
  const { port, until, door } = await openPort();
  let refused = 0;
  door.onRefused = () => refused++;
  comeInTheClear(port, bytes);
  expect(await until(1)).toEqual([reason]);
  expect(refused).toBe(1);
  expect(await said(come(port, certificate('client')), 'others are served')).toBe('others are served');
});

test('a connection that ends within its handshake is over', async () => {
  const { port, until } = await openPort();
  comeInTheClear(port, Buffer.from('160301', 'hex'), true);
  expect(await until(1)).toEqual(['it closed the connection during the handshake']);
});

test('a crowd that comes at once begins its handshakes in turns, and those who end early end', async () => {
  const options = { name: 'port', takesPlain: false, dialsByName: false };
  const door = new TlsDoor(material({}), options, silentLog, undefined);
  const perTurn: number[] = [];
  let begun = 0;
  (door as unknown as { server: TlsServer }).server.prependListener('connection', () => {
    if (begun++ > 0) return;
    setImmediate(() => {
      perTurn.push(begun);
      begun = 0;
    });
  });
  const crowd = 60;
  const here: Socket[] = [];
  const heard = new Promise<string[]>((resolve) => {
    const outcomes: string[] = [];
    const say = (error: NetError | undefined, _socket: Socket, tls: StreamTls | undefined): void => {
      outcomes.push(error?.message ?? tls?.peerSubject ?? '');
      if (outcomes.length === crowd) resolve(outcomes);
    };
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      cleanups.push(() => socket.destroy());
      here.push(socket);
      if (here.length === crowd) for (const each of here) door.admit(each, say);
    });
    cleanups.push(() => server.close());
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      for (let i = 0; i < crowd; i++) {
        if (i % 3 === 0) comeInTheClear(port, Buffer.from('160301', 'hex'), true);
        else come(port, certificate('client'));
      }
    });
  });
  const outcomes = await heard;
  expect(outcomes.filter((each) => each.startsWith('CN=client'))).toHaveLength(40);
  expect(outcomes.filter((each) => each === 'it closed the connection during the handshake')).toHaveLength(20);
  expect(Math.max(...perTurn)).toBe(8);
  expect(perTurn.reduce((sum, each) => sum + each)).toBe(crowd);
});

test('a version and a cipher suite that this side does not take', async () => {
  const { port, until } = await openPort({ protocols: ['TLSv1.3'] });
  come(port, { maxVersion: 'TLSv1.2' });
  expect(await until(1)).toEqual(['it speaks none of the enabled versions of TLS']);
  const other = await openPort({ protocols: ['TLSv1.2'], cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] });
  come(other.port, { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' });
  expect(await other.until(1)).toEqual(['it has no cipher suite in common with this side']);
});

test('a client that does not trust this side is told of', async () => {
  const { port, until } = await openPort({ protocols: ['TLSv1.2'] });
  come(port, { ...certificate('client'), ca: pem('other-ca') });
  expect((await until(1))[0]).toMatch(/does not trust|closed the connection|CN=client/);
});

test('renegotiation ends the connection', async () => {
  const { port } = await openPort({ protocols: ['TLSv1.2'] });
  const socket = come(port, { ...certificate('client'), maxVersion: 'TLSv1.2' });
  await said(socket, 'hello');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.renegotiate({}, () => {});
  await closed;
});

test('one port for both: the first byte tells', async () => {
  const { port, heard } = await openPort({}, { takesPlain: true });
  expect(await said(comeInTheClear(port, ''), 'ruok')).toBe('ruok');
  expect(await said(come(port, certificate('client')), 'hello')).toBe('hello');
  expect(heard).toEqual(['plain', 'CN=client,OU=one\\, two,O=Menagerie tests']);
});

test('on a port for both a connection without a byte is closed', async () => {
  const { port, until } = await openPort({ handshakeDetectionTimeoutMs: 20 }, { takesPlain: true });
  comeInTheClear(port, '');
  expect(await until(1)).toEqual(['it sent nothing within 20 ms']);
});

test('new material holds for new connections, and those that are open stay', async () => {
  const { port, door } = await openPort();
  const old = come(port, certificate('client'));
  await said(old, 'hello');
  door.take(material({ key: 'server-2.pem' }));
  const fresh = come(port, certificate('client'));
  expect(await said(fresh, 'hello')).toBe('hello');
  expect(old.getPeerCertificate().subject.CN).toBe('server');
  expect(fresh.getPeerCertificate().subject.CN).toBe('server-2');
  expect(await said(old, 'still here')).toBe('still here');
});

test('a session is not taken up again: each connection is judged by its certificate', async () => {
  const { port } = await openPort({ protocols: ['TLSv1.2'] });
  const first = come(port, { ...certificate('client'), maxVersion: 'TLSv1.2' });
  await said(first, 'hello');
  const session = first.getSession();
  const second = come(port, {
    ...certificate('client'),
    maxVersion: 'TLSv1.2',
    ...(session === undefined ? {} : { session }),
  });
  await said(second, 'hello');
  expect(second.isSessionReused()).toBe(false);
});

test.each([
  ['revoked', 'its certificate was revoked'],
  ['listed', 'CN=listed,O=Menagerie tests'],
])('with a list of revocations, %s: %s', async (name, outcome) => {
  const { port, until } = await openPort({}, {}, new Revocation({ crl: true, ocsp: false }, listOf));
  come(port, certificate(name));
  expect(await until(1)).toEqual([outcome]);
});

test('without an answer about revocation nobody is let in', async () => {
  const refuse = (): Promise<Buffer> => Promise.reject(new Error('nobody answers'));
  const { port, until } = await openPort({}, {}, new Revocation({ crl: true, ocsp: true }, refuse));
  come(port, certificate('listed'));
  come(port, certificate('client'));
  expect([...(await until(2))].sort()).toEqual([
    'its revocation cannot be judged: nobody answers; nobody answers',
    'its revocation cannot be judged: the certificate names no OCSP responder over http; the certificate names no list over http',
  ]);
});

// The side that dials

function dialTo(net: Net, host: string, port: number): Promise<StreamTls | string> {
  return new Promise((resolve) => {
    const stream: Stream = net.dial(host, port, 5000, {
      onOpen: () => resolve(stream.tls ?? 'plain'),
      onData: () => {},
      onClose: (error) => resolve(error?.message ?? 'closed'),
    });
  });
}

function dialler(wanted: Wanted, options: Partial<TlsDoorOptions> = {}): Net {
  const all = { name: 'dialler', takesPlain: false, dialsByName: true, ...options };
  return newNet().through(new TlsDoor(material(wanted, 'client'), all, silentLog, undefined));
}

test('a server is dialled over TLS, and its certificate compared with the name', async () => {
  const { port } = await openPort();
  expect(await dialTo(dialler({ key: 'client.pem' }), 'localhost', port)).toEqual({
    protocol: 'TLSv1.3',
    cipherSuite: 'TLS_AES_256_GCM_SHA384',
    peerSubject: 'CN=server,O=Menagerie tests',
  });
});

test.each([
  [{ trust: 'other-ca.pem' }, 'server.pem', 'its certificate comes from an authority that is not trusted'],
  [{}, 'elsewhere.pem', 'its certificate is for DNS:elsewhere.test, IP Address:192.0.2.1, and not for localhost'],
  [{}, 'expired.pem', 'its certificate has expired'],
] as const)('%j against %s: %s', async (wanted, key, reason) => {
  const { port } = await openPort({ key, clientAuth: 'none' });
  expect(await dialTo(dialler({ key: '', ...wanted }), 'localhost', port)).toBe(reason);
});

test('the name may be another one, and need not be compared', async () => {
  const { port } = await openPort({ key: 'elsewhere.pem', clientAuth: 'none' });
  expect(await dialTo(dialler({ key: '' }, { serverName: 'elsewhere.test' }), '127.0.0.1', port)).toMatchObject({
    peerSubject: 'CN=elsewhere,O=Menagerie tests',
  });
  expect(await dialTo(dialler({ key: '', checksServerName: false }), '127.0.0.1', port)).toMatchObject({});
});

test('TLS to a plain port is an error, not silence', async () => {
  const { port } = await openPort({}, { takesPlain: true });
  const net = newNet();
  const plain = await new Promise<number>((resolve) => {
    net.listen(
      { host: '127.0.0.1', port: 0 },
      {
        onListening: resolve,
        onError: () => {},
        onStream: (stream) => ({ onData: () => stream.write(Buffer.from('no TLS here')), onClose: () => {} }),
      },
    );
  });
  expect(await dialTo(dialler({ key: '' }), 'localhost', plain)).toBe('it sent what is no TLS');
  expect(port).not.toBe(plain);
});

test.each([{}, { takesPlain: true }])(
  'a million bytes of noise, behind %j: each connection ends, and others are served',
  async (options) => {
    const { port, heard, until } = await openPort({}, options);
    const random = new SimRandom(7);
    const beginnings = ['16030100c8010000c40303', '1603010005010000', '16030300', '160301ffff01', '160000', '80'];
    let sent = 0;
    let count = 0;
    while (sent < 1_000_000) {
      const begin = Buffer.from(beginnings[random.below(beginnings.length)] as string, 'hex');
      const noise = Buffer.from(Array.from({ length: 1 + random.below(5000) }, () => random.below(256)));
      const bytes = Buffer.concat([begin, noise]);
      comeInTheClear(port, bytes, true);
      sent += bytes.length;
      count++;
      await until(count);
    }
    // Only what does not begin as TLS is taken for plain, where plain ones are taken.
    expect(heard.filter((each) => each === 'plain').length > 0).toBe(options.takesPlain === true);
    expect(heard.filter((each) => each.startsWith('CN='))).toEqual([]);
    expect(await said(come(port, certificate('client')), 'hello')).toBe('hello');
  },
);

/** Passes bytes on, with one bit of one direction turned over. Resolves with its port. */
function wire(to: number, isOfServer: boolean, at: number, bit: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      const pass = (from: Socket, into: Socket, isSpoilt: boolean): void => {
        let seen = 0;
        from.on('data', (chunk: Buffer) => {
          const place = at - seen;
          if (isSpoilt && place >= 0 && place < chunk.length) chunk[place] = (chunk[place] as number) ^ (1 << bit);
          seen += chunk.length;
          into.write(chunk);
        });
        from.on('close', () => into.destroy());
        from.on('error', () => {});
      };
      pass(near, far, !isOfServer);
      pass(far, near, isOfServer);
    });
    cleanups.push(() => server.close());
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

test('a bit turned over on the way, on either side, ends the handshake or changes nothing in it', async () => {
  const random = new SimRandom(11);
  const { port, heard, until } = await openPort();
  const net = dialler({ key: 'client.pem' });
  const dialled: string[] = [];
  for (let i = 0; i < 120; i++) {
    // The hello of a client has 400 bytes here, what the server answers 1,200.
    const isOfServer = i % 2 === 0;
    const spoilt = await wire(port, isOfServer, random.below(isOfServer ? 1200 : 1500), random.below(8));
    const outcome = await dialTo(net, 'localhost', spoilt);
    dialled.push(typeof outcome === 'string' ? outcome : (outcome.peerSubject ?? ''));
    await until(i + 1);
  }
  const refused = dialled.filter((each) => each !== 'CN=server,O=Menagerie tests');
  expect(refused.filter((each) => each.includes('CN='))).toEqual([]);
  expect(refused.length).toBeGreaterThan(40);
  const strangers = heard.filter(
    (each) => each.startsWith('CN=') && each !== 'CN=client,OU=one\\, two,O=Menagerie tests',
  );
  expect(strangers).toEqual([]);
  expect(await said(come(port, certificate('client')), 'hello')).toBe('hello');
});

test('noise from a server that is dialled ends the dial', async () => {
  const random = new SimRandom(13);
  const net = dialler({ key: 'client.pem' });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    const begin = Buffer.from(random.below(2) === 0 ? '160303007a020000760303' : '15030300020128', 'hex');
    socket.end(Buffer.concat([begin, Buffer.from(Array.from({ length: 20_000 }, () => random.below(256)))]));
  });
  cleanups.push(() => server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  for (let i = 0; i < 50; i++) expect(typeof (await dialTo(net, 'localhost', port))).toBe('string');
});

function listOf(): Promise<Buffer> {
  return Promise.resolve(readFileSync(fixture('ca-crl.der')));
}
