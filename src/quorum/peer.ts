import { assert } from '../base/assert.ts';
import { type Log, logOf } from '../base/log.ts';
import type { Database, DatabaseOptions } from '../datatree/database.ts';
import { HASH_KEY_BYTES, hashKeyFrom } from '../datatree/tree/path-hash.ts';
import { Election } from '../election/election.ts';
import type { Outcome, SettledState } from '../election/voting/election-host.ts';
import type { Vote } from '../election/voting/vote.ts';
import type { Timer } from '../io/clock.ts';
import type { World } from '../io/world.ts';
import { zxidText } from '../jute/zxid.ts';
import type { AuditLog } from '../server/audit/audit-log.ts';
import { AuthRegistry } from '../server/auth/auth-registry.ts';
import { countRecovery, LogMeter, SnapshotMeter } from '../server/metrics/role-meters.ts';
import { ServerMetrics } from '../server/metrics/server-metrics.ts';
import type { HostInfo, ServerInfo } from '../server/monitoring/server-info.ts';
import { ZooKeeperServer } from '../server/zookeeper-server.ts';
import { takeInitializeMarker } from '../txnlog/data-dir.ts';
import { Store } from '../txnlog/store.ts';
import { clientLogin } from './auth/client-login.ts';
import { serversNets } from './auth/servers-nets.ts';
import { ClientPort } from './client-port.ts';
import type { PeerConfig } from './config/peer-config.ts';
import { ConfigBook } from './config-book.ts';
import { ConfigNode } from './config-node.ts';
import {
  authOptions,
  electionOptions,
  meshOptions,
  serverOptions,
  snapshotPolicy,
  storeOptions,
} from './config-parts.ts';
import { DynamicConfigFiles } from './dynamic-config-files.ts';
import { LearnerMasters } from './observers/learner-masters.ts';
import { OracleFile } from './oracle-file.ts';
import { infoOf } from './peer-info.ts';
import type { PeerParts } from './peer-parts.ts';
import type { PeerProbe } from './peer-probe.ts';
import { QuorumWatch, type WatchedPeer } from './quorum-watch.ts';
import { Replica } from './replica.ts';
import { Restore, replaceHistory } from './restore.ts';
import { AskedOfLeader } from './roles/asked-of-leader.ts';
import { Following } from './roles/following.ts';
import { Leading } from './roles/leading.ts';
import { listenAddresses } from './roles/quorum-port.ts';
import { ReadOnlyService } from './roles/read-only.ts';
import type { PeerMode, Role } from './roles/role.ts';
import { Standalone } from './roles/standalone.ts';
import { dumpState, ELECTIONS_REMEMBERED, type PastElection } from './state-dump.ts';

/**
 * One peer, put together: what it recovers, where it listens, and which role it has. LOOKING until the election
 * decides, then leading, following or observing until that role is over, then LOOKING again.
 *
 * No exception is caught here: `World` hands whatever a handler throws to the one who made it, and that one calls
 * `fail`. So a FatalError or a broken assert ends this peer wherever it is thrown.
 */
export interface PeerHandlers {
  /** The client port is bound, or the one for TLS alone. */
  onListening(clientPort: number, isSecure: boolean): void;
  /** Serves clients, or no longer does. */
  onServing(mode: PeerMode): void;
  /** Where changes are written down with those who asked for them. */
  readonly audit?: AuditLog | undefined;
  /** Looks into the peer; in production nobody does. */
  readonly probe?: PeerProbe;
}

export class Peer {
  readonly config: PeerConfig;
  readonly metrics: ServerMetrics;
  readonly server: ZooKeeperServer;
  /** The facts that are told about this peer. */
  readonly info: ServerInfo;
  readonly auth: AuthRegistry;
  private readonly world: World;
  private readonly log: Log;
  private readonly handlers: PeerHandlers;
  private readonly store: Store;
  private readonly clientPort: ClientPort;
  readonly parts: PeerParts;
  readonly book: ConfigBook | undefined;
  private readonly configNode: ConfigNode | undefined;
  readonly election: Election | undefined;
  private readonly timers: Timer[] = [];
  private readonly quorumWatch: QuorumWatch;
  private readonly readOnly: ReadOnlyService;
  private role: Role | undefined;
  private wasSynchronised = false;
  private needsSnapshot = false;
  private initialize: boolean;
  private lookingSinceMs = 0;
  private readonly elections: PastElection[] = [];
  private closing = false;
  readonly asked = new AskedOfLeader(() => this.role);

  /** Recovers the history; throws FatalError when it cannot. Nothing listens before `start`. */
  constructor(world: World, config: PeerConfig, host: HostInfo, handlers: PeerHandlers, log: Log) {
    this.world = world;
    this.config = config;
    this.handlers = handlers;
    this.log = logOf(log, 'quorum');
    this.quorumWatch = new QuorumWatch(world.clock, this.log, () => this.watched());
    this.metrics = new ServerMetrics();
    const databaseOptions: DatabaseOptions = {
      extendedTypes: config.extendedTypesEnabled,
      emulate353Ttl: config.emulate353TTLNodes,
      digest: config.digestEnabled,
      hashKey: hashKeyFrom(world.random.secret(HASH_KEY_BYTES)),
      log: logOf(log, 'datatree'),
    };
    const auth = new AuthRegistry(authOptions(config));
    this.auth = auth;
    this.info = infoOf(config, { store: () => this.store, book: () => this.book, role: () => this.role });
    this.store = Store.open(world, storeOptions(config, databaseOptions), logOf(log, 'txnlog'), handlers.probe);
    const startedMs = world.clock.nowMs();
    const database = this.store.recover();
    countRecovery(this.metrics.disk, this.store.facts.recovery, world.clock.nowMs() - startedMs);
    const snapshots = new SnapshotMeter(this.metrics, world.clock);
    this.server = new ZooKeeperServer(world, serverOptions(config), {
      auth,
      sasl: clientLogin(config, world),
      audit: handlers.audit,
      metrics: this.metrics,
      info: this.info,
      host,
      log: logOf(log, 'server'),
    });
    const { times } = this.server.view.slow;
    const replica = new Replica(
      { store: this.store, random: world.random, snapshots, times, log: this.log },
      database,
      snapshotPolicy(config),
    );
    const logMeter = new LogMeter(this.metrics);
    this.store.handlers = {
      onDurable: (zxid) => {
        logMeter.onDurable(this.store.facts.log);
        replica.onDurable(zxid);
      },
      onFatal: (error) => {
        throw error;
      },
    };
    this.clientPort = new ClientPort(
      this.server,
      config,
      (port, isSecure) => handlers.onListening(port, isSecure),
      logOf(log, 'server'),
    );
    const { quorumLoginFailures } = this.metrics.connections;
    const nets = serversNets(world, config, () => this.book, quorumLoginFailures, this.log);
    this.parts = {
      config,
      clock: world.clock,
      net: nets.quorum,
      random: world.random,
      store: this.store,
      replica,
      server: this.server,
      auth,
      metrics: this.metrics,
      databaseOptions,
      log: this.log,
      zabLog: logOf(log, 'zab'),
      probe: handlers.probe,
      masters: new LearnerMasters(config, world.random, world.clock),
      oracle: config.oraclePath === undefined ? undefined : new OracleFile(world.disk, config.oraclePath, this.log),
    };
    replica.probe = handlers.probe;
    this.readOnly = new ReadOnlyService(this.parts, () => handlers.onServing('read-only'));
    this.initialize = takeInitializeMarker(world.disk, config.dataDir, config.dataLogDir);
    if (!config.distributed) return;

    const self = config.myid;
    const verifier = config.quorumVerifier;
    assert(self !== undefined && verifier !== undefined, 'a distributed peer has an id and members');
    const files = new DynamicConfigFiles(world.disk, config, this.log);
    const book = new ConfigBook(
      { self, active: verifier, lastSeen: config.lastSeenVerifier },
      { multiAddress: config.multiAddressEnabled, standaloneEnabled: false, otherKeys: 'ignore' },
      {
        activated: (active) => {
          // One that is to join keeps its own file until it is taken in: that is the one it can start with.
          if (active.members.has(self) || this.role !== undefined) files.writeActive(active);
          this.clientPort.follow(active.members.get(self));
          this.onMembers(book);
        },
        forgotten: () => {
          files.forgetNext();
          this.onMembers(book);
        },
        proposed: (proposed) => {
          files.writeNext(proposed);
          this.onMembers(book);
        },
      },
      this.log,
    );
    this.book = book;
    this.configNode = new ConfigNode(this.parts, book);
    if (config.reconfigEnabled) this.configNode.recall();
    this.election = new Election(
      { ...world, net: nets.election },
      {
        mesh: meshOptions(config, self, book.active.members.has(self) ? book.active : verifier),
        election: electionOptions(config),
      },
      {
        onListening: () => {},
        onElected: (outcome) => this.onElected(outcome),
        // It looks, and begins anew with these.
        onNewerConfig: (newer) => {
          book.adopt(newer.text());
          this.lookAfterTurn();
        },
        onLooking: (sid) => this.role?.onVoterLooking(sid),
        oracle: this.parts.oracle,
        onFatal: (error) => {
          throw error;
        },
      },
      logOf(log, 'election'),
    );
  }

  start(): void {
    const { clock } = this.world;
    this.clientPort.open();
    if (this.config.purgeIntervalMs > 0) {
      this.timers.push(clock.every(this.config.purgeIntervalMs, () => this.store.purge()));
      this.store.purge();
    }
    if (this.election === undefined) {
      this.serveAlone();
      return;
    }
    this.election.listen();
    this.look();
  }

  /** Writes a snapshot of the tree as it is now; `done` with the reason when that cannot be, or with where it lies. */
  takeSnapshot(done: (error: Error | undefined) => void): void {
    if (this.role === undefined) done(new Error('this peer has no role at the moment'));
    else if (!this.parts.replica.snapshot(done)) done(new Error('another snapshot is being written'));
  }

  /** Takes a snapshot in place of this server's history. Throws where it could not be carried out. */
  beginRestore(): Restore {
    if (this.role?.mode !== 'standalone') throw new Error(RESTORE_IS_FOR_ONE);
    return new Restore(this.parts, (database, done) => this.restore(database, done));
  }

  private restore(database: Database, done: (error: Error | undefined) => void): void {
    const { role } = this;
    if (this.closing || role?.mode !== 'standalone') {
      done(new Error(RESTORE_IS_FOR_ONE));
      return;
    }
    role.stop();
    this.role = undefined;
    this.parts.replica.endRole(() => {
      if (this.closing) return;
      replaceHistory(this.parts, database, () => {
        if (this.closing) return;
        this.serveAlone();
        done(undefined);
      });
    });
  }

  private serveAlone(): void {
    this.role = new Standalone(this.parts);
    this.role.start();
    this.handlers.onServing('standalone');
  }

  get mode(): PeerMode {
    return this.role?.mode ?? (this.readOnly.isServing ? 'read-only' : 'looking');
  }

  /**
   * As `close`, but a leader hands over first, so that the others need no election. Where that comes to nothing, or takes
   * longer than two ticks, it ends as it is.
   */
  leave(done: () => void): void {
    if (this.asked.begin(undefined, () => this.close(done)) !== undefined) this.close(done);
  }

  /** Ends the role, syncs what was appended, and lets go of ports and directories. */
  close(done: () => void): void {
    if (this.closing) return;
    this.closing = true;
    for (const timer of this.timers) timer.cancel();
    // Requests that were taken in so far reach the disk, and on a standalone server its clients are answered.
    this.quorumWatch.end();
    this.readOnly.end();
    if (this.role === undefined) this.shut(done);
    else this.store.whenDurable(() => this.shut(done));
  }

  private shut(done: () => void): void {
    this.role?.stop();
    this.role = undefined;
    this.election?.close();
    this.server.close();
    this.parts.replica.endRole(() => this.store.close(done));
  }

  // LOOKING

  private look(): void {
    const { election, book } = this;
    assert(election !== undefined && book !== undefined, 'a server that is alone looks for nobody');
    const { replica, store } = this.parts;
    this.beginLooking();
    this.log.info({ zxid: zxidText(store.lastDurable), epoch: store.epochs.currentEpoch ?? 0 }, 'looking for a leader');
    election.look(
      {
        participant: !book.isObserver,
        zxid: replica.lastZxid,
        peerEpoch: store.epochs.currentEpoch ?? 0,
        empty: this.isEmpty,
        initialize: this.initialize,
      },
      book.active,
      book.lastSeen,
    );
  }

  private beginLooking(): void {
    if (this.book?.isObserver === false) this.parts.replica.settle();
    this.lookingSinceMs = this.world.clock.nowMs();
    this.metrics.ensemble.lookingCount.add(1);
    this.configNode?.show();
    this.handlers.onServing('looking');
    this.quorumWatch.begin();
    this.readOnly.begin(!this.isEmpty);
  }

  /**
   * Without a history to vote with: a disk that never was part of the ensemble, one that was wiped, or one that lost
   * the end of its log. Until it was synchronised once it must not help to decide anything.
   */
  private get isEmpty(): boolean {
    return !this.wasSynchronised && (this.store.isEmpty || this.store.missingUpTo !== undefined);
  }

  private onElected({ vote, state, emptyButCounts }: Outcome): void {
    const { book, config, parts } = this;
    assert(book !== undefined && this.role === undefined && !this.closing, 'elected without looking');
    this.readOnly.end();
    const self = config.myid as number;
    const ms = Math.round(this.world.clock.nowMs() - this.lookingSinceMs);
    this.metrics.ensemble.electionTime.add(ms);
    const wallMs = this.world.clock.wallMs();
    this.elections.push({ wallMs, leader: vote.leader, round: Number(vote.round), tookMs: ms });
    if (this.elections.length > ELECTIONS_REMEMBERED) this.elections.shift();
    this.log.info({ leader: vote.leader, round: Number(vote.round), ms }, 'elected');
    // Of the members in force, or of those that were proposed: the election looked for both.
    const leaderSpec = book.active.members.get(vote.leader) ?? book.lastSeen?.members.get(vote.leader);
    if (leaderSpec === undefined) {
      // The members became others in the turn in which the election ended.
      this.lookAfterTurn();
      return;
    }
    const initialize = this.initialize || emptyButCounts;
    if (vote.leader === self) {
      const role = new Leading(parts, book, {
        self,
        quorumAddresses: listenAddresses(leaderSpec, config.quorumListenOnAllIPs),
        empty: this.isEmpty,
        initialize,
        onEstablished: (epoch) => {
          // A quorum of both memberships has the history in which it was proposed: with that it is decided.
          book.adoptProposed();
          this.onSynchronised(state, vote, epoch);
        },
        onTransferFailed: (reason) => this.asked.end(reason),
        onOver: (reason, next) => {
          this.onRoleOver(reason, next);
          this.asked.end(next === undefined ? reason : undefined);
        },
      });
      this.role = role;
      role.start();
      return;
    }
    const role = new Following(parts, book, {
      self,
      leader: vote.leader,
      leaderSpec,
      observer: book.isObserver,
      empty: this.isEmpty,
      initialize,
      needsSnapshot: this.needsSnapshot,
      onServing: (epoch) => this.onSynchronised(state, vote, epoch),
      onOver: (reason, next) => this.onRoleOver(reason, next),
    });
    this.role = role;
    role.start();
  }

  /** Later joiners compare epochs: the vote that looked for a leader still has the one before. */
  private onSynchronised(state: SettledState, vote: Vote, epoch: number): void {
    this.wasSynchronised = this.role?.mode !== 'observer' || this.config.observerLogs;
    // The operator's word was about the empty disk that this no longer is.
    this.initialize = false;
    const unavailableMs = Math.round(this.world.clock.nowMs() - this.lookingSinceMs);
    this.metrics.ensemble.unavailableTime.add(unavailableMs);
    if (state === 'leading') this.metrics.ensemble.leaderUnavailableTime.add(unavailableMs);
    this.election?.settle(state, { ...vote, peerEpoch: epoch });
    this.quorumWatch.end();
    this.configNode?.show();
    this.handlers.onServing(this.mode);
  }

  private onRoleOver(reason: string, next?: number): void {
    if (this.closing) return;
    this.log.warn({ role: this.mode, reason }, 'role over');
    assert(this.role !== undefined, 'a role that is over was there');
    this.needsSnapshot = this.role.needsSnapshot;
    this.role = undefined;
    this.parts.replica.endRole(() => {
      if (next === undefined) this.lookAfterTurn();
      else this.world.clock.afterTurn(() => this.goTo(next));
    });
  }

  /**
   * Leads, or follows the one that was named, without an election: all of its members are told the same. Nothing rests on
   * it, for a leader is one by the quorum that accepts its epoch; and when it comes to nothing this peer looks for one.
   */
  private goTo(leader: number): void {
    const { book, election } = this;
    if (this.closing || this.role !== undefined) return;
    assert(election !== undefined && book !== undefined, 'a server that is alone has no other leader');
    if (book.active.weightOf(leader) === 0) {
      this.look();
      return;
    }
    this.beginLooking();
    const self = this.config.myid as number;
    const state = leader === self ? 'leading' : book.isObserver ? 'observing' : 'following';
    const { round, peerEpoch } = election.currentVote;
    const vote: Vote = { leader, zxid: this.parts.replica.lastZxid, round, peerEpoch };
    election.settle(state, vote);
    this.onElected({ vote, state, emptyButCounts: false });
  }

  /** Not at once: the role may have ended inside a call of the election. */
  private lookAfterTurn(): void {
    this.world.clock.afterTurn(() => {
      if (!this.closing && this.role === undefined) this.look();
    });
  }

  // Members

  private onMembers(book: ConfigBook): void {
    this.election?.setMembers(book.active, book.lastSeen);
  }

  private watched(): WatchedPeer {
    const { book, election } = this;
    assert(book !== undefined && election !== undefined, 'only who has others to look for is watched');
    return {
      self: this.config.myid as number,
      verifiers: book.lastSeen === undefined ? [book.active] : [book.active, book.lastSeen],
      mode: this.role?.mode ?? 'looking',
      isAbstaining: election.isAbstaining,
      reach: election.reach(),
      learners: this.role?.learners ?? [],
      oracle: this.parts.oracle?.lastWord,
    };
  }

  // Questions of others

  /** Into the log, for an operator. */
  dumpState(): void {
    const { server, store, elections } = this;
    dumpState(this.log, {
      role: this.info.quorum()?.peerState ?? this.mode,
      lastLogged: store.lastAppended,
      lastDurable: store.lastDurable,
      epoch: store.epochs.currentEpoch,
      learners: this.role?.learners ?? [],
      elections,
      server: server.view,
    });
  }
}

const RESTORE_IS_FOR_ONE =
  'only a standalone server can be given another history while it runs: one member of an ensemble would have another ' +
  'than the rest. Stop all members, put the snapshot into one directory, empty the others and start that one first';
