import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Acl } from '../../../src/jute/data-records.ts';
import type { Actor } from '../clients/actor.ts';
import type { Action, Create } from '../judges/history.ts';
import { replicaOf } from '../judges/observer.ts';
import type { Scenario, Script } from '../script/script.ts';

/**
 * Big things in small numbers: what one client can make deep, wide, long or many. The price of a turn (judges/turns.ts)
 * says whether anybody else had to wait for it; turns.test.ts plays these in a bundle, where it is counted.
 */
const PARTS = 250;
/** Of the paths in one multi: its work is by the length of all. */
const PATH_BYTES = 40_000;

const nodeAt = (path: string): Create => ({ op: 'create', path, data: '', flags: 0 });

function createAll(s: Script, paths: readonly string[], client: Actor): void {
  for (let i = 0; i < paths.length; ) {
    const count = Math.min(PARTS, Math.max(1, Math.floor(PATH_BYTES / (paths[i] as string).length)));
    const parts = paths.slice(i, i + count).map(nodeAt);
    s.expect(s.do({ op: 'multi', parts }, client).err, 0, `creates from ${i} on`);
    i += count;
  }
}

/** A snapshot of each, a start from it, a SNAP to one that has nothing, and every word. */
function goThroughAll(s: Script): void {
  for (const view of s.world.observer.views) {
    const { peer, machine } = view;
    if (peer !== undefined) machine.run(() => void replicaOf(peer).snapshot());
  }
  s.run(500);
  const [first = 1, second = 2] = s.followers;
  s.restart(first);
  s.untilServing();
  s.wipe(second);
  s.start(second);
  s.untilServing();
  const operator = s.stranger('operator');
  for (const word of ['mntr', 'srvr', 'dump', 'wchs', 'wchc', 'wchp', 'cons', 'envi']) {
    operator.dial(`zk${s.leader}`, 2181, Buffer.from(word));
  }
  s.run(500);
  operator.kill();
}

const CONFIG = { snapCount: 100_000, syncLimit: 20, initLimit: 20 };

export const deepTree: Scenario = {
  name: 'a deep tree',
  about: 'nodes below each other, a thousand and more: nothing recurses over them, and no turn visits them all',
  voters: 3,
  config: CONFIG,
  play(s) {
    s.begin(3);
    const client = s.addClient('digs', 1, 40_000);
    s.itBegins();
    const paths = Array.from({ length: 2000 }, (_, i) => '/d'.repeat(i + 1));
    createAll(s, paths, client);
    s.do({ op: 'addWatch', path: '/d', mode: 1 }, client);
    const deepest = paths.at(-1) as string;
    s.do({ op: 'setData', path: deepest, data: 'found', version: -1 }, client);
    for (let i = 0; i < 50; i++) s.ask({ op: 'count', path: '/d' }, client);
    s.expect(s.read(deepest, client), 'found', 'the deepest');
    goThroughAll(s);
  },
};

export const wideNode: Scenario = {
  name: 'a wide node',
  about: 'ten thousand children of one node, listed again and again in one pipeline, while others are answered',
  voters: 3,
  config: CONFIG,
  play(s) {
    s.begin(3);
    const client = s.addClient('spreads', 1, 40_000);
    s.itBegins();
    s.do(nodeAt('/wide'), client);
    createAll(
      s,
      Array.from({ length: 10_000 }, (_, i) => `/wide/child-${i}`),
      client,
    );
    const lists = Array.from({ length: 12 }, () => s.ask({ op: 'children', path: '/wide', watch: false }, client));
    const counts = Array.from({ length: 50 }, () => s.ask({ op: 'count', path: '/' }, client));
    s.until('all lists', () => [...lists, ...counts].every((op) => op.result !== undefined));
    s.expect(lists.at(-1)?.result?.children?.length, 10_000, 'children');
    for (let i = 0; i < 100; i++) s.ask({ op: 'delete', path: `/wide/child-${i}`, version: -1 }, client);
    goThroughAll(s);
  },
};

export const longAccessList: Scenario = {
  name: 'a long access list',
  about: 'a list of a thousand entries is looked through for each of many requests, and remembered instead',
  voters: 3,
  mutant: 'remember what another client may',
  config: CONFIG,
  play(s) {
    s.begin(3);
    const client = s.addClient('guarded', 1, 40_000);
    s.itBegins();
    s.do(nodeAt('/guarded'), client);
    const entry = (i: number): Acl => ({ perms: 31, id: { scheme: 'ip', id: `10.1.${i >> 8}.${i & 255}` } });
    const acl = [
      ...Array.from({ length: 900 }, (_, i) => entry(i)),
      { perms: 31, id: { scheme: 'world', id: 'anyone' } },
    ];
    s.expect(s.do({ op: 'setAcl', path: '/guarded', acl, version: -1 }, client).err, 0, 'the list');
    const reads = Array.from({ length: 300 }, () => s.ask({ op: 'get', path: '/guarded', watch: false }, client));
    const checks: Action = {
      op: 'multi',
      parts: Array.from({ length: 300 }, () => ({ op: 'check', path: '/guarded', version: 0 })),
    };
    s.expect(s.do(checks, client).err, 0, 'checks');
    s.until('all reads', () => reads.every((op) => op.result !== undefined));
    // The same list for others: one is on it by its address alone, and one is not.
    const guest = s.addClient('guest', 1, 40_000);
    s.until('a connection', () => guest.isConnected);
    const own = { perms: 31, id: { scheme: 'ip', id: client.address } };
    const isSet = s.do({ op: 'setAcl', path: '/guarded', acl: [...acl.slice(0, 900), own], version: -1 }, client).err;
    s.expect(isSet, 0, 'the list without anyone');
    s.expect(s.do({ op: 'get', path: '/guarded', watch: false }, client).err, 0, 'who is on it');
    s.expect(s.do({ op: 'get', path: '/guarded', watch: false }, guest).err, ErrorCode.noAuth, 'who is not');
    goThroughAll(s);
  },
};

export const manyWatches: Scenario = {
  name: 'many watches of one client',
  about: 'thousands of watches are set, fire at once, and are set again on the next connection',
  voters: 3,
  config: CONFIG,
  play(s) {
    s.begin(3);
    const client = s.addClient('watches', 1, 40_000);
    const other = s.addClient('writes', 2, 40_000);
    s.itBegins();
    s.do(nodeAt('/w'), other);
    const paths = Array.from({ length: 2000 }, (_, i) => `/w/${i}`);
    createAll(s, paths, other);
    s.run(200);
    const asked = paths.map((path) => s.ask({ op: 'get', path, watch: true }, client));
    s.until('all watches', () => asked.every((op) => op.result !== undefined));
    client.moveTo('zk1');
    s.until('its return', () => client.isConnected);
    for (let i = 0; i < paths.length; i += PARTS) {
      const parts = paths.slice(i, i + PARTS).map((path): Action => ({ op: 'setData', path, data: 'x', version: -1 }));
      s.do({ op: 'multi', parts }, other);
    }
    s.run(500);
    goThroughAll(s);
  },
};
