import { OpCode } from '../../../src/jute/codes.ts';
import { makeZxid, ZXID_NONE, type Zxid } from '../../../src/jute/zxid.ts';
import { intBody, PacketType, PROTOCOL_VERSION, revalidatedBody } from '../../../src/zab/wire/packets.ts';
import type { Scenario, Script } from '../script/script.ts';
import { type Led, lead, ScriptedLeader, type ScriptedLink, type Stage } from '../script/scripted-servers.ts';

const { ackEpoch, commit, commitAndActivate, diff, inform, informAndActivate } = PacketType;
const { leaderInfo, newLeader, ping, proposal, request, revalidate, snap, sync, trunc } = PacketType;
const { upToDate } = PacketType;

/** Something that no leader says, the reason why the learner then leaves, and the saying of it. */
type Case = readonly [what: string, reason: RegExp, say: (to: Led) => void];

function header(zxid: Zxid): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeBigInt64BE(BigInt(zxid), 12);
  bytes.writeInt32BE(OpCode.setData, 28);
  return bytes;
}

function head(type: number, dataBytes: number): Buffer {
  return Buffer.concat([intBody(type), Buffer.alloc(8), intBody(dataBytes)]);
}

const INSTEAD_OF_LEADERINFO: readonly Case[] = [
  ['DIFF', /DIFF instead of LEADERINFO/, ({ link }) => link.send(diff, 0)],
  ['half a version', /./, ({ link, epoch }) => link.send(leaderInfo, makeZxid(epoch, 0), Buffer.alloc(2))],
  ['no version', /LEADERINFO without data/, ({ link, epoch }) => link.send(leaderInfo, makeZxid(epoch, 0))],
  ['an older epoch', /below the accepted/, ({ link }) => link.send(leaderInfo, 1, intBody(PROTOCOL_VERSION))],
  ['no epoch', /below the accepted/, ({ link }) => link.send(leaderInfo, -1, intBody(PROTOCOL_VERSION))],
  ['a negative epoch', /beyond/, ({ link }) => link.send(leaderInfo, -(2 ** 63), intBody(PROTOCOL_VERSION))],
  ['HTTP', /no type of a quorum packet/, ({ link }) => link.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
  ['a negative length', /unreasonable length/, ({ link }) => link.write(head(ping, -2))],
  ['two gigabytes', /unreasonable length/, ({ link }) => link.write(head(ping, 0x7fffffff))],
  [
    'a million ids',
    /unreasonable vector length/,
    ({ link }) => link.write(Buffer.concat([head(ping, -1), intBody(1_000_000)])),
  ],
  [
    'an id of a negative length',
    /unreasonable length/,
    ({ link }) => link.write(Buffer.concat([head(ping, -1), intBody(1), intBody(-7)])),
  ],
  [
    'half a packet and the end',
    /closed/,
    ({ link }) => {
      link.write(Buffer.alloc(7));
      link.close();
    },
  ],
  ['nothing', /nothing heard from the leader/, () => {}],
];

const INSTEAD_OF_A_PLAN: readonly Case[] = [
  ['PROPOSAL', /instead of DIFF, TRUNC or SNAP/, ({ link, epoch }) => link.send(proposal, makeZxid(epoch, 1))],
  ['DIFF without a zxid', /with zxid/, ({ link }) => link.send(diff, ZXID_NONE)],
  ['DIFF of a later epoch', /with zxid/, ({ link, epoch }) => link.send(diff, makeZxid(epoch + 1, 1))],
  ['TRUNC of a later epoch', /with zxid/, ({ link, epoch }) => link.send(trunc, makeZxid(epoch + 1, 1))],
  [
    'a snapshot of nothing that makes sense',
    /sessions in a snapshot/,
    ({ link, own }) => {
      link.send(snap, own);
      link.write(Buffer.alloc(64, 0xee));
    },
  ],
  [
    'half a snapshot and the end',
    /closed/,
    ({ link, own }) => {
      link.send(snap, own);
      link.write(intBody(0));
      link.close();
    },
  ],
  [
    'half a snapshot and then nothing',
    /nothing heard from the leader/,
    ({ link, own }) => {
      link.send(snap, own);
      link.write(intBody(0));
    },
  ],
  [
    'a snapshot with another signature',
    /does not end with BenWasHere/,
    ({ link, own }) => {
      link.send(snap, own);
      link.write(Buffer.concat([emptySnapshot(), intBody(10), Buffer.from('BenWasThe')]));
    },
  ],
  ['nothing', /nothing heard from the leader/, () => {}],
];

/** A tree of a root, without sessions. */
function emptySnapshot(): Buffer {
  const stat = Buffer.alloc(60);
  const root = Buffer.concat([intBody(0), intBody(0), Buffer.alloc(8), stat]);
  return Buffer.concat([intBody(0), intBody(0), root, intBody(1), Buffer.from('/')]);
}

const AFTER_DIFF: readonly Case[] = [
  ['UPTODATE', /UPTODATE before NEWLEADER/, ({ link }) => link.send(upToDate)],
  ['NEWLEADER of another epoch', /NEWLEADER/, ({ link, epoch }) => link.send(newLeader, makeZxid(epoch - 1, 0))],
  ['a COMMIT of nothing', /none is open/, ({ link, epoch }) => link.send(commit, makeZxid(epoch, 1))],
  ['a gap', /transaction .* after/, ({ link, epoch }) => propose(link, makeZxid(epoch - 1, 77))],
  ['an epoch that does not begin at 1', /transaction .* after/, ({ link, epoch }) => propose(link, makeZxid(epoch, 2))],
  ['a later epoch', /transaction .* after/, ({ link, epoch }) => propose(link, makeZxid(epoch + 1, 1))],
  ['PROPOSAL of nothing', /without a transaction/, ({ link, epoch }) => link.send(proposal, makeZxid(epoch, 1))],
  [
    'PROPOSAL of too little',
    /without a transaction/,
    ({ link, epoch }) => link.send(proposal, makeZxid(epoch, 1), Buffer.alloc(31)),
  ],
  [
    'one transaction under the number of another',
    /holds another transaction/,
    ({ link, epoch }) => link.send(proposal, makeZxid(epoch, 1), header(makeZxid(epoch, 2))),
  ],
  [
    'a transaction that cannot be read',
    /path is null/,
    ({ link, epoch }) => link.send(proposal, makeZxid(epoch, 1), header(makeZxid(epoch, 1)).fill(0xff, 32)),
  ],
  [
    'commits out of order',
    /is next/,
    ({ link, next }) => {
      const [first, second] = [next(), next()];
      link.send(proposal, first.zxid, first.payload);
      link.send(proposal, second.zxid, second.payload);
      link.send(commit, second.zxid);
    },
  ],
  [
    'the activation of what is no reconfiguration',
    /is no reconfiguration/,
    ({ link, next }) => {
      const { zxid, payload } = next();
      link.send(proposal, zxid, payload);
      link.send(commitAndActivate, zxid, Buffer.alloc(8));
    },
  ],
  [
    'an activation without a leader',
    /COMMITANDACTIVATE without data/,
    ({ link, next }) => {
      const { zxid, payload } = next();
      link.send(proposal, zxid, payload);
      link.send(commitAndActivate, zxid);
    },
  ],
  ['an INFORM with a gap', /transaction .* after/, ({ link, epoch }) => informOf(link, makeZxid(epoch - 1, 99))],
  [
    'INFORMANDACTIVATE of nothing',
    /without data/,
    ({ link, epoch }) => link.send(informAndActivate, makeZxid(epoch, 1)),
  ],
  ['what is no packet', /no type/, ({ link }) => link.write(Buffer.alloc(32, 0xff))],
  ['nothing', /nothing heard from the leader/, () => {}],
];

const AFTER_NEWLEADER: readonly Case[] = [
  ['NEWLEADER again', /NEWLEADER/, ({ link, epoch }) => link.send(newLeader, makeZxid(epoch, 0))],
  ['nothing', /nothing heard from the leader/, () => {}],
  ['the end', /closed/, ({ link }) => link.close()],
];

const AFTER_UPTODATE: readonly Case[] = [
  ['a REVALIDATE of nothing', /REVALIDATE without data/, ({ link }) => link.send(revalidate)],
  ['a COMMIT of nothing', /none is open/, ({ link, epoch }) => link.send(commit, makeZxid(epoch, 9))],
  ['nothing', /nothing heard from the leader/, () => {}],
  ['the end', /closed/, ({ link }) => link.close()],
];

function propose(link: ScriptedLink, zxid: Zxid): void {
  link.send(proposal, zxid, header(zxid));
}

function informOf(link: ScriptedLink, zxid: Zxid): void {
  link.send(inform, zxid, header(zxid));
}

/** A learner comes, is led as far as `stage`, told that, and leaves for that reason. */
function meet(script: Script, leader: ScriptedLeader, stage: Stage, [what, reason, say]: Case): void {
  const led = lead(script, leader, 1, stage);
  const { link, epoch } = led;
  if (stage === 'upToDate') {
    for (const type of [upToDate, sync, request, 77]) link.send(type);
    link.send(revalidate, ZXID_NONE, revalidatedBody(77n, true));
    link.send(revalidate, ZXID_NONE, revalidatedBody(77n, false));
    link.send(ping, makeZxid(epoch, 0));
    link.next(ping, 'an answer to a PING');
  }
  const log = script.listen(1);
  const said = log.lines;
  say(led);
  link.untilClosed(what);
  script.until('the end of the role', () => said.some((line) => line.includes('role over')));
  log.stop();
  const isRight = said.some((line) => line.includes('role over') && reason.test(line));
  script.expect(isRight || said.join('\n'), true, `after ${stage}: ${what}: the reason`);
}

/** A zxid that is not in the log cannot be its end. It comes back without saying what it has, for a snapshot. */
function refuseToCut(script: Script, leader: ScriptedLeader): void {
  const never = [
    'TRUNC to what it never had',
    /a snapshot is needed/,
    ({ link, own }: Led) => link.send(trunc, own + 500),
  ] as const;
  meet(script, leader, 'plan', never);
  const link = leader.nextLearner();
  link.send(leaderInfo, makeZxid(script.view(1).acceptedEpoch + 1, 0), intBody(PROTOCOL_VERSION));
  script.expect(link.next(ackEpoch, 'ACKEPOCH').zxid, ZXID_NONE, 'the zxid of ACKEPOCH');
  const log = script.listen(1);
  link.send(diff, 0);
  link.untilClosed('DIFF');
  script.run(1);
  log.stop();
  script.expect(
    log.lines.some((line) => /did not say what it has/.test(line)),
    true,
    'the reason',
  );
}

export const scenario: Scenario = {
  name: 'a leader that says what no leader says',
  about: 'in every phase: garbage, packets out of place, cut snapshots, silence; the learner leaves and is as it was',
  voters: 3,
  play(script) {
    script.begin();
    script.create('/node', 'before');
    script.untilServing();
    script.kill(1, 2, 3);
    script.start(1);
    const leader = new ScriptedLeader(script, 3, [1]);
    for (const each of INSTEAD_OF_LEADERINFO) meet(script, leader, 'leaderInfo', each);
    for (const each of INSTEAD_OF_A_PLAN) meet(script, leader, 'plan', each);
    refuseToCut(script, leader);
    for (const each of AFTER_DIFF) meet(script, leader, 'diff', each);
    for (const each of AFTER_NEWLEADER) meet(script, leader, 'newLeader', each);
    for (const each of AFTER_UPTODATE) meet(script, leader, 'upToDate', each);
    leader.stop();
    script.start(2);
    script.untilServing();
    script.expect(script.leader, 1, 'the leader, who was told the most,');
    script.write('/node', 'after');
    script.expect(script.read('/node'), 'after', 'the node');
  },
};
