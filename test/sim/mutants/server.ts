import type { Mutant } from './mutant.ts';

export const SERVER_MUTANTS: readonly Mutant[] = [
  {
    name: 'do not tell the leader who was heard',
    bug: 'ZOOKEEPER-710',
    edits: [
      {
        at: 'LearnerSessionTracker.touch',
        from: 'touch(sessionId: bigint, timeoutMs: number): boolean { this.touched.set(sessionId, timeoutMs);',
        to: 'touch(_sessionId: bigint, _timeoutMs: number): boolean {',
      },
    ],
  },
  {
    name: 'let a session that is being closed go on',
    bug: 'CH-65198, ZOOKEEPER-1496',
    edits: [{ at: 'SessionTracker.check', from: 'if (session.isClosing) return ErrorCode.sessionExpired;', to: '' }],
  },
  {
    name: 'deliver a watch after the reply',
    edits: [
      {
        at: 'ClientConnection.onWatchEvent',
        from: 'this.replies.event(type, path, zxid);',
        to: 'this.server.clock.after(5, () => this.replies.event(type, path, zxid));',
      },
    ],
  },
  {
    name: 'serve a client that has seen more',
    edits: [
      {
        at: 'SessionAttachments.onConnectRequest',
        from: 'if (request.lastZxidSeen > lastProcessedZxid) {',
        to: 'if (request.lastZxidSeen < 0) {',
      },
    ],
  },
  {
    name: 'answer a sync before what it waits for is applied',
    edits: [
      { at: 'ZooKeeperServer.answerSyncs', from: 'if (head.committed > this.role.lastProcessedZxid) return;', to: '' },
    ],
  },
  {
    name: 'name sequential nodes by the number of children',
    bug: 'ZOOKEEPER-1046',
    edits: [
      {
        at: 'prepareCreate',
        from: 'record.path + sequenceSuffix(parent.cversion)',
        to: 'record.path + sequenceSuffix(parent.childCount)',
      },
    ],
  },
  {
    name: 'set data whatever the version',
    edits: [
      {
        at: 'prepareSetData',
        from: 'if (!versionMatches(node.version, record.version)) return ErrorCode.badVersion; const version',
        to: 'const version',
      },
    ],
  },
  {
    name: 'judge a write by the tree without what is on its way',
    edits: [
      { at: 'prepareSetData', from: 'pending.setData(node, data, version, context.zxid, context.timeMs);', to: '' },
    ],
  },
  {
    name: 'send an event with the zxid before it',
    bug: 'etcd-19998',
    edits: [
      {
        at: 'ClientConnection.onWatchEvent',
        from: 'this.replies.event(type, path, zxid);',
        to: 'this.replies.event(type, path, zxid > 0 ? this.server.role.lastProcessedZxid : zxid);',
      },
    ],
  },
  {
    name: 'tell a client that its session moved',
    bug: 'ZOOKEEPER-710',
    edits: [
      {
        at: 'ClientAnswers.closedAsMoved',
        from: 'if (err !== ErrorCode.sessionMoved) return false;',
        to: 'if (err !== ErrorCode.sessionMoved || this.connection.sessionId !== 0n) return false;',
      },
    ],
  },
  {
    name: 'attach to a session whatever the password',
    edits: [
      {
        at: 'SessionAttachments.reattach',
        from: 'if (!isSessionPassword(sessionId, password)) {',
        to: 'if (!isSessionPassword(sessionId, password) && sessionId === 0n) {',
      },
    ],
  },
  {
    name: "let the clock run into the server's number",
    bug: 'ZOOKEEPER-1622',
    edits: [
      {
        at: 'SessionIds.constructor',
        from: 'const clock = BigInt(Math.floor(wallMs)) & CLOCK_MASK;',
        to: 'const clock = BigInt(Math.floor(wallMs));',
      },
    ],
  },
  {
    name: 'wait for a client that does not read, whatever it costs',
    edits: [
      {
        at: 'ClientReplies.checkOverflow',
        from: 'if (this.waitingBytes > OUTPUT_CLOSE_BYTES + this.largestBytes) this.isOverflowing = true;',
        to: '',
      },
    ],
  },
  {
    name: 'take a check for a write',
    bug: 'ZOOKEEPER-2623',
    edits: [{ at: 'check', from: "askedBy: 'multis',", to: "askedBy: 'clients'," }],
  },
  {
    name: 'pass over what does not fit into a multi',
    bug: 'RK-400',
    edits: [
      {
        at: 'readParts',
        from: 'if (operation?.inMulti?.read === undefined) throw notInMulti(type);',
        to: 'if (operation?.inMulti?.read === undefined) continue;',
      },
    ],
  },
  {
    name: 'delete a container for whoever asks',
    edits: [
      {
        at: 'prepareDeleteContainer',
        from: 'if (asker.owner !== undefined) return ErrorCode.unimplemented;',
        to: '',
      },
    ],
  },
  {
    name: 'delete without asking the parent',
    edits: [
      {
        at: 'prepareDelete',
        from: 'if (!isPermitted(context, parent.acl, Perm.delete)) return ErrorCode.noAuth;',
        to: '',
      },
    ],
  },
  {
    name: 'show everything to everybody',
    edits: [
      {
        at: 'mayRead',
        from: 'return context.auth.permits(acl, Perm.read, asker.authIds);',
        to: 'return context.auth !== undefined || acl === undefined || asker === undefined;',
      },
    ],
  },
  {
    name: 'show the hashes of passwords',
    bug: 'CVE-2019-0201',
    edits: [
      {
        at: 'getACL',
        from: 'context.auth.permits(acl, Perm.admin, asker.authIds) ? acl : withoutHashes(acl)',
        to: 'acl.length > 0 ? acl : withoutHashes(acl)',
      },
    ],
  },
  {
    name: 'judge a check in a multi by the tree before it',
    edits: [
      {
        at: 'prepareCheck',
        from: 'function prepareCheck(context: PrepContext, record: PathVersionRecord): TxnBody | number { const { asker, pending } = context;',
        to: `function prepareCheck(context: any, record: any): any {
  const { asker } = context;
  const own = context.pending;
  const pending = {
    find: (path: any) => {
      const handle = own.tree.lookup(path);
      return handle === -1 ? undefined : own.fromTree(path, handle);
    },
  };`,
      },
    ],
  },
  {
    name: 'stop at the last version',
    bug: 'ZOOKEEPER-4743',
    edits: [{ at: 'nextVersion', from: 'return (version + 1) | 0;', to: 'return Math.min(version + 1, 2147483647);' }],
  },
  {
    name: 'let the number of children wrap',
    bug: 'kazoo-730',
    edits: [
      {
        at: 'PendingTree.create',
        from: 'if (parentCversion > changed.cversion) {',
        to: 'if (parentCversion !== changed.cversion) {',
      },
      {
        at: 'DataTree.create',
        from: 'if (creates > nodes.int(parent, CVERSION)) {',
        to: 'if (creates !== nodes.int(parent, CVERSION)) {',
      },
    ],
  },
  {
    name: 'keep the first owner of a session',
    bug: 'ZOOKEEPER-2886',
    edits: [
      {
        at: 'SessionTracker.setOwner',
        from: 'session.owner = owner; return true;',
        to: 'session.owner ??= owner; return true;',
      },
    ],
  },
  {
    name: 'delete a node that was written since its TTL was over',
    edits: [
      {
        at: 'prepareDeleteContainer',
        from: 'if (kind === OwnerKind.ttl && context',
        to: 'if (kind === OwnerKind.none && context',
      },
    ],
  },
  {
    name: 'attach a connection by the answer to an earlier one',
    edits: [{ at: 'SessionAttachments.onRevalidated', from: 'if (more > 0) {', to: 'if (more < 0) {' }],
  },
  {
    name: 'forget what an earlier connection of a session asked',
    edits: [
      { at: 'SessionAttachments.reattach', from: 'connection.requests.queue.inherit(older.requests.queue);', to: '' },
    ],
  },
  {
    name: 'answer the sync of a session that is over',
    edits: [{ at: 'ZooKeeperServer.answerSyncs', from: 'if (head.request.isAbandoned) continue;', to: '' }],
  },
  {
    name: 'submit a write in front of which reads still wait',
    edits: [
      {
        at: 'RequestQueue.takeToSubmit',
        from: 'if (this.isHeadLocal || this.areLocalsMany) return undefined;',
        to: '',
      },
      { at: 'SessionRequests.runReady', from: '&& !this.queue.isAnySubmitted', to: '' },
    ],
  },
  // Caches and accounts
  {
    name: 'forget a later change when an earlier one is applied',
    edits: [
      {
        at: 'PendingTree.onApplied',
        from: 'if (this.byPath.get(node.path) === node) this.byPath.delete(node.path);',
        to: 'this.byPath.delete(node.path);',
      },
    ],
  },
  {
    name: 'remember what another client may',
    edits: [{ at: 'LongAcl.permits', from: 'if (ids !== this.askedIds) this.answers.clear();', to: '' }],
  },
  {
    name: 'count connections that are gone',
    edits: [
      {
        at: 'ClientConnections.onClosed',
        from: 'of.open--;',
        to: '',
      },
    ],
  },
  {
    name: 'let connections outlive their role',
    edits: [
      {
        at: 'ClientConnection.isLeftOver',
        from: 'return this.rolesBefore !== this.server.role.ended;',
        to: 'return this.rolesBefore < 0;',
      },
    ],
  },
  {
    name: 'count requests that are answered',
    edits: [{ at: 'PendingRequests.remove', from: 'this.count--;', to: '' }],
  },

  // Throttles
  {
    name: 'let requests in whatever is under way',
    scenario: 'requests that wait for room',
    edits: [
      {
        at: 'RequestThrottle.isFull',
        from: 'return maxRequests > 0 && (this.lines.length > 0 || this.parts.pending.count >= maxRequests);',
        to: 'return maxRequests < 0;',
      },
    ],
  },
  {
    name: 'give a line one turn',
    scenario: 'requests that wait for room',
    edits: [
      {
        at: 'RequestThrottle.admitNext',
        from: 'if (line.requests.length > 0) this.lines.push(line);',
        to: '',
      },
    ],
  },
  {
    name: 'let a request in that is told it was not',
    scenario: 'requests that wait for room',
    edits: [
      {
        at: 'RequestThrottle.admitNext',
        from: 'request.refuse(ErrorCode.throttledOp);',
        to: 'request.outcome = ErrorCode.throttledOp;',
      },
    ],
  },

  // Read-only servers and local sessions
  {
    name: 'let everybody in on a read-only server',
    edits: [
      {
        at: 'SessionAttachments.onConnectRequest',
        from: 'if (isReadOnly && request.readOnly !== true) {',
        to: 'if (isReadOnly && request.protocolVersion < 0) {',
      },
    ],
  },
  {
    name: 'own an ephemeral without being known',
    edits: [
      {
        at: 'admit',
        from: 'operation.makesEphemeral?.(request.record)',
        to: '!operation.makesEphemeral',
      },
    ],
  },
  {
    name: 'forget who has ended',
    edits: [{ at: 'UntrackedSessions.onEnded', from: 'this.ended.add(sessionId);', to: '' }],
  },
];
