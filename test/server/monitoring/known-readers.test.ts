import { describe, expect, it } from 'vitest';
import { ClientWorld, connectRequest, create, getData, PING } from '../client-harness.ts';

/**
 * What monitoring programs look for in the words they ask, one pattern for each thing that a program reads. Where a
 * pattern does not match, the program drops the answer, or a field of it. The patterns say what is read, in our words.
 */
const WORDS = 'conf cons dirs dump envi isro mntr ruok srvr stat wchc wchp wchs'.split(' ');

/** By reader: the word, and what each of its lines or fields has to look like. */
const READERS: readonly (readonly [reader: string, word: string, pattern: RegExp])[] = [
  ['metricbeat server: version and its date', 'srvr', /^Zookeeper version: (.*), built on (.*)$/m],
  ['metricbeat server: latency, fractions allowed', 'srvr', /^Latency min\/avg\/max: \d+\/[\d.]+\/\d+$/m],
  ['metricbeat server: zxid', 'srvr', /^Zxid: 0x[0-9a-f]+$/m],
  ['metricbeat server: counts', 'srvr', /^Received: \d+\nSent: \d+\nConnections: \d+\nOutstanding: \d+$/m],
  ['metricbeat server: mode and nodes', 'srvr', /^Mode: \w+\nNode count: \d+$/m],
  ['metricbeat connection', 'cons', /^ ?\/[\d.]+:\d+\[\d+\]\(queued=\d+,recved=\d+,sent=\d+/m],
  ['metricbeat mntr: version', 'mntr', /^zk_version\t(\d+\.\d+\.\d+).*, built on .*$/m],
  [
    'go-zk srvr: version without blanks',
    'srvr',
    /^Zookeeper version: [A-Za-z0-9.-]+, built on \d{4}-\d{2}-\d{2} \d{2}:\d{2} [A-Z]+$/m,
  ],
  [
    'go-zk cons',
    'cons',
    /^ \/[\d.]+:\d+\[\d+\]\(queued=\d+,recved=\d+,sent=\d+,sid=0x[0-9a-f]+,lop=\w+,est=\d+,to=\d+,lcxid=0x[0-9a-f]+,lzxid=0x[0-9a-f]+,lresp=\d+,llat=\d+,minlat=\d+,avglat=\d+,maxlat=\d+\)$/m,
  ],
  ['go-zk ruok', 'ruok', /^imok$/],
  ['telegraf mntr: every line', 'mntr', /^(zk_\w[\w.-]*\s+[^\n]+\n)+$/],
  ['datadog stat: version', 'stat', /Zookeeper version: [^.]+\.[^.]+\.[^-]+-/],
  ['datadog stat: clients, a blank line, latency', 'stat', /^Clients:\n( \/.*\n)+\nLatency min\/avg\/max: /m],
  ['aiozk: version', 'stat', /Zookeeper version: (\d+)\.(\d+)\.(\d+)-.*/],
  ['kazoo server_version', 'envi', /^zookeeper\.version=(\d+(?:\.\d+)+)/m],
  ['zookeeper exporter: numbers', 'mntr', /^zk_avg_latency\t[\d.]+\n[\s\S]*^zk_znode_count\t\d+\n/m],
  ['nagios and zkServer.sh: mode', 'srvr', /^Mode: standalone$/m],
  ['watch summary', 'wchs', /^\d+ connections watching \d+ paths\nTotal watches:\d+\n$/],
  ['watches by session', 'wchc', /^0x[0-9a-f]+\n\t\/\S+\n/],
  ['watches by path', 'wchp', /^\/\S+\n\t0x[0-9a-f]+\n/],
  ['is it read-only', 'isro', /^(rw|ro|null)$/],
  ['configuration as keys and values', 'conf', /^(\w+=[^\n]*\n)+$/],
  ['sizes of directories', 'dirs', /^datadir_size: \d+\nlogdir_size: \d+\n$/],
  ['sessions with their ephemerals', 'dump', /^Sessions with Ephemerals \(1\):\n0x[0-9a-f]+:\n\t\/e\n/m],
];

function world(): ClientWorld {
  const made = new ClientWorld({ fourLetterWords: new Set(WORDS) });
  const upstream = made.serve();
  upstream.nextIds = [0x100000000000001n];
  const client = made.openSession(upstream);
  client.send(create(1, '/e', 'data', 1), getData(2, '/e', true), PING);
  upstream.commit();
  client.frames();
  return made;
}

function ask(made: ClientWorld, word: string): string {
  const client = made.connect('10.5.5.5');
  client.send(Buffer.from(word, 'latin1'));
  return client.text();
}

describe('known readers', () => {
  for (const [reader, word, pattern] of READERS) {
    it(`${reader}, in ${word}`, () => {
      expect(ask(world(), word)).toMatch(pattern);
    });
  }

  it('every word that is answered is read by one of them', () => {
    const read = new Set(READERS.map(([, word]) => word));
    expect(WORDS.filter((word) => !read.has(word))).toEqual([]);
  });

  it('a client that asks has no session yet', () => {
    const made = world();
    const client = made.connect('10.5.5.5');
    client.send(connectRequest());
    expect(ask(made, 'cons')).toMatch(/^ \/10\.5\.5\.5:\d+\[\d+\]\(queued=0,recved=1,sent=0/m);
  });
});
