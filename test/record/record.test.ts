import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { builtInScript, compare, scriptOf } from '../../src/record/compare.ts';
import { type Entry, isWanted, withoutData } from '../../src/record/entry.ts';
import { entryText } from '../../src/record/entry-text.ts';
import { Recorder } from '../../src/record/recorder.ts';
import type { Address } from '../../src/record/upstream.ts';
import { ensembleForTests, type TestEnsemble } from '../../src/testing/testing.ts';

const hooks = { before: beforeAll, after: afterAll };
const first = ensembleForTests(hooks);
const second = ensembleForTests(hooks);
let entries: Entry[] = [];
let recorder: Recorder;
let server: string;

function addressOf(ensemble: TestEnsemble): Address {
  return { host: '127.0.0.1', port: Number(ensemble.connectString.split(':')[1]) };
}

async function record(against?: Address, frames = false): Promise<void> {
  recorder = new Recorder({
    servers: [addressOf(first())],
    against,
    frames,
    onEntry: (entry) => entries.push(entry),
  });
  server = `127.0.0.1:${await recorder.listen(0, '127.0.0.1')}`;
}

/** The calls without what differs from run to run. */
function calls(): string[] {
  return entries
    .filter(({ kind, name }) => kind === 'call' && name !== 'ping')
    .map(({ name, path, error }) => `${name} ${path ?? ''} ${error ?? 'ok'}`.replace('  ', ' '));
}

function differences(): unknown[] {
  return entries
    .filter(({ kind }) => kind === 'difference')
    .map(({ name, path, fields }) => [name, path, fields?.difference]);
}

beforeEach(() => {
  entries = [];
  return () => recorder?.close();
});

test('a conversation is told: calls with their outcome, events, the session, and no credential', async () => {
  await record();
  const client = await connect(server);
  await client.addAuth('digest', 'somebody:verysecret');
  await client.create('/told', 'plainsecret');
  await client.getData('/told', { watch: () => {} });
  await client.delete('/told');
  await client.exists('/told');
  await client.close();
  await recorder.close();
  expect(calls()).toEqual([
    'auth ok',
    'create /told ok',
    'getData /told ok',
    'delete /told ok',
    'exists /told noNode',
    'closeSession ok',
  ]);
  expect(entries.filter(({ kind }) => kind === 'event').map(({ name, path }) => `${name} ${path}`)).toEqual([
    'nodeDeleted /told',
  ]);
  expect(entries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['open', 'session', 'close']));
  expect(JSON.stringify(entries)).not.toContain('verysecret');
  const shown = entries.map((entry) => entryText(entry, { colours: false, data: false })).join('');
  expect(shown).toMatch(/^\d\d:\d\d:\d\d\.\d{3} #1 create \/told bytes=11 mode=persistent ok \d+\.\d ms$/m);
  expect(shown).not.toContain('plainsecret');
  const withData = entries.map((entry) => entryText(entry, { colours: true, data: true })).join('');
  expect(withData).toContain('plainsecret');
  expect(JSON.stringify(entries.map(withoutData))).not.toContain('plainsecret');
});

test('two servers that answer alike differ in nothing, over a lost connection too', async () => {
  await record(addressOf(second()));
  let onLost = (): void => {};
  const client = await connect(server, { onState: (state) => (state === 'connected' ? undefined : onLost()) });
  await client.create('/twin', 'x');
  await client.create('/twin/mine', '', { mode: 'ephemeralSequential' });
  const lost = new Promise<void>((resolve) => {
    onLost = resolve;
  });
  first().clients.cut();
  await lost;
  await client.connected();
  await client.setData('/twin', 'y', { version: 0 });
  await client.exists('/none');
  await client.close();
  await recorder.close();
  expect(differences()).toEqual([]);
});

test('what a second server answers otherwise is named, the first of it first', async () => {
  const other = await second().client();
  await other.create('/differs', 'there already');
  await record(addressOf(second()));
  const client = await connect(server);
  await client.create('/differs', 'new');
  await client.setData('/differs', 'newer', { version: 0 });
  await client.getData('/differs');
  await client.close();
  await recorder.close();
  expect(differences()).toEqual([['create', '/differs', 'ok against nodeExists']]);
});

test('a recording is asked again at two servers', async () => {
  await record(undefined, true);
  const client = await connect(server);
  await client.addAuth('digest', 'somebody:verysecret');
  await client.create('/again', 'x');
  await client.exists('/later', { watch: () => {} });
  await client.delete('/again');
  await client.close();
  await recorder.close();
  const script = scriptOf(entries);
  expect(script.length).toBe(3);
  expect(await compare(addressOf(first()), addressOf(second()), script)).toEqual({ compared: 3, differences: [] });
  const other = await second().client();
  await other.create('/later');
  const { differences: found } = await compare(addressOf(first()), addressOf(second()), script);
  expect(found.map(({ request, text }) => `${request?.name} ${request?.path}: ${text}`)).toEqual([
    'exists /later: noNode against ok',
  ]);
  expect(() => scriptOf([])).toThrow('the recording has no requests to ask again: make it with --frames');
});

test('the requests of the kit find no difference between two servers of one kind, and leave nothing', async () => {
  const script = builtInScript();
  expect(await compare(addressOf(first()), addressOf(second()), script)).toEqual({
    compared: script.length,
    differences: [],
  });
  const client = await first().client();
  expect((await client.getChildren('/')).filter((name) => name.startsWith('menagerie-compare'))).toEqual([]);
});

test('a connection that one server closes is a difference', async () => {
  first().clients.dropRequest({ op: 'getAllChildrenNumber' });
  const { differences: found } = await compare(addressOf(first()), addressOf(second()), builtInScript());
  expect(found[0]).toMatchObject({
    request: { name: 'getAllChildrenNumber' },
    text: 'the connection was closed against an answer',
  });
});

test('entries are filtered by operation, path and outcome', () => {
  const call: Entry = { time: 0, connection: 1, kind: 'call', name: 'create', path: '/a/b', error: 'noNode' };
  const wanted = [{}, { ops: ['create'] }, { path: '/a/**' }, { path: '/a/b' }, { onlyErrors: true }];
  expect(wanted.map((filter) => isWanted(call, filter))).toEqual([true, true, true, true, true]);
  const unwanted = [{ ops: ['exists'] }, { path: '/a' }, { path: '/b/**' }];
  expect(unwanted.map((filter) => isWanted(call, filter))).toEqual([false, false, false]);
  expect(isWanted({ ...call, error: undefined }, { onlyErrors: true })).toBe(false);
  const ping: Entry = { ...call, name: 'ping', error: undefined, path: undefined };
  expect([isWanted(ping, {}), isWanted(ping, { pings: true })]).toEqual([false, true]);
});

test('a part of a multiRead that another server answers otherwise is named', async () => {
  const [one, other] = [await first().client(), await second().client()];
  await one.create('/parts', 'left');
  await other.create('/parts', 'right');
  await one.create('/parts/child');
  await record(undefined, true);
  const client = await connect(server);
  await client.reads().getData('/parts').getChildren('/parts').getData('/none').run();
  await client.close();
  await recorder.close();
  const ask = () => compare(addressOf(first()), addressOf(second()), scriptOf(entries));
  const texts = async () => (await ask()).differences.map(({ request, text }) => `${request?.name}: ${text}`);
  expect(await texts()).toEqual(['multiRead: part 1 data "left" against "right"']);
  await other.setData('/parts', 'left');
  expect(await texts()).toEqual(['multiRead: part 1 version 0 against 1']);
  await one.setData('/parts', 'left');
  expect(await texts()).toEqual(['multiRead: part 1 cversion 1 against 0']);
  await other.create('/parts/other');
  expect(await texts()).toEqual(['multiRead: part 2 children child against other']);
  await other.create('/none', 'x');
  await one.create('/parts/other');
  await other.create('/parts/child');
  expect(await texts()).toEqual(['multiRead: part 3 noNode against ok']);
});

test('whose node it is and who asks are compared without what is secret', async () => {
  const [one, other] = [await first().client(), await second().client()];
  const anyone = { perms: 1, id: { scheme: 'world', id: 'anyone' } };
  await one.create('/owners', '', { acl: [{ perms: 31, id: { scheme: 'digest', id: 'a:hash' } }, anyone] });
  await other.create('/owners', '', { acl: [anyone] });
  await record(undefined, true);
  const client = await connect(server);
  await client.getAcl('/owners');
  await client.whoAmI();
  await client.close();
  await recorder.close();
  const { differences: found } = await compare(addressOf(first()), addressOf(second()), scriptOf(entries));
  expect(found.map(({ text }) => text)).toEqual(['acl digest:31,world:1 against world:1']);
});

test('the data that differs is not shown by a recording', async () => {
  const [one, other] = [await first().client(), await second().client()];
  await one.create('/hidden', 'leftsecret');
  await other.create('/hidden', 'rightsecret');
  await record(addressOf(second()));
  const client = await connect(server);
  await client.getData('/hidden');
  await client.close();
  await recorder.close();
  expect(differences()).toEqual([['getData', '/hidden', 'data differs']]);
  expect(JSON.stringify(entries)).not.toContain('rightsecret');
});
