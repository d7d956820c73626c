import { OpCode } from '../../../src/jute/codes.ts';
import type { TxnBody } from '../../../src/jute/txns.ts';
import { makeZxid, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario, Script } from '../script/script.ts';
import { type Led, lead, ScriptedLeader, ScriptedVoter } from '../script/scripted-servers.ts';

const { ack, commit, commitAndActivate, inform, informAndActivate, proposal } = PacketType;
const CONFIG = '/etc/zoo.cfg';

/** `123 4`: three participants and an observer. */
export function members(text: string, version: Zxid | undefined, client = ''): string {
  const [participants = '', observers = ''] = text.split(' ');
  const lines = [...participants, ...observers].map((sid) => {
    const role = participants.includes(sid) ? 'participant' : 'observer';
    return `server.${sid}=zk${sid}:2888:3888:${role}${client}`;
  });
  if (version !== undefined) lines.push(`version=${zxidHex(version)}`);
  return lines.join('\n');
}

export function reconfig(text: string | undefined): TxnBody {
  const data = text === undefined ? undefined : Buffer.from(text);
  return { kind: 'setData', type: OpCode.reconfig, path: '/zookeeper/config', data, version: 1 };
}

function leaderBody(sid: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeBigInt64BE(BigInt(sid));
  return body;
}

/** The zxid that `next` will make, which a configuration carries as its version. */
function coming({ epoch, own }: Led, made: number): Zxid {
  return own >= makeZxid(epoch, 1) ? ((own + made + 1) as Zxid) : makeZxid(epoch, made + 1);
}

/** Proposed and decided, as the leader tells a follower. */
export function change(script: Script, led: Led, made: number, text: string, leader = 3, client = ''): Zxid {
  const version = coming(led, made);
  const { zxid, payload } = led.next(reconfig(members(text, version, client)));
  script.expect(zxid, version, 'the version');
  led.link.send(proposal, zxid, payload);
  led.link.next(ack, 'an acknowledgement');
  led.link.send(commitAndActivate, zxid, leaderBody(leader));
  return zxid;
}

function inForce(script: Script, sid: number): string {
  return script.view(sid).peer?.book?.active.text() ?? '';
}

function expectFiles(script: Script, sid: number, version: Zxid, count: number): void {
  const { disk } = script.view(sid).machine;
  const text = disk.read(CONFIG).toString();
  const name = `${CONFIG}.dynamic.${zxidHex(version)}`;
  script.expect(text.includes(`dynamicConfigFile=${name}`), true, 'zoo.cfg names the file of the membership');
  script.expect(text.includes('server.'), false, 'zoo.cfg still lists servers');
  const lines = disk.read(name).toString().split('\n');
  script.expect(lines.filter((line) => line.startsWith('server.')).length, count, 'servers in that file');
  script.expect(disk.list('/etc').includes('zoo.cfg.dynamic.next'), false, 'a membership waits to be decided');
}

export const scenario: Scenario = {
  name: 'a leader of Apache changes the members',
  about:
    'a follower and an observer go along with it, in their files as well, leave when their part changes, and come back',
  voters: 3,
  observers: 1,
  play(script) {
    script.begin();
    script.create('/node', 'before');
    script.untilServing();
    script.kill(1, 2, 3, 4);
    script.start(1);
    const other = new ScriptedVoter(script, 2, [1], 3);
    const leader = new ScriptedLeader(script, 3, [1, 2, 4]);
    const { disk } = script.view(1).machine;

    // A fifth server, and then a client address for everyone.
    let led = lead(script, leader, 1, 'upToDate', members('123 4', 0 as Zxid));
    let version = change(script, led, 0, '123 45');
    script.run(50);
    expectFiles(script, 1, version, 5);
    script.expect(disk.read(`${CONFIG}.bak`).toString().includes('server.1='), true, 'the old zoo.cfg is kept');
    led.link.send(commitAndActivate, version, leaderBody(3));
    led.link.send(commit, version);
    version = change(script, led, 1, '123 4', 3, ';2181');
    script.run(50);
    expectFiles(script, 1, version, 4);
    script.expect(disk.read(CONFIG).toString().includes('clientPort='), false, 'zoo.cfg still has a client port');

    // Clients come to another port from now on, and then to the one before.
    const { listeners } = script.view(1).machine.host;
    change(script, led, 2, '123 4', 3, ';2182');
    script.run(50);
    script.expect(`${listeners.has(2182)} ${listeners.has(2181)}`, 'true false', 'ports for clients');
    version = change(script, led, 3, '123 4', 3, ';2181');
    script.run(50);
    script.expect(`${listeners.has(2182)} ${listeners.has(2181)}`, 'false true', 'ports for clients');

    // A text that is no membership is in the tree, as the leader wants it, and changes none; so is one that is not
    // newer.
    for (const text of ['server.1=nonsense', '', undefined, members('12', 1 as Zxid)]) {
      const { zxid, payload } = led.next(reconfig(text));
      led.link.send(proposal, zxid, payload);
      led.link.send(commitAndActivate, zxid, leaderBody(3));
    }
    script.run(50);
    script.expect(inForce(script, 1), members('123 4', version, ';0.0.0.0:2181'), 'the members');
    script.expect(led.link.isClosed, false, 'the connection is closed');

    // Files that cannot be written are only warned about.
    disk.fault = (operation, path) => (operation === 'create' && path.startsWith('/etc/') ? 'EACCES' : undefined);
    const log = script.listen(1);
    version = change(script, led, 8, '123 45');
    script.run(50);
    disk.fault = () => undefined;
    const warnings = log.lines.filter((line) => line.includes('could not keep the membership'));
    script.expect(warnings.length, 2, 'warnings');
    script.expect(inForce(script, 1), members('123 45', version), 'the members');

    // Proposed and not decided when it stops: both count from the start, until the leader says which it is.
    const undecided = led.next(reconfig(members('123 456', (version + 1) as Zxid)));
    led.link.send(proposal, undecided.zxid, undecided.payload);
    script.run(50);
    script.expect(disk.list('/etc').includes('zoo.cfg.dynamic.next'), true, 'the membership waits to be decided');
    script.powerLoss(1);
    script.start(1);
    led = lead(script, leader, 1, 'upToDate', members('123 456', undecided.zxid));
    script.run(50);
    expectFiles(script, 1, undecided.zxid, 6);

    // Another leader is wanted.
    change(script, led, 0, '123 4', 2);
    led.link.untilClosed('another leader was named');

    // An observer from now on. Packets that concern followers only are passed over, and those that came already.
    led = lead(script, leader, 1, 'upToDate');
    change(script, led, 0, '23 14');
    led.link.untilClosed('it was made an observer');
    script.view(1).voter = false;
    led = lead(script, leader, 1, 'upToDate');
    const plain = led.next();
    led.link.send(proposal, plain.zxid, plain.payload);
    led.link.send(commit, plain.zxid);
    led.link.send(inform, plain.zxid, plain.payload);
    led.link.send(inform, plain.zxid, plain.payload);
    const same = led.next(reconfig(members('23 145', coming(led, 1))));
    for (let i = 0; i < 2; i++) {
      led.link.send(informAndActivate, same.zxid, Buffer.concat([leaderBody(3), same.payload]));
    }

    // Left out, it observes no more: it follows without a vote. As an observer it is taken in again.
    const gone = led.next(reconfig(members('23 4', coming(led, 2))));
    led.link.send(informAndActivate, gone.zxid, Buffer.concat([leaderBody(3), gone.payload]));
    led.link.untilClosed('it was left out');
    script.view(1).voter = true;
    led = lead(script, leader, 1, 'upToDate');
    const quorumPort = script.view(1).peer?.info.quorum()?.quorumPort;
    script.expect(quorumPort, '', 'the quorum port of who is no member');
    change(script, led, 0, '23 14');
    led.link.untilClosed('it was taken in');
    script.view(1).voter = false;

    led = lead(script, leader, 1, 'diff');
    // Proposed while it is synchronised, and told of as decided later.
    const late = led.next(reconfig(members('23 145', coming(led, 0))));
    led.link.send(proposal, late.zxid, late.payload);
    led.link.send(informAndActivate, late.zxid, Buffer.concat([leaderBody(3), late.payload]));
    script.run(50);
    led.link.close();
    // The leader's membership comes with NEWLEADER, and gives it another part.
    led = lead(script, leader, 1, 'newLeader', members('123 4', makeZxid(led.epoch + 1, 0)));
    led.link.send(PacketType.upToDate);
    led.link.untilClosed('it was made a participant');
    script.view(1).voter = true;
    led = lead(script, leader, 1, 'upToDate');

    // A follower that is left out goes on with its leader and its clients, and is a member again later.
    change(script, led, 0, '23 4');
    script.run(50);
    script.expect(script.view(1).machine.mode, 'follower', 'the role of who was left out');
    change(script, led, 1, '123 4');
    script.run(50);
    script.expect(led.link.isClosed, false, 'the connection is closed');

    other.stop();
    leader.stop();
    // These start with what they knew, and hear of the rest.
    for (const sid of [2, 3, 4]) {
      script.start(sid);
      script.untilServing();
    }
    for (const sid of [1, 2, 3, 4]) script.expect(inForce(script, sid), inForce(script, 1), `the members at ${sid}`);
    script.write('/node', 'after');
  },
};
