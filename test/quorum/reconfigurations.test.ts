import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../src/election/quorum/quorum-verifier.ts';
import type { ReconfigRequest } from '../../src/jute/client-records.ts';
import { ErrorCode } from '../../src/jute/codes.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { ConfigBook } from '../../src/quorum/config-book.ts';
import { Reconfigurations } from '../../src/quorum/reconfigurations.ts';

const THREE = 'server.1=a:1:2:participant;5\nserver.2=b:1:2:participant;5\nserver.3=c:1:2:participant;5';

function read(text: string): QuorumVerifier {
  return parseQuorumText(text, { multiAddress: false, standaloneEnabled: false, otherKeys: 'refuse' });
}

interface Scene {
  readonly said: string[];
  readonly book: ConfigBook;
  ask(request: Partial<ReconfigRequest>): string | number;
}

function scene(text = THREE, options: { alone?: boolean; followed?: boolean } = {}): Scene {
  const said: string[] = [];
  const listener = { activated: () => {}, proposed: () => {}, forgotten: () => said.push('forgotten') };
  const known = { self: 1, active: read(`${text}\nversion=100000000`), lastSeen: undefined };
  const log = { ...silentLog, warn: (fields: object) => said.push(String((fields as { reason?: string }).reason)) };
  const book = new ConfigBook(
    known,
    { multiAddress: false, standaloneEnabled: false, otherKeys: 'ignore' },
    listener,
    silentLog,
  );
  const asked = new Reconfigurations(
    { multiAddressEnabled: false, standaloneEnabled: options.alone ?? true, reconfigEnabled: true },
    book,
    { following: new Set((options.followed ?? true) ? [1, 2, 3, 4, 5] : [1]) },
    1,
    log,
  );
  const nothing = { joiningServers: undefined, leavingServers: undefined, newMembers: undefined, curConfigId: -1n };
  return { said, book, ask: (request) => asked.plan({ ...nothing, ...request }, 0x100000007 as Zxid) };
}

describe('members that are asked for one by one', () => {
  test('join, change and leave, and the version is the zxid', () => {
    const joiningServers = ' server.4=d:1:2;9 , server.2=b:7:8:observer;0.0.0.0:6';
    expect(scene().ask({ joiningServers, leavingServers: '3,' })).toBe(
      'server.1=a:1:2:participant;0.0.0.0:5\nserver.2=b:7:8:observer;0.0.0.0:6\n' +
        'server.4=d:1:2:participant;0.0.0.0:9\nversion=100000007',
    );
  });

  test.each([
    [{ leavingServers: '3' }, undefined],
    [{ leavingServers: '2,3' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4=d:1:2' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4=d:1:2;3=4' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4=d:1:1;3' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.-4=d:1:2;3' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.x=d:1:2;3' }, ErrorCode.marshallingError],
    [{ leavingServers: 'three' }, ErrorCode.marshallingError],
    [{ joiningServers: 'server.4=a:9:2;3' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4=d:1:2;a:2' }, ErrorCode.badArguments],
    [{ joiningServers: 'server.4=d:1:2;127.0.0.1:5' }, undefined],
    [{ joiningServers: 'server.4=d:1:2;3', curConfigId: 0x100000001n }, ErrorCode.badVersion],
    [{ joiningServers: 'server.4=d:1:2;3', curConfigId: 0x100000000n }, undefined],
  ] as const)('%o', (request, code) => {
    const { ask, said } = scene();
    const answer = ask(request);
    expect(typeof answer === 'number' ? answer : undefined).toBe(code);
    expect(said.length).toBe(code === undefined ? 0 : 1);
  });

  test('not where they are in groups', () => {
    const { ask, said } = scene(`${THREE}\ngroup.1=1:2:3`);
    expect(ask({ leavingServers: '3' })).toBe(ErrorCode.badArguments);
    expect(said).toEqual(['members in groups are changed all at once, by naming all of them']);
  });
});

describe('members that are named all at once', () => {
  test('are parted by commas or lines, in groups as well, and win over those who join or leave', () => {
    const newMembers = 'server.1=a:1:2;5,server.2=b:1:2;5\ngroup.1=1,group.2=2';
    expect(scene().ask({ newMembers, leavingServers: '1' })).toBe(
      'server.1=a:1:2:participant;0.0.0.0:5\nserver.2=b:1:2:participant;0.0.0.0:5\n' +
        'group.1=1\ngroup.2=2\nweight.1=1\nweight.2=1\nversion=100000007',
    );
  });

  test.each([
    ['', true, ErrorCode.badArguments],
    ['', false, ErrorCode.marshallingError],
    ['server.1=a:1:2:observer', true, ErrorCode.marshallingError],
    ['server.1=a:1:2', true, ErrorCode.badArguments],
    ['server.1=a:1:2', false, undefined],
    ['server.1=a:1:2,tickTime=5', false, ErrorCode.badArguments],
    ['server.1=a:1:2,server.2=a:1:3', false, ErrorCode.badArguments],
    ['server.1=nonsense', false, ErrorCode.badArguments],
  ] as const)('%j, standaloneEnabled %j', (newMembers, alone, code) => {
    const answer = scene(THREE, { alone }).ask({ newMembers });
    expect(typeof answer === 'number' ? answer : undefined).toBe(code);
  });
});

test('a quorum of the new members must follow', () => {
  expect(scene(THREE, { followed: false }).ask({ leavingServers: '3' })).toBe(ErrorCode.newConfigNoQuorum);
});

test('one at a time', () => {
  const { ask, book } = scene();
  book.seen(`${THREE}\nserver.4=d:1:2;5\nversion=100000006`);
  expect(ask({ leavingServers: '3' })).toBe(ErrorCode.reconfigInProgress);
});

describe('what was proposed and never decided', () => {
  const NEXT = `${THREE}\nserver.4=d:1:2;5\nversion=100000006`;
  const NOW = `${THREE}\nversion=100000000`;

  test('is forgotten with a leader of a later epoch that does not have it', () => {
    const { book, said } = scene();
    book.seen(NEXT);
    expect(book.activate(NOW, 1, 1)).toBe(true);
    expect(book.lastSeen?.text()).toContain('server.4=');
    expect(book.activate(NOW, 1, 2)).toBe(true);
    expect(book.lastSeen).toBeUndefined();
    expect(said).toEqual(['forgotten']);
  });

  test('a leader that is none in the members of NEWLEADER is left', () => {
    const { book } = scene();
    expect(book.activate(`${THREE}\nversion=100000006`, 9, 1)).toBe(false);
    expect(book.activate(`${THREE}\nserver.4=d:1:2;5\nversion=100000007`, 2, 1)).toBe(true);
    expect(book.activate('server.1=a:1:2;5\nserver.2=b:9:2;5\nversion=100000008', 2, 1)).toBe(false);
  });
});

test('a refusal quotes the beginning of a long request, and one beyond 32,768 characters is not read', () => {
  const { ask, said } = scene();
  expect(ask({ joiningServers: '='.repeat(32_768) })).toBe(ErrorCode.badArguments);
  expect(said.splice(0)).toEqual([`"${'='.repeat(299)}`]);
  const halves = { joiningServers: 'x'.repeat(16_384), leavingServers: '9'.repeat(16_385) };
  expect(ask(halves)).toBe(ErrorCode.badArguments);
  expect(said).toEqual(['the members are named in 32768 characters at most']);
});
