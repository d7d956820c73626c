// Draws the next step: every operation in every position, mostly meaningful, partly at the edge, partly broken.
import { encode } from '../raw/jute.ts';
import {
  type Acl,
  encodeMulti,
  encodeRequest,
  multiHeader,
  type OpName,
  op,
  type Part,
  type RequestOf,
  type requestShape,
} from '../raw/records.ts';
import type { Known } from './known.ts';
import * as pools from './pools.ts';
import type { Rng } from './rng.ts';
import type { HandshakeChoice, Step } from './steps.ts';

export type SlotState = 'none' | 'attached' | 'detached';

type Name = keyof typeof requestShape;

export class Generator {
  private readonly rng: Rng;
  private readonly known: Known;
  private readonly skip: ReadonlySet<string>;
  private xid = 0;
  /**
   * The step is one byte away from what makes Apache stop for good: a createTTL without a TTL flag whose ttl is out of
   * range, or a quota node with text that is no quota. It goes out as it is.
   */
  private fragile = false;
  lastZxid = 0n;

  constructor(rng: Rng, known: Known, skip: ReadonlySet<string>) {
    this.rng = rng;
    this.known = known;
    this.skip = skip;
  }

  next(slots: readonly SlotState[]): Step {
    const slot = this.rng.below(slots.length);
    const state = slots[slot] as SlotState;
    if (state === 'none') return { kind: 'open', slot, handshake: this.handshake() };
    if (state === 'detached') return this.reattach(slot, false);
    return this.rng.weighted<() => Step>([
      [960, () => this.request(slot)],
      [6, () => ({ kind: 'drop', slot })],
      [4, () => this.reattach(slot, true)],
      [6, () => this.oddFrame(slot)],
    ])();
  }

  private handshake(): HandshakeChoice {
    const { rng } = this;
    return {
      member: rng.below(60),
      timeoutMs: rng.weighted([
        [10, 700_000],
        [2, 1],
        [2, 0],
        [1, -1],
        [2, 2_147_483_647],
        [1, 600_000],
        [1, 1_200_001],
      ]),
      readOnly: rng.weighted<boolean | undefined>([
        [8, false],
        [2, true],
        [2, undefined],
      ]),
      zxidAhead: rng.weighted([
        [12, -this.lastZxid],
        [4, 0n],
        [1, 1n],
        [1, 1n << 40n],
      ]),
      passwordLength: rng.weighted([
        [10, 16],
        [1, 0],
        [1, 5],
        [1, 20],
      ]),
    };
  }

  private reattach(slot: number, attached: boolean): Step {
    if (attached && this.skip.has('refused re-attach'))
      return { kind: 'reattach', slot, how: 'steal', handshake: this.handshake() };
    const how = this.rng.weighted([
      [10, attached ? 'steal' : 'right'],
      [2, 'wrong password'],
      [1, 'null password'],
      [1, 'short password'],
      [1, 'unknown id'],
    ] as const);
    return { kind: 'reattach', slot, how, handshake: { ...this.handshake(), passwordLength: 16 } };
  }

  private oddFrame(slot: number): Step {
    const frame = (about: string, hex: string): Step => ({
      kind: 'frame',
      slot,
      about,
      bytes: Buffer.from(hex, 'hex'),
    });
    return this.rng.weighted([
      [2, frame('a negative length', 'ffffffff')],
      [2, frame('a length beyond jute.maxbuffer', '00100000')],
      [1, frame('the largest length', '7fffffff')],
      [1, frame('an empty frame', '00000000')],
      [1, frame('half a request header', '0000000600000001000b')],
      [1, frame('a four-letter word inside a session', Buffer.from('ruok').toString('hex'))],
    ]);
  }

  /** A request of this session, whatever is left out by name aside. */
  request(slot: number): Step & { kind: 'request' } {
    const full = this.known.nodes.size > 60;
    for (;;) {
      const name = this.rng.weighted<string>([
        [12, 'create'],
        [8, 'create2'],
        [4, 'createContainer'],
        [6, 'createTTL'],
        [full ? 60 : 10, 'delete'],
        [3, 'deleteContainer'],
        [8, 'exists'],
        [8, 'getData'],
        [12, 'setData'],
        [5, 'getACL'],
        [6, 'setACL'],
        [6, 'getChildren'],
        [6, 'getChildren2'],
        [3, 'sync'],
        [2, 'check'],
        [22, 'multi'],
        [6, 'multiRead'],
        [2, 'reconfig'],
        [5, 'checkWatches'],
        [6, 'removeWatches'],
        [4, 'getEphemerals'],
        [4, 'getAllChildrenNumber'],
        [8, 'addWatch'],
        [2, 'whoAmI'],
        [4, 'auth'],
        [1, 'sasl'],
        [4, 'setWatches'],
        [4, 'setWatches2'],
        [2, 'ping'],
        [1, 'closeSession'],
        [2, 'unknown'],
        [8, 'quota'],
      ]);
      if (this.skip.has(name)) continue;
      this.fragile = false;
      const step = this.build(slot, name);
      return this.fragile ? step : this.broken(step);
    }
  }

  private step(slot: number, name: string, type: number, body: Buffer, xid?: number): Step & { kind: 'request' } {
    return { kind: 'request', slot, name, type, xid: xid ?? ++this.xid, body };
  }

  private named<N extends Name>(slot: number, name: N, fields: RequestOf<N>, xid?: number): Step & { kind: 'request' } {
    return this.step(slot, name, op[name], encodeRequest(name, fields), xid);
  }

  /** Now and then a well-formed body loses its end, gains one, or has one byte changed. */
  private broken(step: Step & { kind: 'request' }): Step & { kind: 'request' } {
    const { rng } = this;
    if (!rng.chance(0.03) || this.skip.has('broken')) return step;
    const body = Buffer.from(step.body);
    if (rng.chance(0.15)) return { ...step, body: Buffer.concat([body, Buffer.from([0, 0, 0, 7, 1])]) };
    if (body.length === 0) return step;
    if (rng.chance(0.5)) return { ...step, body: body.subarray(0, rng.below(body.length)) };
    body[rng.below(body.length)] = rng.pick([0, 1, 0x7f, 0x80, 0xff, rng.below(256)]);
    return { ...step, body };
  }

  private build(slot: number, name: string): Step & { kind: 'request' } {
    const { rng, known } = this;
    const path = (): string | null => pools.anyPath(rng, known);
    const watchPath = (): string | null => path() ?? (this.skip.has('watch on null') ? '' : null);
    const watch = rng.chance(0.35);
    switch (name) {
      case 'multi':
      case 'multiRead':
        return this.step(slot, name, op[name], this.multi(name));
      case 'unknown': {
        const type = rng.pick([10, 23, 24, 50, 99, 108, 200, -2, -12, -100, 2147483647, 0, -1]);
        return this.step(slot, name, type, encodeRequest('exists', { path: path(), watch: false }));
      }
      case 'quota':
        return this.quota(slot);
      case 'exists':
      case 'getData':
      case 'getChildren':
      case 'getChildren2':
        return this.watching(slot, name, { path: path(), watch });
      case 'getACL':
      case 'sync':
      case 'getAllChildrenNumber':
        return this.named(slot, name, { path: path() });
      case 'getEphemerals':
        return this.named(slot, name, { path: rng.chance(0.5) ? rng.pick(['/', '', '/a', '/b', '/c', null]) : path() });
      case 'check':
        return this.named(slot, name, { path: path(), version: rng.pick([-1, 0, 1]) });
      case 'checkWatches':
      case 'removeWatches':
        return this.named(slot, name, {
          path: known.watched.length > 0 && rng.chance(0.7) ? (rng.pick(known.watched) ?? watchPath()) : watchPath(),
          type: rng.weighted([
            [3, 1],
            [3, 2],
            [6, 3],
            [2, 4],
            [2, 5],
            [1, 0],
            [1, 6],
            [1, -1],
          ]),
        });
      case 'addWatch': {
        const fields = { path: watchPath(), mode: rng.pick([0, 0, 0, 0, 1, 1, 1, 1, 2, -1]) };
        known.watch(fields.path);
        return this.named(slot, name, fields);
      }
      case 'whoAmI':
        return this.named(slot, name, {});
      case 'ping':
        return this.named(slot, name, {}, rng.chance(0.5) ? -2 : undefined);
      case 'closeSession':
        return this.named(slot, name, {});
      case 'auth': {
        const credential = rng.chance(0.9) ? rng.pick(pools.credentials) : rng.pick(pools.rareCredentials);
        return this.named(
          slot,
          name,
          { type: rng.pick([0, 0, 0, 1, -1]), ...credential },
          rng.chance(0.9) ? -4 : undefined,
        );
      }
      case 'sasl':
        return this.named(slot, name, { token: rng.pick([Buffer.alloc(0), Buffer.from('x'), null]) });
      case 'reconfig': {
        const text = (): string | null => rng.pick([null, '', 'server.2=127.0.0.1:1:2;3', '1']);
        return this.named(slot, name, {
          joining: text(),
          leaving: text(),
          newMembers: text(),
          curConfigId: rng.pick([-1n, 0n, 5n]),
        });
      }
      case 'setWatches':
        this.fragile ||= this.skip.has('setWatches null');
        return this.named(
          slot,
          name,
          { relativeZxid: this.someZxid(), data: this.some(), exist: this.some(), child: this.some() },
          rng.chance(0.9) ? -8 : undefined,
        );
      case 'setWatches2':
        this.fragile ||= this.skip.has('setWatches null');
        return this.named(
          slot,
          name,
          {
            relativeZxid: this.someZxid(),
            data: this.some(),
            exist: this.some(),
            child: this.some(),
            persistent: this.some(),
            recursive: this.some(),
          },
          rng.chance(0.9) ? -8 : undefined,
        );
      default: {
        const part = this.write(name);
        return this.step(slot, name, part.type, part.body);
      }
    }
  }

  private watching(
    slot: number,
    name: 'exists' | 'getData' | 'getChildren' | 'getChildren2',
    fields: RequestOf<'exists'>,
  ): Step & { kind: 'request' } {
    if (fields.watch) this.known.watch(fields.path);
    return this.named(slot, name, fields);
  }

  private someZxid(): bigint {
    const back = BigInt(this.rng.below(60));
    return this.rng.chance(0.1) ? 1n << 40n : this.lastZxid > back ? this.lastZxid - back : 0n;
  }

  private some(): (string | null)[] | null {
    const { rng } = this;
    if (rng.chance(0.03) && !this.skip.has('setWatches null')) return null;
    const paths = Array.from({ length: rng.below(4) }, () => pools.anyPath(rng, this.known));
    return this.skip.has('setWatches null') ? paths.filter((path) => path !== null) : paths;
  }

  /** One write, as it stands alone or inside a multi. */
  private write(name: string): Part {
    const { rng, known } = this;
    switch (name) {
      case 'create':
      case 'create2':
      case 'createContainer': {
        const flags =
          name === 'createContainer'
            ? rng.weighted([
                [10, 4],
                [1, 0],
                [1, 1],
                [1, 5],
              ])
            : rng.weighted([
                [12, 0],
                [5, 1],
                [5, 2],
                [3, 3],
                [1, 4],
                [1, 5],
                [1, 6],
                [1, 7],
                [1, -1],
              ]);
        const path = this.createPath(flags === 2 || flags === 3);
        return this.part(name, {
          path,
          data: this.dataFor(path),
          acl: this.acl(),
          flags,
        });
      }
      case 'createTTL': {
        const flags = rng.weighted([
          [6, 5],
          [5, 6],
          [1, 0],
          [1, 1],
          [1, 4],
          [1, 7],
        ]);
        const ttlPath = this.createPath(flags === 6);
        const withoutTtlFlag = flags === 0 || flags === 1 || flags === 4;
        this.fragile ||= withoutTtlFlag;
        const ttl = withoutTtlFlag || rng.chance(0.6) ? 86_400_000n : rng.pick(pools.ttls);
        return this.part(name, {
          path: ttlPath,
          data: this.dataFor(ttlPath),
          acl: this.acl(),
          flags,
          ttl,
        });
      }
      case 'delete': {
        const childless = known.childless();
        const path = childless.length > 0 && rng.chance(0.6) ? rng.pick(childless) : pools.anyPath(rng, known);
        return this.part(name, { path, version: pools.version(rng, known.nodes.get(path ?? '')?.version ?? 0) });
      }
      case 'deleteContainer':
        // The body is the bare path as a buffer, which a jute string is as well.
        return this.part(name, { path: pools.anyPath(rng, known) });
      case 'setData': {
        const path = pools.anyPath(rng, known);
        return this.part(name, {
          path,
          data: this.dataFor(path),
          version: pools.version(rng, known.nodes.get(path ?? '')?.version ?? 0),
        });
      }
      case 'setACL': {
        // The root stays open, or nothing would be allowed for the rest of the run.
        const path = pools.anyPath(rng, known);
        const acl =
          path === '/'
            ? ([{ perms: 31, id: { scheme: 'world', id: 'anyone' } }] as Acl[])
            : rng.chance(0.5)
              ? pools.acl(rng)
              : pools.rareAcl(rng);
        return this.part(name, { path, acl, version: pools.version(rng, known.nodes.get(path ?? '')?.aversion ?? 0) });
      }
      case 'check': {
        const path = pools.anyPath(rng, known);
        return this.part(name, { path, version: pools.version(rng, known.nodes.get(path ?? '')?.version ?? 0) });
      }
      default:
        throw new Error(`no such write: ${name}`);
    }
  }

  private dataFor(path: string | null): Buffer | null {
    this.fragile ||= pools.isQuotaNode(path);
    return pools.dataFor(this.rng, path);
  }

  private acl(): ReturnType<typeof pools.acl> {
    const acl = pools.acl(this.rng);
    return acl === null && this.skip.has('null acl') ? [] : acl;
  }

  private createPath(sequential: boolean): string | null {
    const path = pools.createPath(this.rng, this.known, sequential);
    return this.skip.has('stats') && path?.toString().endsWith('zookeeper_stats') ? '/zookeeper' : path;
  }

  private part<N extends Name>(name: N, fields: RequestOf<N>): Part {
    return { type: op[name], body: encodeRequest(name, fields) };
  }

  private multi(name: OpName): Buffer {
    const { rng, known } = this;
    const parts = Array.from(
      {
        length: rng.weighted([
          [1, 0],
          [4, 1],
          [6, 2],
          [4, 3],
          [3, 6],
        ]),
      },
      (): Part => {
        if (rng.chance(0.04)) return this.oddPart(name);
        if (name === 'multiRead')
          return this.part(rng.pick(['getData', 'getChildren']), {
            path: pools.anyPath(rng, known),
            watch: rng.chance(0.3),
          });
        return this.write(
          rng.weighted([
            [6, 'create'],
            [4, 'create2'],
            [2, 'createContainer'],
            [2, 'createTTL'],
            [6, 'delete'],
            [8, 'setData'],
            [6, 'check'],
          ]),
        );
      },
    );
    const body = encodeMulti(parts);
    if (!rng.chance(0.03)) return body;
    const end = encode(multiHeader, { type: -1, done: true, err: -1 });
    return rng.pick([
      body.subarray(0, body.length - end.length),
      Buffer.concat([body, body]),
      Buffer.concat([encode(multiHeader, { type: 1, done: true, err: 5 }), body]),
    ]);
  }

  private oddPart(name: OpName): Part {
    const { rng, known } = this;
    const path = pools.existing(rng, known);
    if (name === 'multiRead')
      return rng.pick([
        this.write('setData'),
        this.part('exists', { path, watch: false }),
        this.part('getChildren2', { path, watch: false }),
      ]);
    return rng.pick([
      this.part('getData', { path, watch: false }),
      this.part('setACL', { path, acl: null, version: -1 }),
      this.part('exists', { path, watch: false }),
      this.part('sync', { path }),
      this.part('deleteContainer', { path }),
      { type: 77, body: Buffer.alloc(0) },
      { type: -11, body: Buffer.alloc(0) },
    ]);
  }

  /** Quota nodes for the subtrees /a and /b, and whatever happens under them. */
  private quota(slot: number): Step & { kind: 'request' } {
    const { rng } = this;
    const subtree = rng.pick(['a', 'b', 'a/b']);
    const node = `/zookeeper/quota/${subtree}`;
    this.fragile = true;
    const acl = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
    return rng.weighted<() => Step & { kind: 'request' }>([
      [3, () => this.named(slot, 'create', { path: node, data: null, acl, flags: 0 })],
      [
        3,
        () =>
          this.named(slot, 'create', { path: `${node}/zookeeper_limits`, data: pools.quotaData(rng), acl, flags: 0 }),
      ],
      [
        3,
        () =>
          this.named(slot, 'create', {
            path: `${node}/zookeeper_stats`,
            data: Buffer.from('count=0,bytes=0'),
            acl,
            flags: 0,
          }),
      ],
      [
        3,
        () =>
          this.named(slot, 'setData', { path: `${node}/zookeeper_limits`, data: pools.quotaData(rng), version: -1 }),
      ],
      [3, () => this.named(slot, 'getData', { path: `${node}/zookeeper_stats`, watch: rng.chance(0.3) })],
      [1, () => this.named(slot, 'delete', { path: `${node}/zookeeper_limits`, version: -1 })],
      [1, () => this.named(slot, 'delete', { path: `${node}/zookeeper_stats`, version: -1 })],
      [1, () => this.named(slot, 'delete', { path: node, version: -1 })],
      [3, () => this.named(slot, 'setData', { path: `/${subtree}`, data: Buffer.alloc(rng.below(60)), version: -1 })],
      [
        3,
        () =>
          this.named(slot, 'create', {
            path: `/${subtree}/q${rng.below(9)}`,
            data: Buffer.alloc(rng.below(30)),
            acl,
            flags: 0,
          }),
      ],
    ])();
  }
}
