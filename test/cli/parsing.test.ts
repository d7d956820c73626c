import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aclArgument, aclLines, parseAcl } from '../../src/cli/zk/acl-text.ts';
import { CliError } from '../../src/cli/zk/cli-error.ts';
import { clientConnectString } from '../../src/cli/zk/commands/ensemble-commands.ts';
import { type FlagRules, parseFlags } from '../../src/cli/zk/flags.ts';
import { hexDump } from '../../src/cli/zk/hex-dump.ts';
import { parseOptions } from '../../src/cli/zk/options.ts';
import { checkPath } from '../../src/cli/zk/paths.ts';
import { javaDate } from '../../src/cli/zk/stat-text.ts';
import { progressLine } from '../../src/cli/zk/terminal/progress-bar.ts';
import { wordsOf } from '../../src/cli/zk/words.ts';
import { ZooKeeperError } from '../../src/client/errors.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CliError || error instanceof ZooKeeperError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

const rules: FlagRules = {
  flags: [
    { name: '-s' },
    { name: '-w' },
    { name: '-v', value: 'version', help: 'a version' },
    { name: '-n', value: 'number', help: 'a number' },
    { name: '-members', value: 'members' },
    { name: '--depth', value: 'levels' },
  ],
};

function parsed(...args: string[]): unknown {
  const flags = parseFlags(args, rules);
  const given = Object.fromEntries(
    rules.flags.flatMap(({ name }) => (flags.has(name) ? [[name, flags.value(name)]] : [])),
  );
  return { ...given, words: flags.words };
}

describe('flags', () => {
  test('stand anywhere, run together, and take their value in three ways', () => {
    expect(parsed('/a', '-s', 'b')).toEqual({ '-s': '', words: ['/a', 'b'] });
    expect(parsed('-sw', '/a')).toEqual({ '-s': '', '-w': '', words: ['/a'] });
    expect(parsed('-v', '3', '/a')).toEqual({ '-v': '3', words: ['/a'] });
    expect(parsed('-v3', '/a')).toEqual({ '-v': '3', words: ['/a'] });
    expect(parsed('-v=3', '/a')).toEqual({ '-v': '3', words: ['/a'] });
    expect(parsed('-sv', '3', '/a')).toEqual({ '-s': '', '-v': '3', words: ['/a'] });
    expect(parsed('-members', 'a,b', '--depth=2')).toEqual({ '-members': 'a,b', '--depth': '2', words: [] });
  });

  test('a negative number is a value, and no word', () => {
    expect(parsed('-v', '-1', '/a')).toEqual({ '-v': '-1', words: ['/a'] });
    expect(refusal(() => parsed('/a', '-1'))).toBe('Unrecognized option: -1');
  });

  test('behind -- everything is a word', () => {
    expect(parsed('-s', '--', '-w', '-x')).toEqual({ '-s': '', words: ['-w', '-x'] });
    expect(parsed('-')).toEqual({ words: ['-'] });
  });

  test('an unknown one is named, alone, in a run, and with a value', () => {
    expect(refusal(() => parsed('-q'))).toBe('Unrecognized option: -q');
    expect(refusal(() => parsed('-sq'))).toBe('Unrecognized option: -sq');
    expect(refusal(() => parsed('-q=1'))).toBe('Unrecognized option: -q=1');
    expect(refusal(() => parsed('--deep', '1'))).toBe('Unrecognized option: --deep');
  });

  test('a missing value is named, whatever stands in its place', () => {
    expect(refusal(() => parsed('-v'))).toBe('Missing argument for option: v');
    expect(refusal(() => parsed('-v', '-s'))).toBe('Missing argument for option: v');
    expect(refusal(() => parsed('-members', '--', 'x'))).toBe('Missing argument for option: members');
  });

  test('of a group there is one, and where it must be there, it is asked for', () => {
    const group: FlagRules = { ...rules, exclusive: ['-v', '-n'], exclusiveIsRequired: true };
    expect(refusal(() => parseFlags(['-v', '1', '-n', '2'], group))).toBe(
      "The option 'n' was specified but an option from this group has already been selected: 'v'",
    );
    expect(refusal(() => parseFlags(['/a'], group))).toBe('Missing required option: [-v a version, -n a number]');
  });
});

describe('a line', () => {
  test('is words, quoted where they hold blanks', () => {
    expect(wordsOf(`set /a "two words"`)).toEqual(['set', '/a', 'two words']);
    expect(wordsOf(`  set\t/a '"q"' ""  `)).toEqual(['set', '/a', '"q"', '']);
    expect(wordsOf('set /a a"b"c back\\slash #')).toEqual(['set', '/a', 'a"b"c', 'back\\slash', '#']);
    expect(wordsOf('   ')).toEqual([]);
  });

  test('with an open quote is refused', () => {
    expect(refusal(() => wordsOf('set /a "open'))).toBe('the quote " is not closed');
    expect(refusal(() => wordsOf("set /a 'it"))).toBe("the quote ' is not closed");
  });
});

describe('what stands before the command', () => {
  test('ends at the first word', () => {
    expect(parseOptions(['-server', 'a:1/x', '-timeout', '5000', '-r', '-waitforconnection', 'ls', '-s', '/'])).toEqual(
      {
        server: 'a:1/x',
        timeoutMs: 5000,
        readOnly: true,
        waitForConnection: true,
        json: false,
        help: false,
        tls: undefined,
        warnings: [],
        command: ['ls', '-s', '/'],
      },
    );
    expect(parseOptions(['--server', 'a,b', '--json'])).toMatchObject({ server: 'a,b', json: true, command: [] });
    expect(parseOptions([])).toMatchObject({ server: 'localhost:2181', timeoutMs: 30_000 });
  });

  test('is refused by name when it is unknown, without its value, or wrong', () => {
    expect(refusal(() => parseOptions(['-nonsense', 'x']))).toBe('Unrecognized option before the command: -nonsense');
    expect(refusal(() => parseOptions(['-server']))).toBe('Error: no argument found for option -server');
    expect(refusal(() => parseOptions(['-server', 'a:x']))).toBe('connect string "a:x": "a:x" is not host:port');
    expect(refusal(() => parseOptions(['-timeout', 'soon', 'ls', '/']))).toBe(
      '-timeout takes milliseconds, 1 to 2147483647, not "soon"',
    );
    expect(refusal(() => parseOptions(['-client-configuration', '/none']))).toBe(
      '-client-configuration: there is no file /none',
    );
  });
});

describe('the TLS of a Java client', () => {
  const STORES = '-Dzookeeper.ssl.keyStore.location=/k.p12 "-Dzookeeper.ssl.keyStore.password=a b" -Xmx1g';

  test('is taken from the flags of the JVM, and from the file before them', () => {
    const { tls } = parseOptions([], {
      CLIENT_JVMFLAGS: `-Dzookeeper.client.secure=true ${STORES}`,
      JVMFLAGS: '-Dzookeeper.ssl.trustStore.location=/t.jks -Dzookeeper.ssl.enabledProtocols=TLSv1.2',
    });
    expect(tls).toEqual({
      keyStore: { location: '/k.p12', password: 'a b' },
      trustStore: { location: '/t.jks' },
      protocols: ['TLSv1.2'],
      hostnameVerification: true,
      crl: false,
      ocsp: false,
    });
    const file = join(mkdtempSync(join(tmpdir(), 'zkcli-')), 'client.cfg');
    const write = (text: string) => writeFileSync(file, text);
    write(
      'zookeeper.client.secure=true\nzookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty\n' +
        'zookeeper.ssl.hostnameVerification=false\nzookeeper.ssl.trustStore.type=pem\nzookeeper.ssl.trustStore.location=/t\n',
    );
    const fromFile = ['-client-configuration', file];
    expect(parseOptions(fromFile).tls).toEqual({
      trustStore: { location: '/t', type: 'PEM' },
      hostnameVerification: false,
      crl: false,
      ocsp: false,
    });
    write('zookeeper.ssl.context.supplier.class=x\n');
    expect(refusal(() => parseOptions(fromFile))).toBe(
      `${file} sets zookeeper.ssl.context.supplier.class, which is unknown here`,
    );
    write('zookeeper.client.secure=false\nzookeeper.request.timeout=1\n');
    expect(parseOptions(fromFile).tls).toBeUndefined();
  });

  test('has keys that change nothing here, and each is named', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'zkcli-')), 'client.cfg');
    writeFileSync(file, 'zookeeper.request.timeout=1\nzookeeper.sasl.client=false\nzookeeper.ssl.clientAuth=none\n');
    const env = {
      CLIENT_JVMFLAGS: '-Dzookeeper.clientCnxnSocket=x -Xmx1g -Dsun.net.any=y',
      JVMFLAGS: '-Dzookeeper.ssl.quorum.clientAuth=need -Dzookeeper.request.timeout=2',
    };
    expect(parseOptions(['-client-configuration', file], env).warnings).toEqual([
      'CLIENT_JVMFLAGS sets zookeeper.clientCnxnSocket, which has no effect here',
      `${file} sets zookeeper.request.timeout, which has no effect here`,
      `${file} sets zookeeper.ssl.clientAuth, which has no effect here`,
    ]);
  });

  test('is never left out in silence', () => {
    expect(refusal(() => parseOptions([], { CLIENT_JVMFLAGS: STORES }))).toBe(
      'CLIENT_JVMFLAGS sets zookeeper.ssl.keyStore.location without zookeeper.client.secure=true',
    );
    const old = '-Dzookeeper.client.secure=true -Dzookeeper.ssl.protocol=TLSv1';
    expect(refusal(() => parseOptions([], { JVMFLAGS: old }))).toBe(
      'TLS of TLSv1 is not spoken; TLSv1.2 and TLSv1.3 are',
    );
  });
});

test('paths are judged as Apache judges them', () => {
  expect(checkPath('/')).toBe('/');
  expect(checkPath('/a/...')).toBe('/a/...');
  expect(checkPath('/a/', true)).toBe('/a/');
  expect(refusal(() => checkPath(''))).toBe('Path length must be > 0');
  expect(refusal(() => checkPath('a'))).toBe('Path must start with / character');
  expect(refusal(() => checkPath('/a/'))).toBe('Path must not end with / character');
  expect(refusal(() => checkPath('//a'))).toBe('Invalid path string "//a" caused by empty node name specified @1');
  expect(refusal(() => checkPath('/a/../b'))).toBe(
    'Invalid path string "/a/../b" caused by relative paths not allowed @4',
  );
  expect(refusal(() => checkPath('/a/.'))).toBe('Invalid path string "/a/." caused by relative paths not allowed @3');
  expect(refusal(() => checkPath('/a\u0001'))).toBe('Invalid path string "/a\u0001" caused by invalid character @2');
});

describe('an ACL', () => {
  const complaints: string[] = [];
  const parse = (text: string) => parseAcl(text, (line) => complaints.push(line));

  test('is entries of scheme, id and letters, and is printed in Apache’s two lines', () => {
    const acl = parse('world:anyone:r,digest:bob:x:y=:cdrwa');
    expect(acl).toEqual([
      { perms: 1, id: { scheme: 'world', id: 'anyone' } },
      { perms: 31, id: { scheme: 'digest', id: 'bob:x:y=' } },
    ]);
    expect(aclLines(acl)).toEqual(["'world,'anyone", ': r', "'digest,'bob:x:y=", ': cdrwa']);
    expect(aclArgument(acl)).toBe('world:anyone:r,digest:bob:x:y=:cdrwa');
    expect(parse('world:anyone:')).toEqual([{ perms: 0, id: { scheme: 'world', id: 'anyone' } }]);
  });

  test('with one bad entry or letter is no ACL at all', () => {
    complaints.length = 0;
    expect(refusal(() => parse('world:anyone:r,digest:bob'))).toBe('invalidACL');
    expect(refusal(() => parse('world:anyone:rxw'))).toBe('invalidACL');
    expect(complaints).toEqual(['digest:bob does not have the form scheme:id:perm', 'Unknown perm type: x']);
  });
});

test('a hex dump has rows of sixteen bytes in a frame, and nothing for nothing', () => {
  expect(hexDump(Buffer.from('0123456789abcdefg\n'))).toBe(
    [
      '         +-------------------------------------------------+',
      '         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |',
      '+--------+-------------------------------------------------+----------------+',
      '|00000000| 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 |0123456789abcdef|',
      '|00000010| 67 0a                                           |g.              |',
      '+--------+-------------------------------------------------+----------------+',
    ].join('\n'),
  );
  expect(hexDump(Buffer.alloc(0))).toBe('');
});

test('dates are those of Java’s Date', () => {
  expect(javaDate(0, 'UTC')).toBe('Thu Jan 01 00:00:00 UTC 1970');
  expect(javaDate(1_764_511_203_000, 'Europe/Berlin')).toBe('Sun Nov 30 15:00:03 CET 2025');
  expect(javaDate(1_751_000_000_000, 'America/New_York')).toBe('Fri Jun 27 00:53:20 EDT 2025');
});

test('the connect string of a configuration has its version and where clients go', () => {
  const config = [
    'server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181',
    'server.2=10.0.0.2:2888:3888:observer;2182',
    'server.3=10.0.0.3:2888:3888:participant',
    'version=100000000',
  ].join('\n');
  expect(clientConnectString(config)).toBe('100000000 10.0.0.1:2181,0.0.0.0:2182');
  expect(clientConnectString('')).toBe(' ');
});

test('a progress bar says how far, of how much, and how long still', () => {
  expect(progressLine('deleted', 2500, 10_000, 5000)).toBe(
    '[#######.......................] 2500 of 10000 deleted, 15 s left',
  );
  expect(progressLine('deleted', 0, 0, 0)).toBe('[##############################] 0 of 0 deleted, 0 s left');
});
