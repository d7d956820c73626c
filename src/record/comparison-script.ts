import {
  type CreateRequest,
  type SetWatches,
  writeAuthPacket,
  writeCreateRequest,
  writeMultiHeader,
  writePathNumber,
  writePathVersion,
  writePathWatch,
  writeRequestHeader,
  writeSetAclRequest,
  writeSetDataRequest,
  writeSetWatches,
} from '../jute/client-records.ts';
import { AddWatchMode, CreateMode, OpCode, WatcherType } from '../jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../jute/data-records.ts';
import { Writer } from '../jute/writer.ts';
import { ZXID_ZERO } from '../jute/zxid.ts';

/**
 * The requests by which two servers are compared that nobody recorded anything of: each operation once as it succeeds, and once for
 * each of its usual errors. All of it happens below `root`, which is gone at the end. `reconfig` is not among them: a server
 * that takes it would be another one afterwards.
 */
export function comparisonScript(root: string): Buffer[] {
  const script = new Script();
  const { create, remove, setData, look, ask } = script.bound();
  const at = (name: string): string => `${root}/${name}`;
  create(root, 'root');
  create(root, 'again');
  create(at('a'), 'one');
  create(at('a/b'), '');
  create(at('none/b'), '');
  create('relative', '');
  create(at('bad/'), '');
  create(at('seq-'), '', CreateMode.persistentSequential);
  create(at('seq-'), '', CreateMode.persistentSequential);
  create(at('mine'), '', CreateMode.ephemeral);
  create(at('mine/child'), '');
  create(at('mine-'), '', CreateMode.ephemeralSequential);
  create(at('strange'), '', 77);
  create(at('closed'), '', CreateMode.persistent, []);
  create(at('nobody'), '', CreateMode.persistent, [{ perms: 31, id: { scheme: 'noscheme', id: 'x' } }]);
  look(OpCode.exists, at('later'), true);
  create(at('later'), 'x');
  look(OpCode.getData, at('a'), true);
  setData(at('a'), 'two', 0);
  setData(at('a'), 'three', 0);
  setData(at('none'), '', -1);
  setData(at('a'), 'three', -1);
  look(OpCode.getData, at('a'), false);
  look(OpCode.getData, at('none'), false);
  look(OpCode.getData, at('none/'), false);
  look(OpCode.getChildren, root, true);
  create(at('watched'), '');
  look(OpCode.getChildren2, root, false);
  look(OpCode.getChildren2, at('none'), false);
  remove(root, -1);
  remove(at('a/b'), 5);
  remove(at('none'), -1);
  remove('/', -1);
  ask(OpCode.getACL, at('a'));
  ask(OpCode.getACL, at('none'));
  script.setAcl(at('later'), [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }], 0);
  script.setAcl(at('later'), OPEN_ACL_UNSAFE, 0);
  setData(at('later'), 'not allowed', -1);
  script.setAcl(at('none'), OPEN_ACL_UNSAFE, -1);
  script.number(OpCode.addWatch, at('a'), AddWatchMode.persistentRecursive);
  create(at('a/c'), 'x');
  setData(at('a/c'), 'y', -1);
  script.number(OpCode.removeWatches, at('a'), WatcherType.any);
  script.number(OpCode.removeWatches, at('a'), WatcherType.any);
  script.number(OpCode.checkWatches, at('none'), WatcherType.data);
  script.multi([
    [OpCode.check, versioned(at('a'), 2)],
    [OpCode.delete, versioned(at('a/c'), -1)],
    [OpCode.create, node(at('m1'), 'x')],
    [OpCode.create2, node(at('m2'), 'x')],
    [OpCode.createContainer, node(at('m3'), 'x', CreateMode.container)],
    [OpCode.setData, (w) => writeSetDataRequest(w, { path: at('m1'), data: Buffer.from('y'), version: 0 })],
    [OpCode.delete, versioned(at('m2'), 0)],
  ]);
  script.multi([
    [OpCode.delete, versioned(at('a/b'), -1)],
    [OpCode.check, versioned(at('a'), 99)],
    [OpCode.delete, versioned(at('none'), -1)],
  ]);
  script.multi([]);
  script.multiRead([
    [OpCode.getData, at('a')],
    [OpCode.getChildren, root],
    [OpCode.getData, at('none')],
    [OpCode.getChildren, at('none')],
  ]);
  script.multiRead([]);
  script.add(OpCode.create, node(at('old'), 'x'));
  script.add(OpCode.create, node(at('old'), 'x'));
  script.add(OpCode.createContainer, node(at('box'), 'x', CreateMode.container));
  script.add(OpCode.createTTL, (w) =>
    writeCreateRequest(w, { ...nodeOf(at('brief'), 'x', CreateMode.persistentWithTTL), ttl: -5n }, true),
  );
  script.add(OpCode.auth, (w) =>
    writeAuthPacket(w, { type: 0, scheme: 'digest', auth: Buffer.from('compare:compare') }),
  );
  create(at('owned'), 'x', CreateMode.persistent, [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
  ask(OpCode.getACL, at('owned'));
  for (const op of [OpCode.setWatches, OpCode.setWatches2]) {
    script.add(op, (w) => writeSetWatches(w, watchesOf(at), op === OpCode.setWatches2));
  }
  setData(at('a'), 'watched', -1);
  ask(OpCode.getAllChildrenNumber, root);
  ask(OpCode.getEphemerals, root);
  ask(OpCode.sync, root);
  script.bare(OpCode.whoAmI);
  for (const name of [
    'a/b',
    'a',
    'seq-0000000001',
    'seq-0000000002',
    'mine',
    'mine-0000000004',
    'later',
    'watched',
    'm1',
    'm3',
    'old',
    'box',
    'owned',
  ])
    remove(at(name), -1);
  look(OpCode.getChildren, root, false);
  remove(root, -1);
  // Servers close the connection for what is no operation.
  script.bare(99);
  return script.frames;
}

class Script {
  readonly frames: Buffer[] = [];
  private readonly w = new Writer();
  private xid = 0;

  bound(): {
    create: (path: string, data: string, flags?: number, acl?: Acl[]) => void;
    remove: (path: string, version: number) => void;
    setData: (path: string, data: string, version: number) => void;
    look: (op: number, path: string, watch: boolean) => void;
    ask: (op: number, path: string) => void;
  } {
    return {
      create: (path, data, flags = 0, acl = [...OPEN_ACL_UNSAFE]) =>
        this.add(OpCode.create2, (w) => writeCreateRequest(w, nodeOf(path, data, flags, acl), false)),
      remove: (path, version) => this.add(OpCode.delete, (w) => writePathVersion(w, { path, version })),
      setData: (path, data, version) =>
        this.add(OpCode.setData, (w) => writeSetDataRequest(w, { path, data: Buffer.from(data), version })),
      look: (op, path, watch) => this.add(op, (w) => writePathWatch(w, { path, watch })),
      ask: (op, path) => this.add(op, (w) => w.writeString(path)),
    };
  }

  setAcl(path: string, acl: readonly Acl[], version: number): void {
    this.add(OpCode.setACL, (w) => writeSetAclRequest(w, { path, acl: [...acl], version }));
  }

  number(op: number, path: string, number: number): void {
    this.add(op, (w) => writePathNumber(w, { path, number }));
  }

  multi(parts: readonly Part[]): void {
    this.add(OpCode.multi, (w) => writeParts(w, parts));
  }

  multiRead(parts: readonly (readonly [op: number, path: string])[]): void {
    const reads = parts.map(([op, path]): Part => [op, (w) => writePathWatch(w, { path, watch: false })]);
    this.add(OpCode.multiRead, (w) => writeParts(w, reads));
  }

  bare(op: number): void {
    this.add(op, () => {});
  }

  add(op: number, write: (w: Writer) => void): void {
    writeRequestHeader(this.w, ++this.xid, op);
    write(this.w);
    this.frames.push(this.w.take());
  }
}

/** Of a multi. */
type Part = readonly [op: number, write: (w: Writer) => void];

function writeParts(w: Writer, parts: readonly Part[]): void {
  for (const [op, write] of parts) {
    writeMultiHeader(w, op, false, -1);
    write(w);
  }
  writeMultiHeader(w, -1, true, -1);
}

function nodeOf(path: string, data: string, flags: number, acl: Acl[] = [...OPEN_ACL_UNSAFE]): CreateRequest {
  return { path, data: Buffer.from(data), acl, flags, ttl: -1n };
}

function node(path: string, data: string, flags: number = CreateMode.persistent): (w: Writer) => void {
  return (w) => writeCreateRequest(w, nodeOf(path, data, flags), false);
}

function versioned(path: string, version: number): (w: Writer) => void {
  return (w) => writePathVersion(w, { path, version });
}

/** One of each kind, as of a client that has seen nothing: what is there already is told at once. */
function watchesOf(at: (name: string) => string): SetWatches {
  return {
    relativeZxid: ZXID_ZERO,
    data: [at('a')],
    exist: [at('none')],
    child: [at('later')],
    persistent: [at('old')],
    persistentRecursive: [at('box')],
  };
}
