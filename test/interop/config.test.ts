// Configurations as Java and Apache's QuorumPeerConfig read them: the same bytes go to both, at random and as operators
// write them, and what comes out is compared key by key.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { canonicalHost, isNumeric } from '../../src/election/quorum/host-address.ts';
import { parseProperties, printProperty, trimLikeJava } from '../../src/election/quorum/properties.ts';
import { parseServerSpec, printServerSpec } from '../../src/election/quorum/server-spec.ts';
import { openNodeWorld } from '../../src/io/node-world.ts';
import { KEYS, keySpec } from '../../src/quorum/config/keys.ts';
import { type ReadConfig, readConfigFile } from '../../src/quorum/config/read-config.ts';
import { Rng } from './diff/rng.ts';
import { runJava } from './harness/programs.ts';

const dir = mkdtempSync(join(tmpdir(), 'menagerie-config-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function ask(word: string, questions: readonly (string | Buffer)[]): Promise<unknown[]> {
  const input = questions.map((question) => `${word} ${Buffer.from(question as string).toString('base64')}\n`).join('');
  const { code, stdout, stderr } = await runJava('interop.ConfigJudge', [], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const answers = stdout.trimEnd().split('\n');
  expect(answers).toHaveLength(questions.length);
  return answers.map((answer) => JSON.parse(answer) as unknown);
}

const isRefused = (answer: unknown): boolean => typeof answer === 'object' && answer !== null && 'refused' in answer;

describe('java.util.Properties', () => {
  const special = [
    '\\',
    '\\',
    '\\u',
    '\n',
    '\r',
    '\r\n',
    ' ',
    '\t',
    '\f',
    '=',
    ':',
    '#',
    '!',
    '\0',
    '\x1a',
    '\xa0',
    '\x85',
  ];
  const plain = ['a', 'b', 'u', 'n', 't', '0', '0041', '\xc3\xa9', '"', '\x0b', '\x1f', '\x7f', '\xff'];

  function randomBytes(rng: Rng): Buffer {
    let text = '';
    for (let i = rng.below(24); i >= 0; i--) {
      if (rng.chance(0.05)) text += String.fromCharCode(rng.below(256));
      else text += rng.pick(rng.chance(0.6) ? special : plain);
    }
    return Buffer.from(text, 'latin1');
  }

  /** Key, value, and both trimmed; the last one of a name. */
  function ours(bytes: Buffer): unknown {
    let refused = false;
    const properties = parseProperties(bytes.toString('latin1'), () => {
      refused = true;
    });
    if (refused) return 'refused';
    return Object.fromEntries(
      properties.map(({ key, value }) => [key, [value, trimLikeJava(key), trimLikeJava(value)]]),
    );
  }

  it('reads 40,000 random texts as we do, and refuses the same ones', async () => {
    const rng = new Rng(20_112);
    const texts = Array.from({ length: 40_000 }, () => randomBytes(rng));
    const answers = await ask('properties', texts);
    const refused = answers.filter(isRefused).length;
    expect(refused).toBeGreaterThan(5_000);
    expect(refused).toBeLessThan(35_000);
    for (const [i, answer] of answers.entries()) {
      const text = texts[i] as Buffer;
      expect({ text, read: ours(text) }).toEqual({ text, read: isRefused(answer) ? 'refused' : answer });
    }
  });
});

it('reads what we print into a zoo.cfg as it was', async () => {
  const rng = new Rng(3);
  const text = (): string =>
    Array.from({ length: rng.below(8) }, () => rng.pick([...'\\ =:#!\t\n\0\x1aau\xe9\u4e2d'])).join('');
  const pairs = Array.from({ length: 5000 }, () => [text(), text()] as const);
  const answers = await ask(
    'properties',
    pairs.map(([key, value]) => printProperty(key, value)),
  );
  for (const [i, answer] of answers.entries()) {
    const [key, value] = pairs[i] as readonly [string, string];
    expect(answer).toEqual({ [key]: [value, trimLikeJava(key), trimLikeJava(value)] });
  }
});

describe('addresses', () => {
  const pieces = ['1', '0', '255', '256', '65536', '007', 'f', 'ffff', '00000', '12345', '127.1', '1.2.3.4', 'g'];
  const marks = ['.', '.', ':', ':', ':', '::', '%1', '[', ']'];

  function randomHost(rng: Rng): string {
    let text = rng.chance(0.2) ? '[' : '';
    const colons = rng.chance(0.9);
    for (let i = rng.below(colons ? 9 : 5); i >= 0; i--) {
      text += rng.pick(pieces);
      if (i > 0) text += rng.chance(0.05) ? rng.pick(marks) : colons ? rng.pick([':', ':', ':', '::']) : '.';
    }
    if (rng.chance(0.1)) text += '%1';
    return text.startsWith('[') && rng.chance(0.9) ? `${text}]` : text;
  }

  it('are printed as Java prints them, one by one and at random', async () => {
    const rng = new Rng(7);
    const hosts = [
      ...['::', '[::]', '::1', '[::1]', '127.1', '1', '0', '1.2.3', '010.0.0.1', '0x7f.1', '256.1.1.1', '2130706433'],
      ...[
        '4294967296',
        '1.65536',
        '1.16777216',
        '::ffff:1.2.3.4',
        '::1.2.3.4',
        '1.2.3.4::',
        '1:2:3:4:5:6:7::',
        '1.2.3.4.',
      ],
      ...[
        'localhost',
        'LOCALHOST',
        'localhost.',
        'fe80::1%1',
        'fe80::1%nope',
        '[1.2.3.4]',
        '00000::1',
        '1::2::3',
        ':::',
      ],
      ...Array.from({ length: 300 }, () => randomHost(rng)),
    ];
    const answers = (await ask('host', hosts)) as { printed: string; address: string | null }[];
    const numeric = answers.filter((answer) => answer.address !== null).length;
    expect(numeric).toBeGreaterThan(30);
    for (const [i, { printed, address }] of answers.entries()) {
      const host = hosts[i] as string;
      expect({ host, printed: canonicalHost(host) }).toEqual({ host, printed });
      if (!/^localhost\.?$/i.test(host))
        expect({ host, is: isNumeric(host) || /%n/.test(host) }).toEqual({
          host,
          is: address !== null || /%n/.test(host),
        });
    }
  });

  /** We say no where Java takes an empty host for its own machine, or a name that cannot be one. */
  const stricter = ['the host is missing', 'the client host is missing', 'no host is named'];

  it('make server lines that print alike', async () => {
    const rng = new Rng(9);
    const roles = ['', '', ':participant', ':OBSERVER', ':observer ', ':x', ':'];
    const clients = [
      '',
      '',
      ';3',
      ';[::1]:3',
      ';127.1:3',
      ';:3',
      ';',
      ';0.0.0.0:3',
      ';[::]:3',
      ';a:b',
      ';a:3:4',
      ';3;4',
    ];
    const lines = Array.from({ length: 600 }, () => {
      const host = rng.chance(0.5)
        ? rng.pick(['a', '', '127.1', '[::1]', '[127.1]', '::1', '[::', 'a b'])
        : randomHost(rng);
      const port = (): string => rng.pick(['1', '2', '+3', '04', '65535', '65536', '-1', '', 'x', ' 5']);
      return `${host}:${port()}:${port()}${rng.pick(roles)}${rng.pick(clients)}`.trim();
    });
    const answers = await ask('server', lines);
    expect(answers.filter((answer) => !isRefused(answer)).length).toBeGreaterThan(20);
    for (const [i, answer] of answers.entries()) {
      const line = lines[i] as string;
      let read = 'refused';
      let why = '';
      try {
        read = printServerSpec(parseServerSpec(1, 'server.1', line, { multiAddress: false }));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        why = error.message;
      }
      if (stricter.some((reason) => why.includes(reason))) continue;
      expect({ line, read }).toEqual({ line, read: isRefused(answer) ? 'refused' : answer });
    }
  });
});

describe('QuorumPeerConfig', () => {
  const disk = openNodeWorld(silentLog).disk;
  const values = [
    '',
    ' ',
    '0',
    '1',
    '-1',
    '+5',
    '007',
    '5x',
    '40',
    '2147483648',
    '99999999999',
    '0x10',
    '#7',
    '1.5',
    'true',
  ];
  const words = [
    'TRUE',
    'false',
    'yes',
    'no',
    'observer',
    'Participant',
    '/p',
    './p',
    '3',
    '65535',
    '65536',
    'gz',
    '30m',
  ];
  const hosts = ['127.1', '[::1]', '::', '[::]', '0.0.0.0', 'localhost', '::ffff:127.0.0.1', '[::1', '1::2::3'];
  const members = [
    ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2:observer'],
    ['server.1=127.1:1:2;2181', 'server.2=[::1]:1:2', 'server.3=b:1:2'],
    ['server.1=a:1:2', 'server.02=b:1:2:PARTICIPANT'],
    ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'group.1=1:2:3', 'weight.1=2'],
    ['server.1=a:1:2', 'server.2=b:1:2', 'group.1=1'],
    ['server.1=a:1:2'],
    ['server.1=a:1:2', 'server.2=b:1:2:observer'],
    ['server.1=a:1:1', 'server.2=b:1:2'],
    ['server.x=a:1:2', 'server.2=b:1:2'],
    ['server.1=a:1:2;[::1]:2181', 'server.2=b:1:2'],
    ['server.2=a:1:2', 'server.3=b:1:2'],
    ['group.1=1', 'weight.1=1'],
  ];
  const base = ['clientPort=2181', 'initLimit=10', 'syncLimit=5'];

  function texts(): string[] {
    const found: string[] = [];
    for (const key of Object.keys(KEYS)) {
      for (const value of [...values, ...words]) found.push([...base, `${key}=${value}`].join('\n'));
    }
    for (const host of [...hosts, '']) {
      found.push([...base, `clientPortAddress=${host}`].join('\n'));
      for (const lines of members) found.push([...base, ...lines, `clientPortAddress=${host}`].join('\n'));
    }
    const rng = new Rng(5);
    for (let i = 0; i < 1500; i++) {
      const lines = [...base, ...(rng.chance(0.5) ? rng.pick(members) : [])];
      const keys = Object.keys(KEYS).filter((key) => keySpec(key)?.from === 'file' && !/Dir$|File$|^oracle/.test(key));
      for (let n = rng.below(4); n >= 0; n--)
        lines.push(`${rng.pick(keys)}${rng.pick(['=', ':', ' ', ' = '])}${rng.pick([...values, ...words])}`);
      if (rng.chance(0.2)) lines.splice(rng.below(3), 1);
      found.push(lines.join(rng.pick(['\n', '\r\n', '\r', ' \n'])));
    }
    return found;
  }

  /** Beyond what Apache refuses, we refuse these; COMPATIBILITY and OPERATIONS say so. */
  const stricter = [
    /: refused, because /,
    /: a whole number is needed/,
    /: a number is needed/,
    /: it is (.* or .*|\S+)$/,
    /: it names nothing/,
    /: only 3 is supported/,
    /: it must not be above/,
    /: there is no such provider here/,
    /each number may stand in one line/,
    /is named twice/,
    /is not among the server lines/,
    /no such hash here/,
    // A door that would let nobody in, or not ask: Apache starts, and refuses everyone or no one.
    /: it needs (a JAAS file|the scheme sasl|enforce\.auth\.schemes)/,
    /: it takes admin\.forceHttps or admin\.portUnification/,
    /: no rule begins with /,
    /: there is no such file$/,
  ];

  /**
   * Beyond what we refuse, Apache refuses these: a relative path of one character, since it looks at the second; blanks
   * behind the value of a member's line; names that do not resolve, which here the bind finds out; and
   * hexadecimal in a key of zoo.cfg that is a property too; units are later than 3.9.
   */
  const laxer = [
    /StringIndexOutOfBounds/,
    /Address unresolved: \S+ "/,
    /For input string: \\"\d+ \\""/,
    /UnknownHost/,
    /For input string: \\"(0x10|#7|30m)\\"/,
  ];

  function isLaxer(answer: unknown): boolean {
    return laxer.some((reason) => reason.test(JSON.stringify(answer)));
  }

  function ours(file: string): { read: ReadConfig | undefined; why: string } {
    try {
      return { read: readConfigFile(file, { disk, cwd: process.cwd() }), why: '' };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { read: undefined, why: error.message };
    }
  }

  /** The same words as the judge's, as far as both have them. */
  function rendered({ config }: ReadConfig): Record<string, unknown> {
    return {
      dataDir: config.dataDir,
      dataLogDir: config.dataLogDir,
      clientPort: config.clientPort ?? null,
      clientAddress: config.clientPort === undefined ? null : addressOf(config.clientPortAddress),
      tickTime: config.tickTimeMs,
      initLimit: config.initLimitTicks,
      syncLimit: config.syncLimitTicks,
      connectToLearnerMasterLimit: config.connectToLearnerMasterLimitTicks,
      maxClientCnxns: config.maxClientCnxns,
      minSessionTimeout: config.minSessionTimeoutMs,
      maxSessionTimeout: config.maxSessionTimeoutMs,
      snapRetainCount: config.snapRetainCount,
      standaloneEnabled: config.standaloneEnabled,
      quorumListenOnAllIPs: config.quorumListenOnAllIPs,
      distributed: config.distributed,
      members: config.quorumVerifier?.text() ?? null,
    };
  }

  function addressOf(host: string | undefined): string {
    return host === undefined ? 'any' : host === 'localhost' ? '127.0.0.1' : host;
  }

  function expected(judge: Record<string, unknown>): Record<string, unknown> {
    const { backlog, purgeInterval, myid, properties, ...rest } = judge;
    const isAny = ['0.0.0.0', '0:0:0:0:0:0:0:0'].includes(judge.clientAddress as string);
    return {
      ...rest,
      dataDir: resolve(judge.dataDir as string),
      dataLogDir: resolve(judge.dataLogDir as string),
      clientAddress: isAny ? 'any' : judge.clientAddress,
      connectToLearnerMasterLimit:
        judge.connectToLearnerMasterLimit === 0 ? judge.initLimit : judge.connectToLearnerMasterLimit,
      maxClientCnxns: Math.max(judge.maxClientCnxns as number, 0),
      snapRetainCount: Math.max(judge.snapRetainCount as number, 3),
    };
  }

  it('takes what we take, with the same values, and nothing that we take and it does not', async () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data/myid'), '1\n');
    const files = texts().map((text, i) => {
      const file = join(dir, `${i}.cfg`);
      writeFileSync(file, `dataDir=${join(dir, 'data')}\n${text}\n`, 'latin1');
      return { file, text };
    });
    const answers = await ask(
      'config',
      files.map(({ file }) => file),
    );
    const counts = { both: 0, stricter: 0, neither: 0 };
    const differences: unknown[] = [];
    for (const [i, answer] of answers.entries()) {
      const { file, text } = files[i] as { file: string; text: string };
      const { read, why } = ours(file);
      if (isRefused(answer)) {
        counts.neither++;
        if (read !== undefined && !isLaxer(answer)) differences.push({ text, taken: true, judge: answer });
      } else if (read === undefined) {
        counts.stricter++;
        const unlisted = why.split('\n').filter((line) => !stricter.some((reason) => reason.test(line)));
        if (unlisted.length > 0) differences.push({ text, unlisted });
      } else {
        counts.both++;
        const [mine, theirs] = [rendered(read), expected(answer as Record<string, unknown>)];
        for (const name of Object.keys(mine)) {
          if (mine[name] !== theirs[name]) differences.push({ text, name, mine: mine[name], theirs: theirs[name] });
        }
      }
    }
    expect(differences.slice(0, 20)).toEqual([]);
    expect(counts.both).toBeGreaterThan(1000);
    expect(counts.neither).toBeGreaterThan(500);
  });
});
