import {
  writeCreateRequest,
  writeMultiHeader,
  writePathNumber,
  writePathVersion,
  writePathWatch,
  writeRequestHeader,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../jute/client-records.ts';
import { AddWatchMode, CreateMode, OpCode, WatcherType } from '../jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../jute/data-records.ts';
import { Writer } from '../jute/writer.ts';

/**
 * The requests by which two servers are compared that nobody recorded anything of: each operation once as it succeeds, and once for
 * each of its usual errors. All of it happens below `root`, which is gone at the end.
 */
export function comparisonScript(root: string): Buffer[] {
  const script = new Script();
  const { create, remove, setData, look, node } = script.bound();
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
  node(OpCode.getACL, at('a'));
  node(OpCode.getACL, at('none'));
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
    [OpCode.check, at('a'), 2],
    [OpCode.delete, at('a/c'), -1],
  ]);
  script.multi([
    [OpCode.delete, at('a/b'), -1],
    [OpCode.check, at('a'), 99],
    [OpCode.delete, at('none'), -1],
  ]);
  node(OpCode.getAllChildrenNumber, root);
  node(OpCode.getEphemerals, root);
  node(OpCode.sync, root);
  script.bare(OpCode.whoAmI);
  for (const name of ['a/b', 'a', 'seq-0000000001', 'seq-0000000002', 'mine', 'mine-0000000004', 'later', 'watched'])
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
    node: (op: number, path: string) => void;
  } {
    return {
      create: (path, data, flags = 0, acl = [...OPEN_ACL_UNSAFE]) =>
        this.add(OpCode.create2, (w) =>
          writeCreateRequest(w, { path, data: Buffer.from(data), acl, flags, ttl: -1n }, false),
        ),
      remove: (path, version) => this.add(OpCode.delete, (w) => writePathVersion(w, { path, version })),
      setData: (path, data, version) =>
        this.add(OpCode.setData, (w) => writeSetDataRequest(w, { path, data: Buffer.from(data), version })),
      look: (op, path, watch) => this.add(op, (w) => writePathWatch(w, { path, watch })),
      node: (op, path) => this.add(op, (w) => w.writeString(path)),
    };
  }

  setAcl(path: string, acl: readonly Acl[], version: number): void {
    this.add(OpCode.setACL, (w) => writeSetAclRequest(w, { path, acl: [...acl], version }));
  }

  number(op: number, path: string, number: number): void {
    this.add(op, (w) => writePathNumber(w, { path, number }));
  }

  multi(parts: readonly (readonly [op: number, path: string, version: number])[]): void {
    this.add(OpCode.multi, (w) => {
      for (const [op, path, version] of parts) {
        writeMultiHeader(w, op, false, -1);
        writePathVersion(w, { path, version });
      }
      writeMultiHeader(w, -1, true, -1);
    });
  }

  bare(op: number): void {
    this.add(op, () => {});
  }

  private add(op: number, write: (w: Writer) => void): void {
    writeRequestHeader(this.w, ++this.xid, op);
    write(this.w);
    this.frames.push(this.w.take());
  }
}
