import { describe, expect, it } from 'vitest';
import type { NetError, Stream, StreamHandlers } from '../../../src/io/net.ts';
import { AuthNet, type QuorumLogins } from '../../../src/quorum/auth/auth-net.ts';
import { AuthStatus, authPacket } from '../../../src/quorum/auth/quorum-auth-packet.ts';
import { DigestMd5Client } from '../../../src/sasl/digest-md5-client.ts';
import { DigestMd5Login } from '../../../src/sasl/digest-md5-server.ts';
import { SaslFault } from '../../../src/sasl/sasl-exchange.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeNet } from '../../fakes/fake-net.ts';
import type { FakeStream } from '../../fakes/fake-stream.ts';
import { logTo } from '../../fakes/log-to.ts';
import { SimRandom } from '../../sim/world/random.ts';

/** Logins between servers, each end held by a fake network, and the bytes between them carried by hand. */
const secret = (bytes: number): Uint8Array => Buffer.alloc(bytes, 3);
const SERVICE = 'zookeeper-quorum';
const REALM = 'zk-quorum-sasl-md5';

function logins(password: string, isRequired = true): QuorumLogins {
  return {
    accept: new DigestMd5Login({
      service: SERVICE,
      realm: REALM,
      users: new Map([['zk', 'quorumsecret']]),
      identityOf: (name) => name,
      secret,
    }),
    isRequired,
    begin: (_host, done) =>
      done(new DigestMd5Client({ username: 'zk', password, service: SERVICE, host: REALM, secret })),
  };
}

class Owner implements StreamHandlers {
  readonly heard: string[] = [];
  stream: Stream | undefined = undefined;

  onOpen(): void {
    this.heard.push('open');
  }

  onData(chunk: Buffer): void {
    this.heard.push(chunk.toString('latin1'));
  }

  onEnd(): void {
    this.heard.push('end');
  }

  onClose(error: NetError | undefined): void {
    this.heard.push(error === undefined ? 'closed' : `closed ${error.code} ${error.message}`);
  }
}

class Ends {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  /** Logins that failed at the accepting side. */
  failed = 0;
  readonly dialler = new Owner();
  readonly accepter = new Owner();
  readonly dialled: FakeStream;
  readonly accepted: FakeStream;

  constructor(options: { password?: string; isRequired?: boolean; logsIn?: boolean; front?: number } = {}) {
    const { password = 'quorumsecret', isRequired = true, logsIn = true, front = 0 } = options;
    const log = logTo((_level, message, fields) => this.lines.push(`${message} ${JSON.stringify(fields)}`));
    const fronts = (bytes: Buffer): number | undefined => (bytes.length < front ? undefined : front);
    const own = logins(password);
    const dialNet = new FakeNet('dial');
    const diallersLogins = logsIn ? own : { ...own, begin: undefined };
    this.dialler.stream = new AuthNet(dialNet, this.clock, { logins: diallersLogins, front: fronts }, log).dial(
      'b',
      1,
      100,
      this.dialler,
    );
    this.dialled = dialNet.last;
    const listenNet = new FakeNet('listen');
    const accepting = { logins: logins('quorumsecret', isRequired), front: fronts, onFailed: () => this.failed++ };
    new AuthNet(listenNet, this.clock, accepting, log).listen(
      { host: undefined, port: 1 },
      {
        onListening() {},
        onError() {},
        onStream: (stream) => {
          this.accepter.stream = stream;
          return this.accepter;
        },
      },
    );
    listenNet.settle();
    this.accepted = listenNet.connect(1, 'a');
    this.dialled.accept();
  }

  /** Carries what is written to the other end until there is no more, in pieces of so many bytes. */
  carry(pieceBytes = 1000): this {
    for (;;) {
      const there = this.dialled.takeBytes();
      const back = this.accepted.takeBytes();
      if (there.length === 0 && back.length === 0) return this;
      for (const [to, bytes] of [
        [this.accepted, there],
        [this.dialled, back],
      ] as const) {
        for (let at = 0; at < bytes.length; at += pieceBytes) to.deliver(bytes.subarray(at, at + pieceBytes));
      }
    }
  }
}

describe('a server that dials another', () => {
  it.each([1, 7, 1000])('logs in before anything else is heard, in pieces of %s bytes', (pieceBytes) => {
    const ends = new Ends();
    ends.dialler.stream?.write(Buffer.from('hello'));
    ends.carry(pieceBytes);
    ends.accepter.stream?.write(Buffer.from('welcome'));
    ends.carry();
    expect(ends.accepter.heard.join('')).toBe('hello');
    expect(ends.dialler.heard).toEqual(['open', 'welcome']);
  });

  it('sends the packet that Apache sends', () => {
    const ends = new Ends();
    // The magic, status 0, an empty token.
    expect(ends.dialled.hex).toBe('5f2435013501edcc' + '00000000' + '00000000');
  });

  it('sends the initial message of an election in front, and ends only behind the login', () => {
    const ends = new Ends({ front: 5 });
    ends.dialler.stream?.write(Buffer.from('hello'));
    ends.dialler.stream?.end();
    expect(ends.dialled.state).toBe('open');
    expect(ends.accepter.heard).toEqual([]);
    ends.carry();
    expect(ends.accepter.heard).toEqual(['hello']);
    expect(ends.dialled.state).toBe('ended');
  });

  it('with another password is refused on both sides, and its bytes are never heard', () => {
    const ends = new Ends({ password: 'wrong' });
    ends.dialler.stream?.write(Buffer.from('hello'));
    ends.carry();
    ends.accepted.gone();
    ends.dialled.gone();
    expect(ends.accepter.heard).toEqual([expect.stringMatching(/^closed EAUTH the password of "zk" is another one/)]);
    expect(ends.dialler.heard).toEqual(['open', 'closed EAUTH the other server refused the login']);
    expect(ends.lines.join('\n')).not.toMatch(/quorumsecret|wrong/);
  });

  it('and does not log in is refused where it has to, and let in where it need not', () => {
    const strict = new Ends({ logsIn: false });
    strict.dialler.stream?.write(Buffer.from('helloo there'));
    strict.carry();
    strict.accepted.gone();
    expect(strict.accepter.heard).toEqual(['closed EAUTH the other server does not log in, and has to']);
    const lax = new Ends({ logsIn: false, isRequired: false });
    lax.dialler.stream?.write(Buffer.from('helloo there'));
    lax.carry();
    expect(lax.accepter.heard).toEqual(['helloo there']);
  });

  it('leaves its election message when it need not log in and closes', () => {
    const lax = new Ends({ logsIn: false, isRequired: false, front: 5 });
    lax.dialler.stream?.write(Buffer.from('hello'));
    lax.carry();
    lax.accepted.finish();
    expect(lax.accepter.heard).toEqual(['hello', 'end']);
  });

  it('does not believe a server that does not know the password', () => {
    const ends = new Ends();
    ends.dialled.deliver(authPacket(AuthStatus.success, Buffer.from('rspauth=0')));
    ends.dialled.gone();
    expect(ends.dialler.heard[1]).toMatch(/^closed EAUTH the challenge has no nonce/);
  });
});

describe('a server that cannot be reached', () => {
  it('is not said to have failed at its login', () => {
    const ends = new Ends();
    const unreached = new Owner();
    const net = new FakeNet('dial');
    const log = logTo((_level, message) => ends.lines.push(message));
    new AuthNet(net, ends.clock, { logins: logins('x'), front: () => 0 }, log).dial('c', 1, 100, unreached);
    net.last.refuse();
    expect(unreached.heard).toEqual(['closed ECONNREFUSED refused']);
    expect(ends.lines).toEqual([]);
  });
});

describe('a login that needs a ticket first', () => {
  type Done = Parameters<NonNullable<QuorumLogins['begin']>>[1];

  /** A server that dials `Zk2`, and what its ticket comes to later. */
  function waiting() {
    const owner = new Owner();
    const net = new FakeNet('dial');
    const clock = new FakeClock();
    const lines: string[] = [];
    const begun: { host: string; done: Done }[] = [];
    const own: QuorumLogins = { ...logins('quorumsecret'), begin: (host, done) => begun.push({ host, done }) };
    const log = logTo((level, message, fields) => {
      if (level !== 'debug') lines.push(`${message}: ${fields.reason}`);
    });
    const stream = new AuthNet(net, clock, { logins: own, front: () => 0 }, log).dial('Zk2', 1, 100, owner);
    const done: Done = (exchange) => begun[0]?.done(exchange);
    const exchange = new DigestMd5Client({ username: 'zk', password: 'x', service: SERVICE, host: REALM, secret });
    return { owner, net, clock, lines, stream, done, exchange, host: begun[0]?.host };
  }

  it('dials when it has one, and what was written meanwhile goes behind the login', () => {
    const { net, stream, done, exchange, owner, host } = waiting();
    stream.write(Buffer.from('hello'));
    expect(net.dialled).toEqual([]);
    expect(host).toBe('Zk2');
    expect(stream.remotePort).toBe(0);
    done(exchange);
    net.last.accept();
    expect(owner.heard).toEqual(['open']);
    expect(net.last.hex).toBe('5f2435013501edcc' + '00000000' + '00000000');
    expect(stream.bufferedBytes).toBe(5);
  });

  it('is through when it has said all, and the other server agrees', () => {
    const { net, done, owner } = waiting();
    const steps = [Buffer.alloc(0), Buffer.from('last')];
    const exchange = {
      first: Buffer.from('ticket'),
      isComplete: false,
      step() {
        const answer = steps.shift();
        if (answer === undefined) throw new SaslFault('a token after the end of the login');
        this.isComplete = steps.length === 0;
        return answer;
      },
    };
    done(exchange);
    net.last.accept();
    expect(net.last.takeBytes().subarray(16).toString()).toBe('ticket');
    net.last.deliver(authPacket(AuthStatus.inProgress, Buffer.from('proof')));
    expect(net.last.takeBytes().length).toBe(16);
    net.last.deliver(authPacket(AuthStatus.inProgress, Buffer.from('offer')));
    expect(net.last.takeBytes().subarray(16).toString()).toBe('last');
    net.last.deliver(Buffer.concat([authPacket(AuthStatus.success, Buffer.alloc(0)), Buffer.from('welcome')]));
    expect(owner.heard).toEqual(['open', 'welcome']);
  });

  it('and gets none closes with the reason, which is a line in the log', () => {
    const { net, clock, done, owner, lines } = waiting();
    done('no KDC answers');
    expect(owner.heard).toEqual([]);
    clock.advance(0);
    expect(owner.heard).toEqual(['closed EAUTH no KDC answers']);
    expect(lines).toEqual(['a login between servers failed: no KDC answers']);
    expect(net.dialled).toEqual([]);
  });

  it('waits no longer than a dial may take', () => {
    const { net, clock, done, exchange, owner } = waiting();
    clock.advance(101);
    expect(owner.heard).toEqual(['closed EAUTH nothing to log in with came within 100 ms']);
    done(exchange);
    expect(net.dialled).toEqual([]);
  });

  it('and is given up meanwhile dials nobody', () => {
    const { net, clock, stream, done, exchange, owner, lines } = waiting();
    stream.destroy();
    expect(owner.heard).toEqual([]);
    clock.advance(0);
    done(exchange);
    clock.advance(200);
    expect(owner.heard).toEqual(['closed']);
    expect(net.dialled).toEqual([]);
    expect(lines).toEqual([]);
  });
});

describe('a login that is half-way', () => {
  it('ends after its time, and one that is over does not', () => {
    const half = new Ends();
    const whole = new Ends();
    whole.carry();
    for (const { clock } of [half, whole]) clock.advance(5001);
    expect(half.dialled.state).toBe('ended');
    expect(half.accepted.state).toBe('ended');
    expect(whole.dialled.state).toBe('open');
  });

  it('of noise ends without more than a megabyte being held', () => {
    for (const bytes of [Buffer.alloc(2_000_000, 0x41), authPacket(0, Buffer.alloc(70_000))]) {
      const ends = new Ends();
      ends.accepted.deliver(bytes);
      expect(ends.accepted.state).toBe('ended');
    }
    const many = new Ends();
    for (let i = 0; i < 10 && many.accepted.state === 'open'; i++)
      many.accepted.deliver(authPacket(0, Buffer.alloc(0)));
    expect(many.accepted.state).toBe('ended');
  });
});

describe('a million bytes of noise', () => {
  it('and of logins with a byte changed let nobody in, and each is counted', () => {
    const random = new SimRandom(2);
    const good = new Ends();
    const first = good.dialled.takeBytes();
    good.accepted.deliver(first);
    good.dialled.deliver(good.accepted.takeBytes());
    const proof = good.dialled.takeBytes();
    const proofAt = proof.indexOf('response=') + 'response='.length;
    let sent = 0;
    let tried = 0;
    while (sent < 1_000_000) {
      const ends = new Ends();
      const isNoise = random.below(2) === 0;
      if (!isNoise) ends.accepted.deliver(first);
      const bytes = isNoise
        ? Buffer.from(Array.from({ length: 1 + random.below(6000) }, () => random.below(256)))
        : Buffer.from(proof);
      // Of the proof itself: other words of a login may be spelt otherwise.
      const at = proofAt + random.below(32);
      if (!isNoise) bytes[at] = (bytes[at] as number) ^ (1 + random.below(255));
      ends.accepted.deliver(bytes);
      // Some say that more is to come, and it does not.
      ends.clock.advance(5000);
      tried++;
      sent += bytes.length;
      expect(ends.accepter.heard.filter((each) => !each.startsWith('closed'))).toEqual([]);
      expect(ends.failed).toBe(1);
      expect(ends.accepted.state).not.toBe('open');
    }
    expect(tried).toBeGreaterThan(100);
  });
});

describe('what the owner asks for', () => {
  it('holds: bytes behind the login wait while it pauses', () => {
    const ends = new Ends();
    ends.accepter.stream?.pause();
    ends.dialler.stream?.write(Buffer.from('hello'));
    ends.carry();
    expect(ends.accepter.heard).toEqual([]);
    ends.accepter.stream?.resume();
    ends.clock.advance(1);
    expect(ends.accepter.heard).toEqual(['hello']);
    expect(ends.accepter.stream?.bufferedBytes).toBe(0);
  });
});
