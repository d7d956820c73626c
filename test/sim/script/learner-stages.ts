import { makeZxid } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Script } from './script.ts';
import { dialLeader, introduce, join, type ScriptedLink } from './scripted-servers.ts';

const { ack, ackEpoch, diff, leaderInfo, newLeader, ping, upToDate } = PacketType;

/** A learner's id that is in no configuration, and so counted in nothing. */
export const STRANGER = 99;

/** How far a learner has come when it says something that no learner says. */
export type Stage = 'info' | 'ackEpoch' | 'newLeader' | 'serving';

export interface Turn {
  readonly link: ScriptedLink;
  readonly epoch: number;
  readonly script: Script;
}

/** Something that no learner says, the server's reason for closing the link, and the saying of it. */
export type Case = readonly [what: string, reason: RegExp, say: (turn: Turn) => void];

/** The server that hears it. */
export interface Listener {
  readonly sid: number;
  /** That of the leader unless given. */
  readonly port?: number;
  readonly observer?: boolean;
}

/** Comes as far as that stage and says it. The log of the server says why the link is closed, and the leader goes on. */
export function meet(script: Script, to: Listener, stage: Stage, [what, reason, say]: Case): void {
  const { leader } = script;
  const { sid } = to;
  const observer = to.observer === true;
  const log = script.listen(sid);
  const said = log.lines;
  const link = dialLeader(script, sid, to.port);
  let { acceptedEpoch: epoch } = script.view(sid);
  if (stage === 'ackEpoch' || stage === 'newLeader') {
    introduce(link, { sid: STRANGER, observer, acceptedEpoch: 1 });
    link.next(leaderInfo, 'LEADERINFO');
  }
  if (stage === 'newLeader') {
    link.send(ackEpoch, script.view(sid).tip, intBody(1));
    link.next(newLeader, 'NEWLEADER');
    // Neither is for a learner to say, and neither does harm.
    link.send(ping, makeZxid(epoch, 0));
    link.send(diff, 7);
  }
  if (stage === 'serving') {
    epoch = join(link, { sid: STRANGER, observer, zxid: script.view(sid).tip, epoch });
    link.next(upToDate, 'UPTODATE');
    link.send(ack, makeZxid(epoch, 0));
  }
  say({ link, epoch, script });
  link.untilClosed(what);
  script.run(20);
  log.stop();
  const isRight = said.some((line) => /closing the link|lost a learner/.test(line) && reason.test(line));
  script.expect(isRight || said.join('\n'), true, `${stage}: ${what}: the reason`);
  script.expect(script.leader, leader, `the leader, after ${what},`);
  script.expect(script.isServing(sid), true, `the server serves, after ${what},`);
}
