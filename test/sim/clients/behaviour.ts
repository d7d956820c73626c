import { CreateMode, OpCode } from '../../../src/jute/codes.ts';
import type { Acl } from '../../../src/jute/data-records.ts';
import type { Action, Create } from '../judges/history.ts';
import { ALL_HOSTS, digestId } from '../judges/small-rules.ts';
import { FAR_DATA, FAR_PARENT } from '../world/far-counters.ts';
import type { SimRandom } from '../world/random.ts';
import { BAD_REQUESTS, UNKNOWN_REQUESTS } from './bad-requests.ts';

/**
 * Other things that an application does: the rarer operations and options, limits and paths that are none, requests
 * that no library sends, connections that are treated badly. Each world has some of it, by draws of its own.
 */
export interface Behaviour {
  /** Nodes below /a0 to /a2 with ACLs, and passwords. */
  readonly acls: boolean;
  /** Containers and nodes with a TTL. */
  readonly kinds: boolean;
  /** Persistent and recursive watches, and looking after all that there are. */
  readonly lasting: boolean;
  /** The reads that are not get, exists and getChildren. */
  readonly reads: boolean;
  /** Paths that are long, deep, or none; counters that are far. */
  readonly odd: boolean;
  readonly quotas: boolean;
  /** Requests that cannot be read, or must not be asked. */
  readonly bad: boolean;
  /** Bytes that are no frames, connections half closed, not read, or left behind for another. */
  readonly rude: boolean;
  /** Requests are counted from 1 on every connection. */
  readonly countsAfresh: boolean;
  /** Silence for about as long as a session lasts. */
  readonly dozes: boolean;
  /** The flag of the ConnectRequest about read-only servers; `old`: it does not know them. */
  readonly readOnly: 'no' | 'yes' | 'old';
}

export const NO_BEHAVIOUR: Behaviour = {
  acls: false,
  kinds: false,
  lasting: false,
  reads: false,
  odd: false,
  quotas: false,
  bad: false,
  rude: false,
  countsAfresh: false,
  dozes: false,
  readOnly: 'no',
};

export function behaviourOf(random: SimRandom): Behaviour {
  return {
    acls: random.chance(1, 2),
    kinds: random.chance(1, 2),
    lasting: random.chance(1, 2),
    reads: random.chance(1, 2),
    odd: random.chance(1, 3),
    quotas: random.chance(1, 3),
    bad: random.chance(1, 3),
    rude: random.chance(1, 3),
    countsAfresh: random.chance(1, 3),
    dozes: random.chance(1, 3),
    readOnly: random.pick(['no', 'no', 'yes', 'old']),
  };
}

const PASSWORDS = ['ann:a', 'bob:b', 'cyd:c'];
const NO_PATHS = [
  '',
  'k0',
  '/k0/',
  '//k0',
  '/k0//x',
  '/.',
  '/k0/..',
  '/k0/./x',
  '/k0/\u0001',
  '/k0/\u0000',
  '/k0/\u007f',
  '/k0/\u009f',
  '/k0/\ue000',
  '/k0/\ufff9',
  '/',
  '/zookeeper',
  '/none/x',
];
/** Almost like one of those. */
const ODD_PATHS = ['/k0/.x', '/k0/..x', '/k0/ ', '/k0/\u00a0', '/k0/...', `/k0/${'x'.repeat(700)}`, '/k0/\ufdd0'];
const DEEPEST = 40;

export class Wishes {
  private readonly behaviour: Behaviour;
  private readonly random: SimRandom;
  private readonly name: string;
  private readonly address: string;
  private written = 0;

  constructor(behaviour: Behaviour, random: SimRandom, name: string, address: string) {
    this.behaviour = behaviour;
    this.random = random;
    this.name = name;
    this.address = address;
  }

  /** undefined: something ordinary. */
  next(version: (path: string) => number): Action | undefined {
    const { behaviour, random } = this;
    switch (random.below(24)) {
      case 0:
      case 1:
      case 2:
        return behaviour.acls ? this.guarded(version) : undefined;
      case 3:
      case 4:
        return behaviour.kinds ? this.kind() : undefined;
      case 5:
      case 6:
        return behaviour.lasting ? this.watching() : undefined;
      case 7:
      case 8:
        return behaviour.reads ? this.reading() : undefined;
      case 9:
      case 10:
        return behaviour.odd ? this.oddity(version) : undefined;
      case 11:
        return behaviour.quotas ? this.quota() : undefined;
      case 12:
        if (!behaviour.bad) return undefined;
        return random.chance(1, 12) ? random.pick(UNKNOWN_REQUESTS) : random.pick(BAD_REQUESTS);
      default:
        return undefined;
    }
  }

  /** For a multi. */
  part(version: (path: string) => number): Action | undefined {
    const { behaviour, random } = this;
    const dice = random.below(8);
    if (dice === 0 && behaviour.kinds) return this.createKind();
    if (dice === 4 && behaviour.kinds) {
      // Taken for what their flags say: a node, a container.
      const flags = random.pick([0, 1, 2, 4]);
      const type = flags === 4 ? random.pick([OpCode.create, OpCode.createTTL]) : OpCode.createTTL;
      return { op: 'create', path: `/b${random.below(2)}`, data: '', flags, type, ttl: 700 };
    }
    if (dice === 1 && behaviour.odd) return { op: 'create', path: random.pick(NO_PATHS), data: '', flags: 0 };
    if (dice === 2 && behaviour.odd) return { op: 'check', path: random.pick(NO_PATHS), version: -1 };
    if (dice !== 3 || !behaviour.acls) return undefined;
    const path = this.guardedPath();
    if (random.chance(1, 2)) return { op: 'check', path, version: version(path) };
    return {
      op: 'create',
      path,
      data: '',
      flags: 0,
      acl: this.acl(),
      type: random.pick([OpCode.create, OpCode.create2]),
    };
  }

  /** Before the session is closed, and not waited for: what its close has to look behind. */
  last(): Action[] {
    const { behaviour, random } = this;
    if (!behaviour.odd) return [];
    const path = `/e${random.below(3)}`;
    const all: Action[] = [
      { op: 'create', path, data: '', flags: CreateMode.ephemeral },
      { op: 'setData', path, data: this.data(), version: -1 },
      { op: 'delete', path, version: -1 },
      { op: 'create', path, data: '', flags: 0 },
      { op: 'delete', path, version: -1 },
    ];
    return all.slice(0, random.below(all.length + 1));
  }

  credentials(): string {
    return this.random.pick(PASSWORDS);
  }

  private data(): string | undefined {
    this.written++;
    return this.random.chance(1, 12) ? undefined : `${this.name}+${this.written}`;
  }

  private guardedPath(): string {
    const path = `/a${this.random.below(3)}`;
    return this.random.chance(1, 2) ? path : `${path}/c${this.random.below(2)}`;
  }

  private acl(): Acl[] {
    const { random } = this;
    const perms = (): number => random.pick([31, 31, 1, 2, 4, 8, 16, 3, 30]);
    const entry = (): Acl => {
      switch (random.below(10)) {
        case 0:
        case 1:
        case 2:
          return { perms: perms(), id: { scheme: 'world', id: 'anyone' } };
        case 3:
        case 4:
          return { perms: perms(), id: { scheme: 'digest', id: digestId(this.credentials()) } };
        case 5:
          return { perms: perms(), id: { scheme: 'auth', id: '' } };
        case 6:
          return { perms: perms(), id: { scheme: 'ip', id: random.chance(1, 2) ? this.address : ALL_HOSTS } };
        default:
          return random.chance(2, 3)
            ? { perms: 31, id: { scheme: 'world', id: 'anyone' } }
            : {
                perms: 31,
                id: random.pick([
                  { scheme: 'world', id: 'nobody' },
                  { scheme: 'digest', id: 'nobody' },
                  { scheme: 'ip', id: 'nowhere' },
                  { scheme: 'runes', id: 'anyone' },
                ]),
              };
      }
    };
    const acl = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, entry);
    return random.chance(1, 30) ? [] : acl;
  }

  private guarded(version: (path: string) => number): Action {
    const { random } = this;
    const path = this.guardedPath();
    switch (random.below(8)) {
      case 0:
        return { op: 'create', path, data: this.data(), flags: 0, acl: this.acl(), type: OpCode.create2 };
      case 1:
        return { op: 'create', path, data: this.data(), flags: random.pick([0, 0, 2]), acl: this.acl() };
      case 2:
        return { op: 'setAcl', path, acl: this.acl(), version: random.chance(2, 3) ? -1 : random.below(3) };
      case 3:
        return { op: 'getAcl', path };
      case 4:
        return { op: 'delete', path, version: version(path) };
      case 5:
        return { op: 'setData', path, data: this.data(), version: version(path) };
      case 6:
        return { op: random.pick(['get', 'exists', 'children', 'children2']), path, watch: random.chance(1, 3) };
      default:
        return random.chance(9, 10)
          ? { op: 'auth', scheme: 'digest', credentials: this.credentials() }
          : { op: 'auth', scheme: random.pick(['ip', 'runes']), credentials: '' };
    }
  }

  private createKind(): Create {
    const { random } = this;
    const path = random.chance(1, 2) ? `/t${random.below(3)}` : `/b${random.below(2)}`;
    const inside = random.chance(1, 3) ? `${path}/c${random.below(2)}` : path;
    if (inside !== path) return { op: 'create', path: inside, data: '', flags: 0 };
    if (path.startsWith('/b')) return { op: 'create', path, data: '', flags: CreateMode.container };
    const { persistentWithTTL: plain, persistentSequentialWithTTL: numbered } = CreateMode;
    const flags = random.pick([plain, plain, plain, numbered]);
    return { op: 'create', path, data: '', flags, ttl: random.pick([300, 900, 2500, 9000, 1_000_000]) };
  }

  private kind(): Action {
    const { random } = this;
    const path = random.chance(1, 2) ? `/t${random.below(3)}` : `/b${random.below(2)}`;
    switch (random.below(8)) {
      case 0:
        return { op: 'setData', path, data: this.data(), version: -1 };
      case 1:
        return random.chance(1, 2)
          ? { op: 'setData', path: `/t${random.below(3)}`, data: this.data(), version: -1 }
          : { op: 'delete', path: `${path}/c${random.below(2)}`, version: -1 };
      case 2:
        return { op: 'exists', path, watch: random.chance(1, 4) };
      case 3:
        return { ...this.createKind(), ttl: random.pick([0, -1, 2 ** 40, 2 ** 40 - 1]) };
      case 4: {
        // An operation and flags that do not belong together.
        const type = random.pick([OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL]);
        return { op: 'create', path: `/b${random.below(2)}`, data: '', flags: random.below(7), type, ttl: 400 };
      }
      default:
        return this.createKind();
    }
  }

  private anyPath(): string {
    const { random } = this;
    return random.pick([
      '/',
      '/k0',
      '/k1',
      '/k0/c0',
      '/e0',
      '/a0',
      '/a1/c0',
      '/b0',
      '/t0',
      '/far',
      '/zookeeper/quota/k2/zookeeper_stats',
    ]);
  }

  private watching(): Action {
    const { random } = this;
    const path = this.anyPath();
    if (random.chance(1, 2)) return { op: 'addWatch', path, mode: random.below(2) };
    return { op: random.pick(['checkWatches', 'removeWatches']), path, type: random.between(1, 5) };
  }

  private reading(): Action {
    const { random } = this;
    const path = this.anyPath();
    switch (random.below(7)) {
      case 0:
        return { op: 'children2', path, watch: random.chance(1, 4) };
      case 1:
        return { op: 'count', path: random.chance(1, 8) ? '' : path };
      case 2:
        return { op: 'ephemerals', path: random.pick(['', '/', '  ', ' /', '/e0', '/e', '/k']) };
      case 3:
        return { op: 'whoAmI' };
      case 4:
        return { op: 'getAcl', path };
      case 5:
        return { op: 'get', path, watch: random.chance(1, 4) };
      default: {
        const parts = Array.from({ length: random.below(5) }, () => ({
          op: random.pick(['get', 'children'] as const),
          path: random.chance(1, 10) ? random.pick(NO_PATHS) : this.anyPath(),
        }));
        return { op: 'multiRead', parts };
      }
    }
  }

  private oddity(version: (path: string) => number): Action {
    const { random } = this;
    const path = random.chance(2, 3) ? random.pick(NO_PATHS) : random.pick(ODD_PATHS);
    switch (random.below(12)) {
      case 0:
        if (random.chance(1, 4)) return { op: 'create', path: '/e0/c', data: '', flags: 0 };
        return { op: 'create', path, data: '', flags: random.pick([0, 2]) };
      case 1:
        // Each server shows a configuration of its own, but it is there.
        return { op: 'delete', path: random.chance(1, 6) ? '/zookeeper/config' : path, version: -1 };
      case 2:
        return { op: 'setData', path, data: '', version: -1 };
      case 3:
        return { op: 'setAcl', path: path.startsWith('/zoo') ? '' : path, acl: this.acl(), version: 99 };
      case 4:
        return { op: random.pick(['exists', 'children', 'children2']), path, watch: random.chance(1, 4) };
      case 5:
        return { op: 'create', path: '/deep', data: '', flags: 0 };
      case 6:
        return { op: 'create', path: `/deep${'/d'.repeat(random.between(1, DEEPEST))}`, data: '', flags: 0 };
      case 7:
        return { op: 'count', path: '/deep' };
      case 8:
        return { op: 'create', path: FAR_PARENT, data: '', flags: 0 };
      case 9:
        return {
          op: 'create',
          path: random.chance(1, 2) ? FAR_DATA : `${FAR_PARENT}/s`,
          data: '',
          flags: random.pick([0, 2]),
        };
      case 10:
        return { op: 'setData', path: FAR_DATA, data: this.data(), version: version(FAR_DATA) };
      default:
        return { op: 'get', path: FAR_DATA, watch: false };
    }
  }

  /** As setquota and delquota of the command line have it. */
  private quota(): Action {
    const { random } = this;
    const path = `/zookeeper/quota/k${random.between(2, 3)}`;
    const dice = random.below(4);
    if (dice === 0) return { op: 'get', path: `${path}/zookeeper_stats`, watch: false };
    if (dice === 1) {
      const names = ['/zookeeper_limits', '/zookeeper_stats', ''];
      return { op: 'multi', parts: names.map((name) => ({ op: 'delete', path: path + name, version: -1 })) };
    }
    const limits = random.pick([
      'count=-1,bytes=-1=;byteHardLimit=40;countHardLimit=3',
      'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2',
      'count=2,bytes=30',
      'count=-1,bytes=-1=;byteHardLimit=900;countHardLimit=-1',
    ]);
    const parts: Create[] = [
      { op: 'create', path, data: '', flags: 0 },
      { op: 'create', path: `${path}/zookeeper_limits`, data: limits, flags: 0 },
      { op: 'create', path: `${path}/zookeeper_stats`, data: 'count=0,bytes=0', flags: 0 },
    ];
    return { op: 'multi', parts };
  }
}
