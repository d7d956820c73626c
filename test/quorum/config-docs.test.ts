import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { DiskError } from '../../src/io/disk.ts';
import { KEY_FAMILIES, type KeyFamily } from '../../src/quorum/config/keys/families.ts';
import type { KeySpec } from '../../src/quorum/config/keys/key-spec.ts';
import { KEYS } from '../../src/quorum/config/keys.ts';
import { type ReadConfig, readConfigFile } from '../../src/quorum/config/read-config.ts';

/** The documents an operator reads, held against the table of keys; and the configuration against those who read it. */
const root = resolve(import.meta.dirname, '../..');
const operations = readFileSync(join(root, 'docs/OPERATIONS.md'), 'utf8');
const compatibility = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8');
const keys: [string, KeySpec][] = Object.entries(KEYS);

function defaultText(spec: KeySpec): string {
  if (spec.default === undefined || spec.default === '') return '—';
  if (spec.type === 'yes-no') return spec.default ? 'yes' : 'no';
  return String(spec.default);
}

const FATES = { refused: 'refused', ignored: 'warned', meaningless: 'no meaning' } as const;

/** The row of a document that a key asks for: of OPERATIONS when it is honoured, of COMPATIBILITY when it is not. */
function rowOf(name: string, spec: KeySpec | KeyFamily): string {
  if (spec.status !== 'honoured') {
    return `| \`${name}\` | ${FATES[spec.status]} | ${spec.why} |`;
  }
  const shown = 'type' in spec ? defaultText(spec) : '—';
  return `| \`${name}\` | ${shown} | ${spec.means.replaceAll('|', '\\|')} |`;
}

const families = KEY_FAMILIES.map((family): [string, KeyFamily] => [family.prefix, family]);
const declared: [string, KeySpec | KeyFamily][] = [...keys, ...families];

test('docs/OPERATIONS.md has the row of every key that is honoured: its default and its meaning', () => {
  const rows = declared.filter(([, spec]) => spec.status === 'honoured').map(([name, spec]) => rowOf(name, spec));
  expect(rows.filter((row) => !operations.includes(`${row}\n`))).toEqual([]);
});

test('docs/COMPATIBILITY.md has the row of every key that is not honoured: its fate and the reason', () => {
  const rows = declared.filter(([, spec]) => spec.status !== 'honoured').map(([name, spec]) => rowOf(name, spec));
  expect(rows.filter((row) => !compatibility.includes(`${row}\n`))).toEqual([]);
});

test('the files in conf are read without a word: one as Apache has it, one for this machine alone', () => {
  const disk = {
    exists: existsSync,
    readSmall: (path: string) => {
      if (existsSync(path)) return readFileSync(path);
      throw new DiskError('ENOENT', path, path);
    },
    list: (): string[] => [],
  };
  const read = (file: string): ReadConfig => readConfigFile(`conf/${file}`, { disk, cwd: root });
  expect(read('zoo_sample.cfg')).toMatchObject({
    warnings: [],
    config: {
      tickTimeMs: 2000,
      initLimitTicks: 10,
      syncLimitTicks: 5,
      dataDir: '/tmp/zookeeper',
      clientPort: 2181,
      clientPortAddress: undefined,
    },
  });
  expect(read('standalone-loopback.cfg')).toMatchObject({
    warnings: [],
    config: { clientPort: 2181, clientPortAddress: '127.0.0.1', dataDir: join(root, 'data') },
  });
  expect(readFileSync(join(root, 'package.json'), 'utf8')).toContain('--config conf/standalone-loopback.cfg --welcome');
});

test('no two keys fill one field', () => {
  const fields = keys.flatMap(([, spec]) => spec.field ?? []);
  expect(fields.filter((field, i) => fields.indexOf(field) !== i)).toEqual([]);
});

test('no document lists a key that is not in the table', () => {
  const known = new Set([...keys.map(([name]) => name), ...KEY_FAMILIES.map((family) => family.prefix)]);
  const table = operations.slice(operations.indexOf('## Configuration'), operations.indexOf('## Looking at it'));
  const listed = [
    ...(table + compatibility).matchAll(/^\| `([^`]+)` \| (?:warned|refused|no meaning|[^|]+ \| [^|]+ \|$)/gm),
  ];
  expect(listed.length).toBeGreaterThan(100);
  expect(listed.map((match) => match[1] as string).filter((name) => !known.has(name))).toEqual([]);
});

test('everything in PeerConfig is read by somebody', () => {
  const composed = readFileSync(join(root, 'src/quorum/config/peer-config.ts'), 'utf8');
  const fields = [
    ...keys.flatMap(([, spec]) => spec.field ?? []),
    ...[...composed.matchAll(/^ {2}readonly (\w+):/gm)].map((match) => match[1] as string),
  ];
  const readers = ['src/quorum', 'src/quorum/auth', 'src/quorum/roles', 'src/doctor', 'src/embed', 'src/program', 'src']
    .flatMap((dir) => readdirSync(join(root, dir)).map((name) => join(root, dir, name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  expect(fields.length).toBeGreaterThan(50);
  const destructured = [...readers.matchAll(/const \{([^}]*)\} = [\w.]*config;/g)].map((match) => match[1]).join(',');
  const unread = fields.filter(
    (field) => !new RegExp(`onfig\\.${field}\\b`).test(readers) && !destructured.includes(field),
  );
  expect(unread).toEqual([]);
});

test('every key that is honoured has a field, or is named by one of its readers', () => {
  const folder = join(root, 'src/quorum/config');
  const readers = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const unread = declared
    .filter(([, spec]) => spec.status === 'honoured' && !('field' in spec))
    .filter(([name]) => !readers.includes(`'${name}'`) && !isReadByFamily(name, readers));
  // Their range leaves one value, and that is how it is here.
  expect(unread.map(([name]) => name)).toEqual(['electionAlg', 'ssl.authProvider']);
});

/** The two families of TLS are read by one function, which puts the names together. */
function isReadByFamily(name: string, readers: string): boolean {
  const [, store, key] = /^ssl\.(?:quorum\.)?(keyStore\.|trustStore\.)?(\w+)$/.exec(name) ?? [];
  return readers.includes(store === undefined ? `\${prefix}${key}\`` : `\${prefix}\${name}.${key}\``);
}

test('every log message that docs/OPERATIONS.md explains is one that is written', () => {
  const section = operations.slice(operations.indexOf('## The log'), operations.indexOf('## When the disk is full'));
  const rows = [...section.matchAll(/^\| (.+?) \| /gm)].map((match) => match[1] as string);
  const messages = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
  expect(messages.length).toBeGreaterThan(15);
  const source = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  expect(messages.filter((message) => !source.includes(message.replace(/ ?\.\.\.$/, '')))).toEqual([]);
});
