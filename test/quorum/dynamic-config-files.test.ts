import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Log, silentLog } from '../../src/base/log.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import { openNodeWorld } from '../../src/io/node-world.ts';
import { type ReadConfig, readConfigFile } from '../../src/quorum/config/read-config.ts';
import { DynamicConfigFiles } from '../../src/quorum/dynamic-config-files.ts';
import { logTo } from '../fakes/log-to.ts';

/** A membership changes zoo.cfg: everything else in it is read afterwards as it was before. */
const { disk } = openNodeWorld(silentLog);
const MEMBERS = `server.1=a:1:2:participant;0.0.0.0:2181\nserver.2=b:1:2:participant;0.0.0.0:2181\nversion=100000005`;
let dir: string;
let file: string;

beforeEach(() => {
  // A name outside ASCII, in which zoo.cfg has to name a file.
  dir = join(mkdtempSync(join(tmpdir(), 'dynamic-')), 'conf-\u00e9\u4e2d');
  mkdirSync(dir);
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'data/myid'), '1');
  file = join(dir, 'zoo.cfg');
});

afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

function read(): ReadConfig {
  return readConfigFile('zoo.cfg', { disk, cwd: dir });
}

function rewritten(text: string, log: Log = silentLog): ReadConfig {
  writeFileSync(file, text, 'latin1');
  const { config } = read();
  const verifier = parseQuorumText(MEMBERS, { multiAddress: false, standaloneEnabled: false, otherKeys: 'ignore' });
  new DynamicConfigFiles(disk, config, log).writeActive(verifier);
  return read();
}

const STATIC = 'clientPort=2181\ninitLimit=5\nsyncLimit=2\nserver.1=a:1:2\nserver.2=b:1:2\ndataDir=./data\n';

test('values keep what an escape stands for, blanks and bytes outside ASCII', () => {
  const after = rewritten(
    `${STATIC}dataLogDir=./a\\\\b \\u00e9\\u4e2d\xe9\nclientPortListenBacklog : 7\nensembleAuthName=\\ \\= x\n`,
  ).config;
  expect(after).toMatchObject({
    dataDir: join(dir, 'data'),
    dataLogDir: join(dir, 'a\\b \u00e9\u4e2d\xe9'),
    clientPort: 2181,
    clientPortListenBacklog: 7,
    ensembleAuthName: '= x',
    quorumVerifier: { version: 0x100000005 },
  });
  expect(readFileSync(file, 'latin1')).toMatch(/^[\n -~]*$/);
});

test('what zoo.cfg was before is kept byte by byte', () => {
  const before = `# d\xe9j\xc3\xa0\n${STATIC}`;
  rewritten(before);
  expect(readFileSync(`${file}.bak`, 'latin1')).toBe(before);
});

test('a zoo.cfg that is being edited, and none at the moment, is left alone and warned about', () => {
  writeFileSync(file, STATIC);
  const { config } = read();
  const broken = `${STATIC}x=\\u12\n`;
  writeFileSync(file, broken);
  const warnings: unknown[] = [];
  const log = logTo((level, message, fields) => level === 'warn' && warnings.push([fields, message]));
  const verifier = parseQuorumText(MEMBERS, { multiAddress: false, standaloneEnabled: false, otherKeys: 'ignore' });
  new DynamicConfigFiles(disk, config, log).writeActive(verifier);
  expect(readFileSync(file, 'utf8')).toBe(broken);
  expect(warnings).toEqual([
    [
      {
        file,
        reason: 'line 7: "\\u12" is no character; write \\u and four hexadecimal digits, or \\\\ for a backslash',
      },
      'could not keep the membership in files beside zoo.cfg',
    ],
  ]);
});

test('a host with a name outside ASCII is read as it was', () => {
  writeFileSync(file, STATIC, 'latin1');
  const { config } = read();
  const text = `${MEMBERS.replace('server.2=b', 'server.2=\u52d5\u7269\u5712-\u00df')}`;
  const options = { multiAddress: false, standaloneEnabled: false, otherKeys: 'ignore' } as const;
  const files = new DynamicConfigFiles(disk, config, silentLog);
  files.writeActive(parseQuorumText(text, options));
  expect(read().config.quorumVerifier?.members.get(2)?.addresses[0]?.host).toBe('\u52d5\u7269\u5712-\u00df');
});

test('what was proposed and never decided leaves no file', () => {
  writeFileSync(file, STATIC, 'latin1');
  const { config } = read();
  const options = { multiAddress: false, standaloneEnabled: false, otherKeys: 'ignore' } as const;
  const files = new DynamicConfigFiles(disk, config, silentLog);
  files.writeNext(parseQuorumText(MEMBERS, options));
  expect(disk.exists(`${file}.dynamic.next`)).toBe(true);
  files.forgetNext();
  files.forgetNext();
  expect(disk.exists(`${file}.dynamic.next`)).toBe(false);
});

test('the port for TLS of the server line goes to zoo.cfg, for a membership has no place for it', () => {
  const tls = 'ssl.keyStore.location=./key.pem\nssl.trustStore.location=./key.pem\n';
  const secure = STATIC.replace('server.1=a:1:2', 'server.1=a:1:2;2181;127.0.0.1:2281').replace(
    'clientPort=2181\n',
    '',
  );
  const { config } = rewritten(`${secure}${tls}`);
  expect(config).toMatchObject({ clientPort: 2181, secureClientPort: 2281, secureClientPortAddress: '127.0.0.1' });
  expect(readFileSync(file, 'latin1')).toContain('secureClientPort=2281\n');
  expect(() => rewritten(`${secure}${tls}secureClientPort=5\n`)).toThrow(
    'the server line gives 127.0.0.1:2281; remove one of the two',
  );
});
