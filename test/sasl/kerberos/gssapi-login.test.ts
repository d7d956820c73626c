import { describe, expect, test } from 'vitest';
import { GssapiLogin, TOKEN_BYTES_MAX } from '../../../src/sasl/kerberos/gssapi-login.ts';
import { REPLAYS_MAX, type ReplayMemory } from '../../../src/sasl/kerberos/replay-memory.ts';
import { CLOCK_SKEW_MS, KerberosService } from '../../../src/sasl/kerberos/service.ts';
import { identityOf } from '../../../src/sasl/kerberos-name.ts';
import type { SaslAnswer } from '../../../src/sasl/sasl-exchange.ts';
import { SimRandom } from '../../sim/world/random.ts';
import {
  AES256,
  FIRST_NUMBER,
  NOW_MS,
  REALM,
  SERVICE,
  SERVICE_KEY,
  TicketHolder,
  type Wishes,
} from './ticket-holder.ts';

/** The accepting side of GSSAPI, token by token: a good login, and everything that can be wrong about one. */
const NAMES = { rules: ['DEFAULT'], defaultRealm: REALM, removeHost: false, removeRealm: false } as const;

function loginOf(principal = SERVICE, nowMs = (): number => NOW_MS): GssapiLogin {
  return loginAt(serviceOf(principal, nowMs));
}

/** `secrets`: the byte that all its secrets are made of. */
function serviceOf(principal = SERVICE, nowMs = (): number => NOW_MS, secrets = 4): KerberosService {
  return new KerberosService({
    keys: [SERVICE, 'other@OTHER.ORG'].map((name) => ({
      principal: name,
      version: 2,
      encryption: AES256,
      key: SERVICE_KEY,
    })),
    principal,
    wallMs: nowMs,
    secret: (bytes) => Buffer.alloc(bytes, secrets),
  });
}

function loginAt(service: KerberosService): GssapiLogin {
  return new GssapiLogin(service, (name, authzid) => identityOf(name, authzid, NAMES));
}

function stepper(login: GssapiLogin): (token: Buffer) => SaslAnswer {
  const exchange = login.begin();
  return (token) => {
    let heard: SaslAnswer | undefined;
    exchange.step(token, (answer) => {
      heard = answer;
    });
    return heard as SaslAnswer;
  };
}

const tokenOf = (answer: SaslAnswer): Buffer => {
  if (answer.fault !== undefined || answer.token === undefined) throw new Error(answer.fault ?? 'no token');
  return answer.token;
};
const NO_TOKEN = Buffer.alloc(0);

/** Up to the offer of layers, with what each side says to the other. */
function proveService(step: (token: Buffer) => SaslAnswer, holder: TicketHolder): void {
  expect(holder.opensReply(tokenOf(step(holder.token())))).toBe(true);
  expect(holder.unwrap(tokenOf(step(NO_TOKEN)))).toEqual(NO_LAYER);
}
const NO_LAYER = Buffer.from([1, 0, 0, 0]);

describe('a login', () => {
  test('proves the service, takes no layer, and ends with the identity and without a token', () => {
    const holder = new TicketHolder();
    const step = stepper(loginOf());
    expect(holder.opensReply(tokenOf(step(holder.token())))).toBe(true);
    expect(holder.unwrap(tokenOf(step(NO_TOKEN)))).toEqual(NO_LAYER);
    expect(step(holder.wrap(NO_LAYER))).toEqual({ token: undefined, identity: `orders@${REALM}` });
    expect(step(NO_TOKEN)).toEqual({ fault: 'a token after the end of the login' });
  });

  test.each([
    ['sealed', { isSealed: true }],
    ['sealed and turned', { isSealed: true, turned: 28 }],
    ['open and turned', { turned: 12 }],
    ['turned more than once around', { turned: 100 }],
  ])('takes a last token that is %s', (_how, how) => {
    const holder = new TicketHolder({ hasSubkey: false });
    const step = stepper(loginOf());
    proveService(step, holder);
    const choice = Buffer.concat([NO_LAYER, Buffer.from(`orders@${REALM}`)]);
    expect(step(holder.wrap(choice, how))).toMatchObject({ identity: `orders@${REALM}` });
  });

  test('offers at once where the client does not ask who the service is', () => {
    const holder = new TicketHolder({ isMutual: false });
    const step = stepper(loginOf('*'));
    const offer = tokenOf(step(holder.token()));
    expect(holder.unwrap(offer)).toEqual(NO_LAYER);
    expect(offer.readBigUInt64BE(8)).toBe(BigInt(FIRST_NUMBER));
    expect(step(holder.wrap(NO_LAYER))).toMatchObject({ identity: `orders@${REALM}` });
  });

  test('keeps the name of another realm, where the KDC has looked at its way', () => {
    const holder = new TicketHolder({ client: 'eve/host@OTHER.ORG', flags: 1 << 19 });
    const step = stepper(loginOf());
    proveService(step, holder);
    expect(step(holder.wrap(NO_LAYER))).toMatchObject({ identity: 'eve/host@OTHER.ORG' });
  });

  test('of a name that no rule fits does not become another one', () => {
    const holder = new TicketHolder({ client: 'eve@OTHER.ORG', flags: 1 << 19 });
    const step = stepper(loginOf());
    proveService(step, holder);
    expect(step(holder.wrap(Buffer.concat([NO_LAYER, Buffer.from(`orders@${REALM}`)])))).toEqual({
      fault: 'no rule makes a short name of eve@OTHER.ORG, and it wants to be another',
    });
  });

  test('that was heard is of no use on a server that has not seen it', () => {
    const holder = new TicketHolder();
    const ticket = holder.token();
    const step = stepper(loginOf());
    expect(holder.opensReply(tokenOf(step(ticket)))).toBe(true);
    tokenOf(step(NO_TOKEN));
    const choice = holder.wrap(NO_LAYER);
    expect(step(choice)).toMatchObject({ identity: `orders@${REALM}` });
    const other = stepper(loginAt(serviceOf(SERVICE, () => NOW_MS, 9)));
    tokenOf(other(ticket));
    tokenOf(other(NO_TOKEN));
    expect(other(choice)).toEqual({ fault: `the last token of orders@${REALM} is not of this login` });
  });

  test('goes on when no more can be remembered, unless the client asks for no answer', () => {
    const service = serviceOf();
    const { replays } = service as unknown as { replays: ReplayMemory };
    const shown = Buffer.alloc(4);
    for (let i = 0; i < REPLAYS_MAX; i++) {
      shown.writeUInt32BE(i);
      replays.take(shown, NOW_MS);
    }
    expect(stepper(loginAt(service))(new TicketHolder().token()).fault).toBeUndefined();
    expect(stepper(loginAt(service))(new TicketHolder({ isMutual: false }).token()).fault).toBe(
      'too many logins in ten minutes to tell new tokens from old ones',
    );
  });
});

describe('a ticket is not taken', () => {
  const second = (ms: number): number => Math.floor(ms / 1000) * 1000;
  test.each<[string, Partial<Wishes>, RegExp]>([
    [
      'for another service',
      { service: `other/zk1@${REALM}` },
      /^the ticket is for other\/zk1@EXAMPLE\.ORG; this server is zookeeper\/zk1@EXAMPLE\.ORG$/,
    ],
    ['of another realm', { service: 'zookeeper/zk1@ELSEWHERE' }, /^the ticket is for zookeeper\/zk1@ELSEWHERE; /],
    [
      'made with another key',
      { serviceKey: Buffer.alloc(32, 9) },
      /^the ticket was not made with the key of .* in the keytab: it does not open$/,
    ],
    [
      'made with a newer key',
      { version: 3 },
      /^the ticket needs the key of .* in version 3 of type 18; the keytab has version 2 of type 18$/,
    ],
    ['sealed with RC4', { encryption: 23 }, /of type 23; the keytab has version 2 of type 18$/],
    [
      'shown by one without its key',
      { authenticatorKey: Buffer.alloc(32, 9) },
      /^whoever shows the ticket of orders@EXAMPLE\.ORG does not have its key: it does not open$/,
    ],
    [
      'shown by another',
      { says: `eve@${REALM}` },
      /^whoever shows the ticket of orders@EXAMPLE\.ORG says to be eve@EXAMPLE\.ORG$/,
    ],
    ['that has expired', { endMs: NOW_MS - CLOCK_SKEW_MS - 1000 }, /^the ticket of orders@EXAMPLE\.ORG has expired$/],
    [
      'that begins later',
      { startMs: NOW_MS + CLOCK_SKEW_MS + 1000 },
      /^the ticket of orders@EXAMPLE\.ORG begins later$/,
    ],
    ['that is not valid', { flags: 1 << 24 }, /^the ticket of orders@EXAMPLE\.ORG is not valid yet$/],
    [
      'by a clock that is ahead',
      { timeMs: second(NOW_MS + CLOCK_SKEW_MS + 1000) },
      /^the clock of orders@EXAMPLE\.ORG is 301 s ahead; 300 s is the most$/,
    ],
    [
      'by a clock that is behind',
      { timeMs: second(NOW_MS - CLOCK_SKEW_MS - 1000) },
      /^the clock of orders@EXAMPLE\.ORG is 301 s behind; /,
    ],
    [
      'by realms on the way',
      { client: 'eve@OTHER.ORG' },
      /^the ticket of eve@OTHER\.ORG came by realms that no KDC has checked$/,
    ],
    ['with bindings of another length', { bindingsBytes: 17 }, /^the token is none of GSSAPI$/],
    ['of nobody', { client: `@${REALM}` }, /a name that is none$/],
    ['of a name that is not UTF-8', { client: `m\xfcller@${REALM}` }, /a text that is not UTF-8$/],
    [
      'for a name that is too long for a log',
      { service: `${'x'.repeat(256)}@${REALM}` },
      /^the token is no message of Kerberos: no text$/,
    ],
    ['outside of GSSAPI', { checksumType: 7 }, /^the token is none of GSSAPI$/],
  ])('%s', (_what, wishes, fault) => {
    const answer = stepper(loginOf())(new TicketHolder(wishes).token());
    expect(answer.fault).toMatch(fault);
  });

  test('at the edge of the clocks it is', () => {
    for (const timeMs of [NOW_MS - CLOCK_SKEW_MS, NOW_MS + CLOCK_SKEW_MS]) {
      expect(stepper(loginOf())(new TicketHolder({ timeMs }).token()).fault).toBeUndefined();
    }
  });

  test('twice, on whatever connection, until its time is over', () => {
    let nowMs = NOW_MS;
    const login = loginOf(SERVICE, () => nowMs);
    const holder = new TicketHolder();
    const token = holder.token();
    expect(stepper(login)(token).fault).toBeUndefined();
    expect(stepper(login)(token).fault).toBe(`the token of orders@${REALM} has been shown before`);
    expect(stepper(login)(holder.token()).fault).toBeUndefined();
    nowMs += CLOCK_SKEW_MS;
    expect(stepper(login)(token).fault).toBe(`the token of orders@${REALM} has been shown before`);
  });
});

describe('a token is refused', () => {
  test('that is cut off, or changed in one byte, or noise', () => {
    const holder = new TicketHolder();
    const token = holder.token();
    for (let at = 0; at < token.length; at++) {
      expect(stepper(loginOf())(token.subarray(0, at)).fault).toBeTypeOf('string');
      const changed = Buffer.from(token);
      changed[at] = (changed[at] as number) ^ 0x55;
      const answer = stepper(loginOf())(changed);
      // Some bytes mean nothing to who opens it, such as the types of names: it is the same ticket then.
      if (answer.fault === undefined) expect(holder.opensReply(tokenOf(answer))).toBe(true);
    }
    for (const noise of [NO_TOKEN, Buffer.from('60'), Buffer.alloc(1000, 0x60), Buffer.alloc(70_000, 0x30)]) {
      expect(stepper(loginOf())(noise).fault).toBeTypeOf('string');
    }
  });

  test('of a million bytes of noise behind beginnings of good ones, and the next login is good', () => {
    const random = new SimRandom(7);
    const good = new TicketHolder().token();
    const login = loginOf();
    let sent = 0;
    while (sent < 1_000_000) {
      const begin = good.subarray(0, random.below(good.length));
      const token = Buffer.concat([
        begin,
        Buffer.from(Array.from({ length: random.below(6000) }, () => random.below(256))),
      ]);
      expect(stepper(login)(token).fault).toBeTypeOf('string');
      sent += token.length;
    }
    proveService(stepper(login), new TicketHolder());
  });

  test('that is longer than tickets are, before it is taken apart', () => {
    expect(stepper(loginOf())(Buffer.alloc(TOKEN_BYTES_MAX + 1, 0x30))).toEqual({
      fault: 'a token of 65537 bytes; 65536 are the most',
    });
  });

  test('that is no empty one, where one is to come', () => {
    const step = stepper(loginOf());
    tokenOf(step(new TicketHolder().token()));
    expect(step(Buffer.from('x'))).toEqual({ fault: 'an empty token was to come' });
  });

  const last = (make: (holder: TicketHolder) => Buffer): SaslAnswer => {
    const holder = new TicketHolder();
    const step = stepper(loginOf());
    proveService(step, holder);
    return step(make(holder));
  };

  test('at the end, when it was made with another key, by another side, or changed', () => {
    const fault = `the last token of orders@${REALM} is not of this login`;
    expect(last(() => new TicketHolder({ hasSubkey: false }).wrap(NO_LAYER))).toEqual({ fault });
    expect(last((holder) => holder.wrap(NO_LAYER, { isOffered: false }))).toEqual({ fault });
    expect(last((holder) => holder.wrap(NO_LAYER).subarray(0, 20))).toEqual({ fault });
    expect(last(() => NO_TOKEN)).toEqual({ fault });
    for (const isSealed of [false, true]) {
      const { length } = new TicketHolder().wrap(NO_LAYER, { isSealed });
      // How far the data are turned is not signed: 256 bytes are the same as none.
      for (let at = 0; at < length; at++) {
        if (at === 6) continue;
        const changed = last((holder) => {
          const token = holder.wrap(NO_LAYER, { isSealed });
          token[at] = (token[at] as number) ^ 1;
          return token;
        });
        expect(changed).toEqual({ fault });
      }
    }
  });

  test('at the end, when it asks for a layer, or has a name without an end', () => {
    expect(last((holder) => holder.wrap(Buffer.from([4, 0, 0, 0])))).toEqual({
      fault: `orders@${REALM} asks for a layer of security that was not offered`,
    });
    expect(last((holder) => holder.wrap(Buffer.concat([NO_LAYER, Buffer.alloc(2000, 0x61)]))).fault).toMatch(
      /wants to be somebody with a name of 2000 bytes$/,
    );
  });
});
