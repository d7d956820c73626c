import { describe, expect, it } from 'vitest';
import { OpCode, Xid } from '../../../src/jute/codes.ts';
import { Reader } from '../../../src/jute/reader.ts';
import { DigestMd5Client } from '../../../src/sasl/digest-md5-client.ts';
import { DigestMd5Login } from '../../../src/sasl/digest-md5-server.ts';
import type { SaslAnswer, SaslLogin } from '../../../src/sasl/sasl-exchange.ts';
import { LOGIN_MS } from '../../../src/server/connection/client-auth.ts';
import { SimRandom } from '../../sim/world/random.ts';
import { type Client, ClientWorld, create, type Door, getData, request } from '../client-harness.ts';

/** Ids that a client proves, and requests of one that has proved none: the answers that Apache gives, byte for byte. */
const SASL_PROVIDER = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';
const secret = (bytes: number): Uint8Array => Buffer.alloc(bytes, 7);
const digestLogin: SaslLogin = new DigestMd5Login({
  service: 'zookeeper',
  realm: 'zk-sasl-md5',
  users: new Map([
    ['bob', 'bobsecret'],
    ['root', 'rootsecret'],
  ]),
  identityOf: (name) => name,
  secret,
});

function opened(door: Partial<Door>, options: { allowSaslFailedClients?: boolean } = {}): Opened {
  const world = new ClientWorld(options, 1024, door);
  const upstream = world.serve();
  upstream.isEager = true;
  return { world, client: world.openSession(upstream) };
}

interface Opened {
  readonly world: ClientWorld;
  readonly client: Client;
}

function auth(credentials: string, scheme = 'digest'): Buffer {
  return request(Xid.auth, OpCode.auth, (w) => {
    w.writeInt(0);
    w.writeString(scheme);
    w.writeBuffer(Buffer.from(credentials));
  });
}

const sasl = (xid: number, token: Buffer | string): Buffer =>
  request(xid, OpCode.sasl, (w) => w.writeBuffer(Buffer.from(token as string)));

/** `xid/zxid/err token`; the token as text, or null. */
function saslReplies(client: Client): string[] {
  return client.frames().map((frame) => {
    const r = new Reader(frame);
    const head = `${r.readInt()}/${r.readZxid()}/${r.readInt()}`;
    return `${head} ${r.readBuffer()?.toString('utf8') ?? 'null'}`;
  });
}

function proofOf(client: Client, username: string, password: string): Buffer {
  client.send(sasl(1, ''));
  const challenge = saslReplies(client)[0] ?? '';
  expect(challenge.slice(0, 6)).toBe('1/0/0 ');
  const other = new DigestMd5Client({ username, password, service: 'zookeeper', host: 'zk-sasl-md5', secret });
  return other.step(Buffer.from(challenge.slice(6))) as Buffer;
}

/** As whoAmI has them, sorted; `super` is a scheme without a provider, and so without a name. */
function identities({ client }: Opened): string[] {
  client.send(request(9, OpCode.whoAmI));
  const r = new Reader(client.frames()[0] as Buffer);
  r.readInt();
  r.readZxid();
  r.readInt();
  return Array.from({ length: r.readInt() }, () => `${r.readString()}:${r.readString()}`).sort();
}

describe('a client that has to authenticate', () => {
  it('is told -124 with zxid 0 at its first request, and its connection closes', () => {
    const { world, client } = opened({ auth: { requiredSchemes: ['digest'] } });
    client.send(getData(1, '/'), getData(2, '/'));
    expect(client.hex()).toBe('0000001000000001' + '0000000000000000' + 'ffffff84');
    expect(client.stream.state).toBe('ended');
    expect(world.metrics.connections.unauthenticatedRequests.value).toBe(1);
    expect(world.logLines.join('\n')).toContain('it has proved no id of enforce.auth.schemes');
  });

  it.each([
    ['a ping', request(-2, OpCode.ping), '-2/0/-124'],
    ['closeSession', request(5, OpCode.closeSession), '5/0/-124'],
    ['a write', create(5, '/a'), '5/0/-124'],
    ['an operation that does not exist', request(5, 77), '5/0/-124'],
  ])('is told so at %s as well', (_name, bytes, reply) => {
    const { client } = opened({ auth: { requiredSchemes: ['digest'] } });
    client.send(bytes);
    expect(client.replies()).toEqual([reply]);
    expect(client.stream.state).toBe('ended');
  });

  it('is served when it has proved an id of one of the schemes', () => {
    const { client } = opened({ auth: { requiredSchemes: ['sasl', 'digest'], providerClasses: [SASL_PROVIDER] } });
    client.send(auth('bob:x'), getData(1, '/'));
    expect(client.replies()).toEqual(['-4/0/0', '1/1/0']);
    expect(client.stream.state).toBe('open');
  });

  it('is served by its address where the scheme is ip', () => {
    const { client } = opened({ auth: { requiredSchemes: ['ip'] } });
    client.send(getData(1, '/'));
    expect(client.replies()).toEqual(['1/1/0']);
  });

  it('counts the names of ensembles that are right, wrong, and not looked at', () => {
    const provider = 'org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
    const { world, client } = opened({ auth: { providerClasses: [provider], ensembleAuthName: 'blue' } });
    client.send(auth('blue', 'ensemble'), auth('', 'ensemble'));
    expect(client.replies()).toEqual(['-4/0/0', '-4/0/0']);
    client.send(auth('red', 'ensemble'));
    expect(client.replies()).toEqual([]);
    expect(client.stream.state).not.toBe('open');
    const { ensembleAuthSuccess, ensembleAuthSkip, ensembleAuthFail } = world.metrics.connections;
    expect([ensembleAuthSuccess.value, ensembleAuthSkip.value, ensembleAuthFail.value]).toEqual([1, 1, 1]);
  });

  it('cannot be asked for a scheme that has no provider', () => {
    expect(() => opened({ auth: { requiredSchemes: ['sasl', 'ip'] } })).toThrow(
      'enforce.auth.schemes: there is no provider of sasl here; those that are there are ip, digest',
    );
  });
});

describe('a client that logs in by SASL', () => {
  it('without a login configured is answered null', () => {
    const { client } = opened({});
    client.send(sasl(1, ''), sasl(2, 'anything'));
    expect(saslReplies(client)).toEqual(['1/0/0 null', '2/0/0 null']);
    expect(client.stream.state).toBe('open');
  });

  it('has its name, and is super when that was said of it', () => {
    for (const [name, ids] of [
      ['bob', ['ip:10.1.1.1', 'sasl:bob']],
      ['root', ['ip:10.1.1.1', 'sasl:root', 'super:']],
    ] as const) {
      const door = { auth: { providerClasses: [SASL_PROVIDER], saslSuperUsers: ['root'] }, sasl: digestLogin };
      const both = opened(door);
      both.client.send(sasl(2, proofOf(both.client, name, `${name}secret`)));
      expect(saslReplies(both.client)[0]).toMatch(/^2\/0\/0 rspauth=[0-9a-f]{32}$/);
      expect(identities(both)).toEqual(ids);
    }
  });

  it('with a wrong password is told AUTHFAILED and a null token, and its connection closes', () => {
    const { world, client } = opened({ sasl: digestLogin });
    client.send(sasl(2, proofOf(client, 'bob', 'wrong')), getData(3, '/'));
    expect(saslReplies(client)).toEqual(['2/0/-115 null']);
    expect(client.stream.state).toBe('ended');
    expect(world.metrics.connections.saslFailures.value).toBe(1);
    expect(world.logLines.join('\n')).toContain('its login by SASL failed');
    expect(world.logLines.join('\n')).not.toMatch(/bobsecret|wrong/);
  });

  it('is told -124 instead where it has to log in', () => {
    const { client } = opened({
      auth: { requiredSchemes: ['sasl'], providerClasses: [SASL_PROVIDER] },
      sasl: digestLogin,
    });
    client.send(sasl(2, proofOf(client, 'bob', 'wrong')));
    expect(saslReplies(client)).toEqual(['2/0/-124 null']);
  });

  it('and has failed stays where that is allowed, without an id', () => {
    const both = opened({ sasl: digestLogin }, { allowSaslFailedClients: true });
    both.client.send(sasl(2, proofOf(both.client, 'bob', 'wrong')), getData(3, '/'));
    const [first, second] = both.client.frames() as [Buffer, Buffer];
    expect([first.readInt32BE(12), first.readInt32BE(16), second.readInt32BE(12)]).toEqual([0, -1, 0]);
    expect(identities(both)).toEqual(['ip:10.1.1.1']);
  });

  it('but sends no token at all is cut off', () => {
    const { client } = opened({ sasl: digestLogin });
    client.send(request(1, OpCode.sasl, (w) => w.writeBuffer(undefined)));
    expect(client.stream.state).toBe('ended');
  });
});

describe('a mechanism that takes its time', () => {
  function slow(): Opened & { readonly answer: (answer: SaslAnswer) => void } {
    const waiting: ((answer: SaslAnswer) => void)[] = [];
    const login = {
      mechanism: 'SLOW',
      begin: () => ({ step: (_t: Buffer, done: (a: SaslAnswer) => void) => waiting.push(done) }),
    };
    return { ...opened({ sasl: login }), answer: (answer) => waiting.shift()?.(answer) };
  }

  it('keeps what comes behind its token waiting', () => {
    const { client, answer } = slow();
    client.send(sasl(1, 'x'), getData(2, '/'));
    expect(client.replies()).toEqual([]);
    answer({ token: Buffer.alloc(0), identity: 'late' });
    expect(client.replies()).toEqual(['1/0/0', '2/1/0']);
  });

  it('answers into the void when the connection has closed meanwhile', () => {
    const { client, answer, world } = slow();
    client.send(sasl(1, 'x'));
    client.stream.gone();
    answer({ fault: 'too late' });
    expect(client.bytes()).toEqual(Buffer.alloc(0));
    expect(world.metrics.connections.saslFailures.value).toBe(0);
  });
});

describe('a login that stops half-way', () => {
  it('is over after a while, and takes its connection with it', () => {
    const { world, client } = opened({ sasl: digestLogin });
    client.send(sasl(1, ''));
    expect(saslReplies(client)).toHaveLength(1);
    world.clock.advance(LOGIN_MS - 1);
    expect(client.isClosed).toBe(false);
    world.clock.advance(1);
    expect(client.isClosed).toBe(true);
    expect(world.metrics.connections.saslFailures.value).toBe(1);
    expect(world.logLines.at(-1)).toMatch(
      /^warn closing a client connection: its login by SASL took more than 10000 ms /,
    );
  });

  it('leaves nothing behind when its connection closes before', () => {
    const { world, client } = opened({ sasl: digestLogin });
    const before = world.clock.timerCount;
    client.send(sasl(1, ''));
    expect(world.clock.timerCount).toBe(before + 1);
    client.stream.gone();
    expect(world.clock.timerCount).toBe(before);
  });

  it('has no limit once it is through', () => {
    const { world, client } = opened({ sasl: digestLogin });
    client.send(sasl(2, proofOf(client, 'bob', 'bobsecret')));
    world.clock.advance(2 * LOGIN_MS);
    expect(client.isClosed).toBe(false);
  });
});

describe('a million bytes of noise at the SASL door', () => {
  it('get answers or an end, and cost nothing beyond their own connection', () => {
    const random = new SimRandom(1);
    const world = new ClientWorld({}, 100_000, { sasl: digestLogin });
    const upstream = world.serve();
    upstream.isEager = true;
    let sent = 0;
    while (sent < 1_000_000) {
      const client = world.openSession(upstream);
      client.send(sasl(1, ''));
      const noise = Buffer.from(Array.from({ length: random.below(6000) }, () => random.below(256)));
      client.send(sasl(2, noise));
      sent += noise.length;
      expect(client.isClosed).toBe(true);
      client.stream.gone();
    }
    expect([...world.server.view.connections]).toEqual([]);
    const honest = world.openSession(upstream);
    honest.send(getData(1, '/'));
    expect(honest.replies()[0]).toMatch(/^1\/\d+\/0$/);
  });
});
