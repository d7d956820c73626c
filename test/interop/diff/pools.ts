// The values requests are made of: mostly sensible, partly at the edge, partly wrong.
import type { Shaped } from '../raw/jute.ts';
import type { Acl, requestShape } from '../raw/records.ts';
import type { Known } from './known.ts';
import type { Rng } from './rng.ts';

type Acls = Shaped<(typeof requestShape)['create']>['acl'];

const names = ['a', 'b', 'c', 'd', 'ä', '.hidden', 'x y', '...'];

/** Text that goes out as these bytes, not as our encoding of a string; the codec passes buffers through. */
function rawText(...bytes: number[]): string {
  return Buffer.from(bytes) as unknown as string;
}

const badPaths: readonly (string | null)[] = [
  '',
  'a',
  'a/b',
  '/a/',
  '//',
  '//a',
  '/a//b',
  '/.',
  '/a/.',
  '/a/./b',
  '/a/..',
  '/../a',
  '/nul\u0000',
  '/a\u0000b/c',
  '/control\u0001',
  '/control\u001f',
  '/del\u007f',
  '/c1\u009f',
  '/private\ue000',
  '/private\uf8ff',
  '/special\ufff0',
  '/last\uffff',
  '/\ud83d\ude00',
  '/lone\ud800',
  rawText(0x2f, 0xf0, 0x9f, 0x98, 0x80),
  rawText(0x2f, 0xff),
  rawText(0x2f, 0x61, 0xc3),
  rawText(0x2f, 0xc0, 0x80),
  null,
];

const reservedPaths = [
  '/',
  '/zookeeper',
  '/zookeeper/config',
  '/zookeeper/quota',
  '/zookeeper/x',
  '/zookeeper/quota/a',
  '/zookeeper/quota/a/zookeeper_limits',
  '/zookeeper/quota/a/zookeeper_stats',
  '/zookeeper/quota/b',
  '/zookeeper/quota/b/zookeeper_limits',
  '/zookeeper/quota/b/zookeeper_stats',
];

export function anyPath(rng: Rng, known: Known): string | null {
  return rng.weighted<() => string | null>([
    [60, () => existing(rng, known)],
    [20, () => fresh(rng, known)],
    [6, () => rng.pick(reservedPaths)],
    [6, () => rng.pick(badPaths)],
    [3, () => `/missing/${rng.pick(names)}`],
  ])();
}

export function existing(rng: Rng, known: Known): string {
  return known.nodes.size === 0 ? '/' : rng.pick(known.paths());
}

export function fresh(rng: Rng, known: Known): string {
  const parent = rng.chance(0.4) || known.nodes.size === 0 ? '' : existing(rng, known);
  return `${parent === '/' ? '' : parent}/${rng.pick(names)}`;
}

export function createPath(rng: Rng, known: Known, sequential: boolean): string | null {
  return rng.weighted<() => string | null>([
    [70, () => fresh(rng, known)],
    [sequential ? 20 : 2, () => `${existing(rng, known).replace(/\/$/, '')}/`],
    [10, () => existing(rng, known)],
    [6, () => rng.pick(reservedPaths)],
    [8, () => rng.pick(badPaths)],
  ])();
}

/** Quota nodes get well-formed text: Apache stops for good when it reads anything else there. */
export function dataFor(rng: Rng, path: string | null): Buffer | null {
  return isQuotaNode(path) ? quotaData(rng) : data(rng);
}

export function isQuotaNode(path: string | null): boolean {
  return typeof path === 'string' && path.startsWith('/zookeeper/quota');
}

function data(rng: Rng): Buffer | null {
  return rng.weighted<() => Buffer | null>([
    [10, () => null],
    [10, () => Buffer.alloc(0)],
    [60, () => Buffer.from(`data ${rng.below(1000)}`)],
    [4, () => Buffer.alloc(2_000, rng.below(256))],
    [8, () => Buffer.from(rng.pick(quotas))],
  ])();
}

const quotas = [
  'count=-1,bytes=-1=;byteHardLimit=60;countHardLimit=-1',
  'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3',
  'count=5,bytes=-1',
  'count=-1,bytes=30',
  'count=-1,bytes=-1=;byteHardLimit=40;countHardLimit=4',
  'count=3,bytes=100=;byteHardLimit=-1;countHardLimit=6',
  'count=0,bytes=0',
];

export function quotaData(rng: Rng): Buffer {
  return Buffer.from(rng.pick(quotas));
}

export function version(rng: Rng, current: number): number {
  return rng.weighted([
    [30, -1],
    [50, current],
    [10, current + 1],
    [4, current - 1],
    [2, -2],
    [2, 2147483647],
    [2, -2147483648],
  ]);
}

const everyone = { scheme: 'world', id: 'anyone' };
export const bob = 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=';
const goodAcls: readonly Acl[][] = [
  [{ perms: 31, id: everyone }],
  [{ perms: 1, id: everyone }],
  [{ perms: 30, id: everyone }],
  [{ perms: 15, id: everyone }],
  [{ perms: 0, id: everyone }],
  [{ perms: 31, id: { scheme: 'digest', id: bob } }],
  [
    { perms: 1, id: everyone },
    { perms: 31, id: { scheme: 'digest', id: bob } },
  ],
  [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.0/8' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.0/8' } }],
  [{ perms: 31, id: { scheme: 'auth', id: '' } }],
  [
    { perms: 31, id: { scheme: 'auth', id: 'ignored' } },
    { perms: 1, id: everyone },
  ],
  [
    { perms: 31, id: everyone },
    { perms: 31, id: everyone },
  ],
  [{ perms: 63, id: everyone }],
  [{ perms: -1, id: everyone }],
];
const badAcls: readonly Acls[] = [
  null,
  [],
  [{ perms: 31, id: { scheme: 'world', id: 'someone' } }],
  [{ perms: 31, id: { scheme: 'digest', id: 'no-colon' } }],
  [{ perms: 31, id: { scheme: 'digest', id: 'a:b:c' } }],
  [{ perms: 31, id: { scheme: 'ip', id: 'not-an-address' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1/33' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1/-1' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '::1' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '::1/64' } }],
  [{ perms: 31, id: { scheme: 'ip', id: '127.1' } }],
  [{ perms: 31, id: { scheme: 'unheard', id: 'of' } }],
  [{ perms: 31, id: { scheme: 'super', id: 'admin' } }],
  [{ perms: 31, id: { scheme: 'sasl', id: 'someone' } }],
  [{ perms: 31, id: { scheme: 'x509', id: 'CN=a' } }],
  [{ perms: 31, id: { scheme: 'key', id: 'a' } }],
  [{ perms: 31, id: { scheme: null, id: 'anyone' } }],
  [{ perms: 31, id: { scheme: 'world', id: null } }],
  [{ perms: 31, id: { scheme: '', id: '' } }],
  [
    { perms: 31, id: everyone },
    { perms: 31, id: { scheme: 'world', id: 'someone' } },
  ],
];

export function acl(rng: Rng): Acls {
  return rng.weighted<() => Acls>([
    [75, () => goodAcls[0] as Acl[]],
    [20, () => rng.pick(goodAcls)],
    [5, () => rng.pick(badAcls)],
  ])();
}

export function rareAcl(rng: Rng): Acls {
  return rng.chance(0.6) ? rng.pick(goodAcls) : rng.pick(badAcls);
}

export const credentials: readonly { scheme: string | null; auth: Buffer | null }[] = [
  { scheme: 'digest', auth: Buffer.from('bob:secret') },
  { scheme: 'digest', auth: Buffer.from('bob:secret') },
  { scheme: 'digest', auth: Buffer.from('alice:other') },
  { scheme: 'digest', auth: Buffer.from('super:admin') },
  { scheme: 'digest', auth: Buffer.from('no colon') },
  { scheme: 'digest', auth: Buffer.alloc(0) },
  { scheme: 'ip', auth: Buffer.from('127.0.0.1') },
  { scheme: 'ip', auth: null },
  { scheme: 'world', auth: Buffer.from('anyone') },
  { scheme: 'unheard', auth: Buffer.from('of') },
  { scheme: '', auth: Buffer.from('x') },
];
export const rareCredentials: readonly { scheme: string | null; auth: Buffer | null }[] = [
  { scheme: 'digest', auth: null },
  { scheme: null, auth: Buffer.from('x') },
  { scheme: 'sasl', auth: Buffer.from('x') },
  { scheme: 'x509', auth: Buffer.from('x') },
  { scheme: 'super', auth: Buffer.from('super:admin') },
  { scheme: 'auth', auth: Buffer.from('bob:secret') },
];

export const ttls = [
  1n,
  1000n,
  86_400_000n,
  1_099_511_627_775n,
  1_099_511_627_776n,
  0n,
  -1n,
  -9_223_372_036_854_775_808n,
];
