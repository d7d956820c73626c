import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

/** The member that refuses the first ephemeral. */
const STRICT = 2;

export const scenario: Scenario = {
  name: 'local sessions',
  about: 'a session that one member knows costs no transaction, and is known to all before it owns anything',
  voters: 3,
  observers: 1,
  config: { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
  mutant: 'own an ephemeral without being known',
  play(s) {
    s.edit(STRICT, (config) => config.replace('UpgradingEnabled=true', 'UpgradingEnabled=false'));
    s.begin(3);
    s.create('/a');
    s.itBegins();
    for (const sid of [1, 3, 4]) {
      const sessions = (): number => s.view(sid).machine.peer?.parts.replica.database.sessions.size ?? -1;
      const before = sessions();
      const actor = s.addClient(`of ${sid}`, sid);
      s.until('a connection', () => actor.isConnected);
      const { sessionId } = actor.client;
      actor.client.drop();
      s.until('its connection', () => actor.isConnected);
      s.expect(actor.client.sessionId, sessionId, 'its session');
      s.expect(s.do({ op: 'setData', path: '/a', data: `${sid}`, version: -1 }, actor).err, ErrorCode.ok, 'a write');
      s.expect(s.read('/a', actor), `${sid}`, 'what it reads');
      s.expect(sessions(), before, 'sessions that all know');
      // Behind a sync it has to wait; the session need not.
      s.ask({ op: 'sync', path: '/' }, actor);
      s.ask({ op: 'create', path: `/e${sid}`, data: '', flags: 1 }, actor);
      s.expect(s.do({ op: 'exists', path: `/e${sid}`, watch: false }, actor).err, ErrorCode.ok, 'its ephemeral');
      s.expect(sessions(), before + 1, 'sessions that all know');
      actor.moveTo('zk2');
      s.until('a connection elsewhere', () => actor.client.server === 'zk2' && actor.isConnected);
      s.expect(actor.client.sessionId, sessionId, 'its session');
      s.ask({ op: 'close' }, actor);
      actor.stop();
      s.until('the end of its ephemeral', () => sessions() === before);
      s.do({ op: 'sync', path: '/' });
      s.expect(s.do({ op: 'exists', path: `/e${sid}`, watch: false }).err, ErrorCode.noNode, 'its ephemeral');

      // It comes back while it is on its way to be known.
      const back = s.addClient(`back at ${sid}`, sid);
      s.until('a connection', () => back.isConnected);
      const id = back.client.sessionId;
      s.ask({ op: 'create', path: `/b${sid}`, data: '', flags: 1 }, back);
      back.moveTo(`zk${sid}`);
      s.until('its connection', () => back.isConnected);
      s.expect(back.client.sessionId, id, 'its session');
      s.ask({ op: 'close' }, back);
      back.stop();

      const closing = s.addClient(`closing ${sid}`, sid);
      s.do({ op: 'exists', path: '/a', watch: true }, closing);
      s.ask({ op: 'close' }, closing);
      closing.stop();
      s.until('its end', () => !closing.isConnected);
      const silent = s.addClient(`silent ${sid}`, sid, 1000);
      s.until('a connection', () => silent.isConnected);
      silent.client.isDozing = true;
      s.until('its end', () => s.said(sid, 'local session expired') > 0);
      silent.client.isDozing = false;
      const dead = s.addClient(`dead ${sid}`, sid, 1000);
      s.until('a connection', () => dead.isConnected);
      dead.stop();
      dead.client.kill();
      s.until('its end', () => s.said(sid, 'local session expired') > 1);
      // Another member does not know it: it gets another session.
      const moving = s.addClient(`moving from ${sid}`, sid);
      s.until('a connection', () => moving.isConnected);
      const unknown = moving.client.sessionId;
      moving.moveTo('zk2');
      s.until('another session', () => moving.isConnected && moving.client.sessionId !== unknown);
    }
    const refused = s.addClient('refused', STRICT);
    s.expect(
      s.do({ op: 'create', path: '/r', data: '', flags: 1 }, refused).err,
      ErrorCode.ephemeralOnLocalSession,
      '/r',
    );
    s.expect(s.do({ op: 'create', path: '/s', data: '', flags: 0 }, refused).err, ErrorCode.ok, '/s');
    s.ask({ op: 'close' }, refused);
    refused.stop();
    // The leader's own are gone with its role; those who ask there ask elsewhere.
    const ofLeader = s.addClient('of the leader', 3);
    s.until('a connection', () => ofLeader.isConnected);
    s.kill(3);
    s.start(3);
    s.untilServing();
    s.until('another session', () => ofLeader.isConnected);
  },
};
