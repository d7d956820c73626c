import type { Mutant } from './mutant.ts';

export const DATATREE_MUTANTS: readonly Mutant[] = [
  {
    name: 'leave the parent alone when what is to be deleted is gone',
    bug: 'ZOOKEEPER-3125, ZOOKEEPER-3145',
    edits: [
      {
        at: 'DataTree.delete',
        from: 'this.raisePzxid(parent, zxid);',
        to: 'if (this.lookup(path) !== NO_NODE) this.raisePzxid(parent, zxid);',
      },
    ],
  },
  {
    name: 'cut a snapshot without what an access list was before',
    bug: 'ZOOKEEPER-3306',
    edits: [
      {
        at: 'DataTree.setAcl',
        from: 'this.beforeChange(node); this.nodes.setInt(node, AVERSION, version);',
        to: 'this.nodes.setInt(node, AVERSION, version);',
      },
    ],
  },
  {
    name: 'never delete an ephemeral',
    bug: 'ZOOKEEPER-2355',
    edits: [
      {
        at: 'Database.applyCloseSession',
        from: 'const unnamed = this.nodes.killSession(header.clientId, header.zxid, body.paths ?? [], this.onEphemeralDeleted);',
        to: 'const unnamed = 0;',
      },
    ],
  },
  {
    name: 'keep closed sessions in the table',
    bug: 'ZOOKEEPER-3144',
    edits: [{ at: 'Database.applyCloseSession', from: 'this.sessions.remove(header.clientId);', to: '' }],
  },
  {
    name: 'never fire a watch on data',
    edits: [
      {
        at: 'WatchManager.onDataChanged',
        from: 'this.countFired(EventType.nodeDataChanged, this.data.trigger(path, EventType.nodeDataChanged, zxid, acl));',
        to: 'if (zxid < 0) this.data.trigger(path, 0, zxid, acl);',
      },
    ],
  },
  {
    name: 'forget what changed while a client was away',
    bug: 'ZOOKEEPER-1412',
    edits: [
      {
        at: 'WatchManager.setAgain',
        from: 'else if ((isOfData ? tree.modifiedAt(node) : tree.childrenModifiedAt(node)) > relativeZxid) {',
        to: 'else if ((isOfData ? -1 : tree.childrenModifiedAt(node)) > relativeZxid) {',
      },
    ],
  },
  {
    name: 'apply a failed multi in part',
    edits: [
      {
        at: 'Database.applyMulti',
        from: "if (!failed || part.kind === 'error') item =",
        to: "if (!pastFailure || part.kind === 'error') item =",
      },
    ],
  },
  {
    name: 'tell a recursive watch of children that changed',
    bug: 'ZOOKEEPER-4475',
    edits: [
      {
        at: 'WatchManager.addRecursive',
        from: 'addRecursive(path: string, watcher: Watcher): void {',
        to: 'addRecursive(path: string, watcher: Watcher): void { this.child.add(path, watcher, WatchMode.recursive);',
      },
    ],
  },
  {
    name: 'do not set a persistent watch again',
    bug: 'ZK#1950',
    edits: [
      {
        at: 'WatchSetter.addLasting',
        from: 'if (this.list === LOOKED_UP_LISTS) watches.addPersistent(path, watcher);',
        to: 'if (this.list === LOOKED_UP_LISTS) return;',
      },
    ],
  },
  {
    name: 'fire a watch on what may not be read',
    bug: 'CVE-2024-23944',
    edits: [
      {
        at: 'WatchTable.trigger',
        from: 'if (watcher.mayRead(acl)) watcher.onWatchEvent',
        to: 'if (acl !== undefined) watcher.onWatchEvent',
      },
    ],
  },
  {
    name: 'count a ttl from the creation',
    edits: [
      // The column before MTIME is CTIME.
      {
        at: 'OwnedNodes.firstAfter',
        from: 'wallMs - nodes.long(node, MTIME), ttlMs',
        to: 'wallMs - nodes.long(node, MTIME - 1), ttlMs',
      },
      // The second look, before the deletion is written, would hide the first.
      { at: 'prepareDeleteContainer', from: 'context.timeMs - node.mtime', to: 'Infinity' },
    ],
  },
  {
    name: 'delete a container that was never used',
    edits: [{ at: 'OwnedNodes.isOver', from: '(maxNeverUsedMs !== 0 && idleMs > maxNeverUsedMs)', to: 'idleMs > 0' }],
  },
  {
    name: 'forget what a deleted node had of its quota',
    edits: [{ at: 'DataTree.remove', from: 'this.quotas.onUsage(path, -bytes, -1);', to: '' }],
  },
];
