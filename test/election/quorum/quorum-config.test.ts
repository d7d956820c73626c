import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { parseProperties } from '../../../src/election/quorum/properties.ts';
import { parseQuorumConfig, parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import { AckTracker, type QuorumVerifier } from '../../../src/election/quorum/quorum-verifier.ts';

const options = { multiAddress: false, standaloneEnabled: true, otherKeys: 'refuse' } as const;

function quorum(...lines: string[]): QuorumVerifier {
  return parseQuorumText(lines.join('\n'), options);
}

function refused(...lines: string[]): string {
  try {
    quorum(...lines);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

const plain = (n: number): string[] => Array.from({ length: n }, (_, i) => `server.${i + 1}=h${i + 1}:1:2`);

describe('a configuration text', () => {
  it('comes out as Apache prints it, version last and without a newline', () => {
    expect(
      quorum('version=1f00000001', 'server.3=c:1:2:observer;2181', 'server.1=a:1:2', 'server.2=b:1:2').text(),
    ).toBe(
      'server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:observer;0.0.0.0:2181\nversion=1f00000001',
    );
  });

  it('prints ids in the order of a Java hash table', () => {
    const ids = [1, 2, 3, 5, 6, 7, 8, 9, 10, 16, 17, 100, 255, 300];
    const text = quorum(...ids.map((id) => `server.${id}=a:1:2`)).text();
    expect([...text.matchAll(/server\.(\d+)/g)].map((match) => Number(match[1]))).toEqual([
      1, 2, 3, 100, 5, 6, 7, 8, 9, 10, 300, 16, 17, 255,
    ]);
  });

  it('with groups and weights prints all of them', () => {
    expect(
      quorum('server.1=a:1:2', 'server.2=a:1:2', 'server.3=b:3:4:observer', 'group.1=1:2', 'weight.1=3').text(),
    ).toBe(
      'server.1=a:1:2:participant\nserver.2=a:1:2:participant\nserver.3=b:3:4:observer\ngroup.1=1:2\nweight.1=3\nweight.2=1\nversion=0',
    );
  });

  it('is read back as the same configuration', () => {
    for (const text of [
      quorum(...plain(5), 'version=100000000').text(),
      quorum(...plain(4), 'group.1=1:2', 'group.2=3:4', 'weight.4=0').text(),
    ]) {
      expect(parseQuorumText(text, options).text()).toBe(text);
    }
  });

  it('leaves out the client address that zoo.cfg gave as clientPort, but knows it', () => {
    const filled = quorum(...plain(3)).withStaticClient(2, { host: '0.0.0.0', port: 2181 });
    expect(filled.text()).toBe(quorum(...plain(3)).text());
    expect(filled.members.get(2)?.client).toEqual({ host: '0.0.0.0', port: 2181 });
  });

  it('is the same as another with its members and rules, whatever the versions', () => {
    const base = quorum(...plain(3));
    expect(base.sameAs(quorum(...plain(3), 'version=5'))).toBe(true);
    expect(base.withStaticClient(2, { host: '0.0.0.0', port: 2181 }).sameAs(base)).toBe(true);
    expect(base.sameAs(quorum(...plain(4)))).toBe(false);
    expect(base.sameAs(quorum(...plain(4), 'version=5'))).toBe(false);
    expect(base.sameAs(quorum(...plain(3), 'group.1=1:2:3'))).toBe(false);
    const groups = quorum(...plain(3), 'group.1=1:2:3', 'version=1');
    expect(groups.sameAs(quorum(...plain(3), 'group.1=1:2:3', 'version=2'))).toBe(true);
    expect(groups.sameAs(quorum(...plain(3), 'group.1=1:2', 'group.2=3', 'version=2'))).toBe(false);
    expect(groups.sameAs(quorum(...plain(3), 'group.1=1:2:3', 'weight.1=2', 'version=2'))).toBe(false);
    expect(groups.withVersion(base.version).version).toBe(0);
  });

  it.each([
    [['server.x=a:1:2'], 'server.x=a:1:2: "x" is not a server or group id'],
    [['server.1=a:1:2', 'server.01=a:1:2'], 'server 1 is named twice'],
    [['foo=bar', ...plain(3)], 'foo=bar: only server.N, group.N, weight.N and version belong here'],
    [[...plain(2), 'group.1=1'], 'server.2 is in no group'],
    [[...plain(2), 'group.1=1:2:7'], 'group.1 names server 7, which is no participant'],
    [[...plain(2), 'group.1=1:2', 'group.2=2'], 'group.2=2: server 2 is in another group already'],
    [[...plain(2), 'group.1=1:2', 'weight.1=-1'], 'weight.1=-1: a weight is a whole number, 0 or more'],
    [['server.1=a:1:2:observer'], 'all servers are observers'],
    [['server.1=a:1:2', 'server.2=a:1:2:observer'], 'one participant with observers is no quorum'],
    [[...plain(3), 'version=xyz'], 'version=xyz: a version is a zxid in hexadecimal'],
  ])('%j is refused: %s', (lines, reason) => {
    expect(refused(...lines)).toContain(reason);
  });

  it('names file and line of what it refuses', () => {
    const entries = [{ key: 'server.1', value: 'a:1', where: 'zoo.cfg, line 7' }];
    expect(() => parseQuorumConfig(entries, options)).toThrow(/^zoo\.cfg, line 7: server\.1=a:1: "a:1" has 2 fields/);
  });

  it('may stand among other keys in zoo.cfg, and warns of what is unwise', () => {
    const warnings: string[] = [];
    const relaxed = { ...options, otherKeys: 'ignore', warn: (text: string) => warnings.push(text) } as const;
    for (const n of [1, 2, 3, 4]) parseQuorumText(['tickTime=2000', ...plain(n)].join('\n'), relaxed);
    expect(warnings).toEqual([
      'with 2 participants the loss of any one stops the service; 3 tolerate one',
      '4 participants tolerate no more failures than 3 do; use an odd number',
    ]);
  });
});

describe('a majority', () => {
  it('is more than half of the participants, and nobody else counts', () => {
    const verifier = quorum(...plain(4), 'server.5=o:1:2:observer');
    expect(verifier.containsQuorum(new Set([1, 2]))).toBe(false);
    expect(verifier.containsQuorum(new Set([1, 2, 5, 9]))).toBe(false);
    expect(verifier.containsQuorum(new Set([1, 2, 4]))).toBe(true);
    expect([1, 5, 9].map((sid) => verifier.weightOf(sid))).toEqual([1, 0, 0]);
  });

  it('has one voter in common with every other majority', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(), fc.nat(), (n, a, b) => {
        const verifier = quorum(...plain(n));
        const set = (bits: number) => new Set([...verifier.voters].filter((sid) => (bits >> (sid - 1)) & 1));
        const both = [set(a), set(b)] as const;
        if (both.every((acks) => verifier.containsQuorum(acks))) {
          expect([...both[0]].some((sid) => both[1].has(sid))).toBe(true);
        }
      }),
    );
  });
});

describe('a hierarchical quorum', () => {
  const three = quorum(...plain(9), 'group.1=1:2:3', 'group.2=4:5:6', 'group.3=7:8:9');

  it('is a majority by weight in a majority of groups', () => {
    expect(three.containsQuorum(new Set([1, 2, 4, 5]))).toBe(true);
    expect(three.containsQuorum(new Set([1, 2, 3, 4, 7]))).toBe(false);
    expect(three.containsQuorum(new Set([1, 4, 7]))).toBe(false);
    expect(three.containsQuorum(new Set())).toBe(false);
  });

  it('weighs its members, and leaves out groups that weigh nothing', () => {
    const weighed = quorum(...plain(5), 'group.1=1:2:3', 'group.2=4:5', 'weight.1=3', 'weight.4=0', 'weight.5=0');
    expect(weighed.containsQuorum(new Set([1]))).toBe(true);
    expect(weighed.containsQuorum(new Set([2, 3, 4, 5]))).toBe(false);
    expect([1, 2, 4].map((sid) => weighed.weightOf(sid))).toEqual([3, 1, 0]);
  });

  it('counts the weight a group has in absent servers, as Apache does', () => {
    const withAbsent = quorum(...plain(2), 'group.1=1:2:7', 'weight.7=2');
    expect(withAbsent.containsQuorum(new Set([1, 2]))).toBe(false);
    expect(withAbsent.containsQuorum(new Set([1, 2, 7]))).toBe(false);
  });
});

describe('acknowledgements under two configurations', () => {
  it('need a quorum of both', () => {
    const tracker = new AckTracker([quorum(...plain(3)), quorum('server.3=a:1:2', 'server.4=a:1:2', 'server.5=a:1:2')]);
    expect([1, 2, 3, 9].map((sid) => tracker.add(sid))).toEqual([true, true, true, false]);
    expect(tracker.hasAllQuorums()).toBe(false);
    tracker.add(4);
    expect(tracker.hasAllQuorums()).toBe(true);
    tracker.remove(4);
    expect([tracker.hasAllQuorums(), tracker.has(3), tracker.has(4), tracker.acks.size]).toEqual([
      false,
      true,
      false,
      3,
    ]);
  });
});

describe("Java's properties format", () => {
  it('knows three separators, comments, continued lines and escapes', () => {
    const text = [
      '# comment',
      '! comment',
      'a=1',
      '  b : 2 ',
      'c 3',
      'd=x\\',
      '   y',
      'e\\ f=\\u00e4\\t\\=',
      'g',
      '',
      'h==1',
      'i=\\\\',
      'j=end\\',
    ].join('\r\n');
    expect(parseProperties(text)).toEqual([
      { key: 'a', value: '1', line: 3 },
      { key: 'b', value: '2 ', line: 4 },
      { key: 'c', value: '3', line: 5 },
      { key: 'd', value: 'xy', line: 6 },
      { key: 'e f', value: 'ä\t=', line: 8 },
      { key: 'g', value: '', line: 9 },
      { key: 'h', value: '=1', line: 11 },
      { key: 'i', value: '\\', line: 12 },
      { key: 'j', value: 'end', line: 13 },
    ]);
  });
});
