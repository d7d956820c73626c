import { describe, expect, it } from 'vitest';
import { SizeStats } from '../../../src/server/metrics/counters.ts';
import { javaDate, javaDouble } from '../../../src/server/monitoring/four-letter/java-format.ts';
import { ClientWorld, connectRequest, create, exists, getData, PING } from '../client-harness.ts';

const ALL = new Set(
  'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs'.split(' '),
);

function ask(world: ClientWorld, word: string): string {
  const client = world.connect('10.5.5.5');
  client.send(Buffer.from(word, 'latin1'));
  expect(client.stream.state).toBe('ended');
  return client.text();
}

/** A standalone server with one session that watches, created an ephemeral, and read it. */
function busy(): ClientWorld {
  const world = new ClientWorld({ fourLetterWords: ALL });
  const upstream = world.serve();
  upstream.nextIds = [0x100000000000001n];
  const client = world.openSession(upstream);
  client.send(create(1, '/e', 'data', 1), getData(2, '/e', true), exists(3, '/e', true), PING);
  upstream.commit();
  client.frames();
  return world;
}

describe('a four-letter word', () => {
  it('is answered when it comes byte by byte', () => {
    const world = new ClientWorld();
    const client = world.connect();
    for (const letter of 'ruo') client.send(Buffer.from(letter));
    expect(client.text()).toBe('');
    client.send(Buffer.from('k'));
    expect(client.text()).toBe('imok');
  });

  it('is answered although more bytes follow it', () => {
    const world = new ClientWorld();
    const client = world.connect();
    client.send(Buffer.from('ruok\n'));
    expect(client.text()).toBe('imok');
  });

  it('is answered although the client has closed its side already', () => {
    const world = new ClientWorld();
    const client = world.connect();
    client.stream.deliver(Buffer.from('ruok'));
    client.stream.handlers?.onEnd?.();
    expect(client.text()).toBe('imok');
    expect(client.stream.state).toBe('ended');
  });

  it('is told some lines in each turn, and the connections of that moment', () => {
    const world = new ClientWorld({ fourLetterWords: ALL, maxClientCnxns: 0 }, -1);
    world.serve();
    const others = Array.from({ length: 1200 }, () => world.connect());
    const client = world.connect();
    let lines = 0;
    const told = (): number => {
      lines += client.stream.takeBytes().toString().split('\n').length - 1;
      return lines;
    };
    client.stream.deliver(Buffer.from('cons'));
    expect([told(), client.stream.state]).toEqual([500, 'open']);
    others[600]?.stream.gone();
    for (let i = 0; i < 300; i++) world.connect();
    world.clock.oneTurn();
    expect([told(), client.stream.state]).toEqual([1000, 'open']);
    world.clock.oneTurn();
    // 1,200 and itself, one of them gone and one let in since, and an empty line.
    expect([told(), client.stream.state]).toEqual([1202, 'ended']);
  });

  it('waits for a client that does not take it, and ends with its connection', () => {
    const world = new ClientWorld({ fourLetterWords: ALL });
    const upstream = world.serve();
    const watching = world.openSession(upstream);
    const paths = Array.from({ length: 300 }, (_, i) => `/${i}${'x'.repeat(10_000)}`);
    for (const path of paths) watching.send(exists(1, path, true));
    const [slow, gone] = [world.connect('10.2.2.2'), world.connect('10.2.2.2')];
    for (const client of [slow, gone]) {
      client.stream.isStalled = true;
      client.stream.deliver(Buffer.from('wchp'));
    }
    for (let turn = 0; turn < 20; turn++) world.clock.endTurn();
    const taken = slow.stream.bufferedBytes;
    expect(taken).toBeGreaterThan(1 << 20);
    expect(taken).toBeLessThan(2 << 20);
    slow.stream.handlers?.onEnd?.();
    gone.stream.gone();
    slow.stream.drain();
    for (let turn = 0; turn < 20; turn++) world.clock.endTurn();
    const session = `0x${watching.sessionId.toString(16)}`;
    const whole = `${paths.map((path) => `${path}\n\t${session}\n`).join('')}\n`;
    expect([slow.text() === whole, slow.stream.state]).toEqual([true, 'ended']);
    expect([gone.stream.bufferedBytes, world.server.view.connections.size]).toEqual([taken, 1]);
  });

  it('that fails is answered nothing, and concerns nobody else', () => {
    const world = new ClientWorld({ fourLetterWords: ALL });
    world.serve();
    world.host.environment = () => {
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT');
    };
    expect(ask(world, 'envi')).toBe('');
    expect(ask(world, 'ruok')).toBe('imok');
    expect(world.metrics.requests.failedAnswers.value).toBe(1);
    expect(world.logLines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('error a four-letter word failed {"client":"/10.5.5.5:50001","word":"envi","reason":'),
    ]);
  });

  it('that is not in the whitelist is told so', () => {
    const world = new ClientWorld();
    world.serve();
    expect(ask(world, 'cons')).toBe('cons is not executed because it is not in the whitelist.\n');
    expect(ask(world, 'stmk')).toBe('stmk is not executed because it is not in the whitelist.\n');
    expect(ask(world, '\u00ff\u00f4\u00ff\u00fd')).toBe(
      'telnet close is not executed because it is not in the whitelist.\n',
    );
  });

  it('that there is not is a frame length, and refused as one', () => {
    const world = new ClientWorld();
    world.serve();
    const client = world.connect();
    client.send(Buffer.from('help'));
    expect(client.text()).toBe('');
    expect(client.isClosed).toBe(true);
  });

  it.each([
    ['ruok', 'imok'],
    ['isro', 'null'],
    ['srvr', 'This ZooKeeper instance is not currently serving requests\n'],
    ['mntr', 'This ZooKeeper instance is not currently serving requests\n'],
    ['hash', 'This ZooKeeper instance is not currently serving requests'],
    ['envi', 'Environment:\nzookeeper.version=3.9.5\nhost.name=box\n'],
  ])('%s while there is no leader', (word, answer) => {
    expect(ask(new ClientWorld(), word)).toBe(answer);
  });
});

describe('what they tell', () => {
  it('srvr: latencies, traffic, and the state of the server', () => {
    expect(ask(busy(), 'srvr')).toBe(
      [
        'Zookeeper version: 3.9.5-menagerie-0.1.0, built on 2026-11-30 00:00 UTC',
        'Latency min/avg/max: 0/0.0/0',
        'Received: 6',
        'Sent: 5',
        'Connections: 2',
        'Outstanding: 0',
        'Zxid: 0x2',
        'Mode: standalone',
        'Node count: 6',
        '',
      ].join('\n'),
    );
  });

  it('srvr of a leader: the sizes of proposals too', () => {
    const world = new ClientWorld();
    world.serve('leader');
    const proposalSizes = new SizeStats();
    proposalSizes.record(48);
    proposalSizes.record(200);
    world.leader = {
      learners: 2,
      syncedFollowers: 2,
      syncedNonVotingFollowers: 0,
      pendingSyncs: 0,
      uptimeMs: 5.75,
      proposalSizes,
      observers: [],
      resetObservers() {},
    };
    expect(ask(world, 'srvr')).toContain('Mode: leader\nNode count: 5\nProposal sizes last/min/max: 200/48/200\n');
    // A whole number, as readers of it expect.
    expect(ask(world, 'mntr')).toContain('zk_leader_uptime\t5\n');
  });

  it('stat: the clients as well, in short, and the one that asks with nothing to read', () => {
    const text = ask(busy(), 'stat');
    expect(text.split('\n').slice(0, 5)).toEqual([
      'Zookeeper version: 3.9.5-menagerie-0.1.0, built on 2026-11-30 00:00 UTC',
      'Clients:',
      ' /10.1.1.1:50001[1](queued=0,recved=5,sent=5)',
      ' /10.5.5.5:50002[0](queued=0,recved=1,sent=0)',
      '',
    ]);
    expect(text.split('\n')[5]).toBe('Latency min/avg/max: 0/0.0/0');
  });

  it('cons: everything about each connection', () => {
    const world = busy();
    expect(ask(world, 'cons')).toBe(
      ' /10.1.1.1:50001[1](queued=0,recved=5,sent=5,sid=0x100000000000001,lop=PING,est=1700000000000,to=30000,' +
        'lcxid=0x3,lzxid=0x2,lresp=1000,llat=0,minlat=0,avglat=0,maxlat=0)\n' +
        ' /10.5.5.5:50002[0](queued=0,recved=1,sent=0)\n\n',
    );
  });

  it('crst and srst: start counting again', () => {
    const world = busy();
    expect(ask(world, 'crst')).toBe('Connection stats reset.\n');
    expect(ask(world, 'cons')).toContain(
      ',recved=0,sent=0,sid=0x100000000000001,lop=NA,est=1700000000000,to=30000,lzxid=0xffffffffffffffff,lresp=0,',
    );
    expect(ask(world, 'srst')).toBe('Server stats reset.\n');
    expect(ask(world, 'srvr')).toContain('Received: 1\nSent: 1\n');
  });

  it('cons of a client that came back and has asked nothing yet', () => {
    const world = new ClientWorld({ fourLetterWords: ALL });
    const upstream = world.serve();
    upstream.nextIds = [0x77n];
    const client = world.openSession(upstream);
    world.connect().send(connectRequest({ sessionId: 0x77n, password: client.password, timeoutMs: 5000 }));
    expect(ask(world, 'cons').split('\n')[0]).toBe(
      ' /10.1.1.1:50002[1](queued=0,recved=1,sent=1,sid=0x77,lop=null,est=1700000000000,to=5000,lcxid=0x0,lzxid=0x0,' +
        'lresp=0,llat=0,minlat=0,avglat=0,maxlat=0)',
    );
  });

  it('wchs, wchc, wchp: data watches in sum, by session, by path', () => {
    const world = busy();
    expect(ask(world, 'wchs')).toBe('1 connections watching 1 paths\nTotal watches:1\n');
    expect(ask(world, 'wchc')).toBe('0x100000000000001\n\t/e\n\n');
    expect(ask(world, 'wchp')).toBe('/e\n\t0x100000000000001\n\n');
  });

  it('dump: sessions and connections by when they expire, and who has ephemerals', () => {
    expect(ask(busy(), 'dump')).toBe(
      [
        'SessionTracker dump:',
        'Session Sets (1)/(1):',
        '1 expire at Tue Nov 14 22:13:51 UTC 2023:',
        '\t0x100000000000001',
        'ephemeral nodes dump:',
        'Sessions with Ephemerals (1):',
        '0x100000000000001:',
        '\t/e',
        'Connections dump:',
        'Connections Sets (2)/(2):',
        '1 expire at Tue Nov 14 22:13:39 UTC 2023:',
        '\tip: /10.5.5.5:50002 sessionId: 0x0',
        '1 expire at Tue Nov 14 22:13:59 UTC 2023:',
        '\tip: /10.1.1.1:50001 sessionId: 0x100000000000001',
        '',
      ].join('\n'),
    );
  });

  it('dump on a learner: all sessions with their timeouts', () => {
    const world = new ClientWorld({ fourLetterWords: ALL });
    const upstream = world.serve('follower');
    upstream.nextIds = [7n, -3n];
    world.openSession(upstream, 8000);
    world.openSession(upstream, 9000);
    expect(ask(world, 'dump')).toContain('Global Sessions(2):\n0xfffffffffffffffd\t9000ms\n0x7\t8000ms\n');
  });

  it('conf and dirs: the configuration and how large the directories are', () => {
    const world = busy();
    expect(ask(world, 'dirs')).toBe('datadir_size: 1234\nlogdir_size: 67108880\n');
    expect(ask(world, 'conf')).toBe(
      [
        'clientPort=2181',
        'secureClientPort=-1',
        'dataDir=/data/version-2',
        'dataDirSize=1234',
        'dataLogDir=/log/version-2',
        'dataLogSize=67108880',
        'tickTime=2000',
        'maxClientCnxns=60',
        'minSessionTimeout=4000',
        'maxSessionTimeout=40000',
        'clientPortListenBacklog=-1',
        'serverId=0',
        '',
      ].join('\n'),
    );
  });

  it('conf of a quorum member: limits, ports and the membership, without a newline at the end', () => {
    const world = busy();
    world.quorum = {
      initLimitTicks: 10,
      syncLimitTicks: 5,
      electionPort: '3888',
      quorumPort: '2888',
      isObserver: true,
      members: new Map(),
      leaderId: 1,
      membership: 'server.1=a:2888:3888:participant\nversion=0',
      quorumSize: 3,
      peerState: 'observing - broadcast',
      observerMasterId: 1,
    };
    expect(ask(world, 'conf')).toContain(
      'serverId=0\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3888\nquorumPort=2888\npeerType=1\n' +
        'membership: \nserver.1=a:2888:3888:participant\nversion=0',
    );
    expect(ask(world, 'mntr')).toContain('zk_peer_state\tobserving - broadcast\nzk_observer_master_id\t1\n');
  });

  it('mntr: who it is, then every metric under its name', () => {
    const world = busy();
    const lines = ask(world, 'mntr').trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'zk_version\t3.9.5-menagerie-0.1.0, built on 2026-11-30 00:00 UTC',
      'zk_server_state\tstandalone',
    ]);
    const values = new Map(lines.map((line) => line.split('\t') as [string, string]));
    const told = (name: string): string | undefined => values.get(`zk_${name}`);
    expect(told('avg_latency')).toBe('0.0');
    expect(told('znode_count')).toBe('6');
    expect(told('watch_count')).toBe('1');
    expect(told('ephemerals_count')).toBe('1');
    expect(told('num_alive_connections')).toBe('2');
    expect(told('global_sessions')).toBe('1');
    expect(told('open_file_descriptor_count')).toBe('33');
    expect(told('cnt_readlatency')).toBe('3');
    expect(told('p999_updatelatency')).toBe('0');
    expect(told('connection_request_count')).toBe('1');
    expect(told('quorum_size')).toBeUndefined();
    for (const line of lines) expect(line).toMatch(/^zk_[a-z0-9_]+\t\S/);
  });

  it('isro: rw, or ro in read-only mode', () => {
    expect(ask(busy(), 'isro')).toBe('rw');
    const readOnly = new ClientWorld();
    readOnly.serve('read-only');
    expect(ask(readOnly, 'isro')).toBe('ro');
  });

  it('gtmk and stmk: the mask that was set, 306 at first', () => {
    const world = new ClientWorld({ fourLetterWords: ALL });
    expect(ask(world, 'gtmk')).toBe('306');
    const client = world.connect();
    client.send(Buffer.from('stmk'));
    expect(client.text()).toBe('');
    client.sendHex('0000000000000204');
    expect(client.text()).toBe('516');
    expect(ask(world, 'gtmk')).toBe('516');
  });
});

describe('Java prints', () => {
  it.each([
    [0, '0.0'],
    [12, '12.0'],
    [3.3333, '3.3333'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [9_999_999, '9999999.0'],
    [10_000_000, '1.0E7'],
    [12_345_678.9, '1.23456789E7'],
    [Number.NaN, 'NaN'],
  ])('%d as %s', (value, text) => {
    expect(javaDouble(value)).toBe(text);
  });

  it.each([
    [0, 'Thu Jan 01 00:00:00 UTC 1970'],
    [951_782_400_000, 'Tue Feb 29 00:00:00 UTC 2000'],
    [1_709_251_199_999, 'Thu Feb 29 23:59:59 UTC 2024'],
    [1_767_225_600_000, 'Thu Jan 01 00:00:00 UTC 2026'],
    [4_107_542_399_000, 'Sun Feb 28 23:59:59 UTC 2100'],
  ])('the date %d as %s', (wallMs, text) => {
    expect(javaDate(wallMs)).toBe(text);
  });
});
