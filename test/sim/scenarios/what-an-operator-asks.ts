import { messageOf } from '../../../src/base/errors.ts';
import type { Scenario, Script } from '../script/script.ts';

/** A snapshot that an operator asked for, taken whole. */
function snapshotOf(s: Script, sid: number): Buffer {
  const { peer, machine } = s.view(sid);
  let outcome: Error | undefined | 'none yet' = 'none yet';
  machine.run(() => peer?.takeSnapshot((error) => (outcome = error)));
  s.until('the snapshot', () => outcome !== 'none yet');
  s.expect(outcome, undefined, 'the outcome');
  return machine.disk.read(peer?.info.newestSnapshot()?.path ?? '');
}

/** In pieces of 7 bytes at first, then of 1,000. `during`: before the last word. */
function restore(s: Script, sid: number, bytes: Buffer, during = (): void => {}): string {
  const { peer, machine } = s.view(sid);
  let outcome = '';
  machine.run(() => {
    const restoring = peer?.beginRestore();
    for (let at = 0; at < bytes.length; ) {
      const size = at < 70 ? 7 : 1000;
      restoring?.push(bytes.subarray(at, at + size));
      at += size;
    }
    during();
    restoring?.finish((error, zxid) => {
      outcome = error?.message ?? `zxid ${zxid}`;
    });
  });
  s.until('the restore', () => outcome !== '');
  return outcome;
}

/** Why it is not even begun. */
function refusalOf(s: Script, sid: number): string {
  const { peer, machine } = s.view(sid);
  let refusal = '';
  machine.run(() => {
    try {
      peer?.beginRestore();
    } catch (error) {
      refusal = messageOf(error);
    }
  });
  s.until('the refusal', () => refusal !== '');
  return refusal;
}

export const scenario: Scenario = {
  name: 'what an operator asks of a server alone',
  about: 'snapshots on request, a restore of one, and the dump of its state: clients go on afterwards',
  voters: 1,
  play(s) {
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.create('/node');
    s.write('/node', 'before');
    const bytes = snapshotOf(s, 1);
    const { peer, machine } = s.view(1);
    const refused: (string | undefined)[] = [];
    machine.run(() => {
      for (let i = 0; i < 2; i++) peer?.takeSnapshot((error) => refused.push(error?.message));
    });
    s.until('two answers', () => refused.length === 2);
    s.expect(refused[0], 'another snapshot is being written', 'the second, which is refused at once');
    s.expect(restore(s, 1, bytes.subarray(0, 200)), 'the file ends before the tree does', 'half a file');
    const zxid = s.view(1).tip;
    let other = '';
    const both = restore(s, 1, bytes, () => {
      const restoring = peer?.beginRestore();
      restoring?.push(bytes);
      restoring?.finish((error, at) => {
        other = error?.message ?? `zxid ${at}`;
      });
    });
    s.expect(both.startsWith('only a standalone server'), true, 'the later of two that end together');
    s.until('the other one', () => other !== '');
    s.expect(other, `zxid ${zxid}`, 'the whole file');
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.write('/node', 'after');
    machine.run(() => peer?.dumpState());
    s.until('the dump', () => s.said(1, 'state of this server') > 0);
    s.kill(1);
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.expect(s.read('/node'), 'after', 'the node');
  },
};

export const inAnEnsemble: Scenario = {
  name: 'what an operator asks of a member',
  about: 'a member takes snapshots, tells its state, and refuses a restore, which the others would know nothing of',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/node');
    s.expect(snapshotOf(s, 3).length > 0, true, 'a snapshot');
    s.expect(refusalOf(s, 3).startsWith('only a standalone server'), true, 'the refusal');
    for (const sid of [1, 3]) s.view(sid).machine.run(() => s.view(sid).peer?.dumpState());
    const { machine, peer } = s.view(1);
    s.kill(3, 2);
    s.until('no role', () => machine.mode === 'looking');
    let said = '';
    machine.run(() => {
      peer?.takeSnapshot((error) => {
        said = error?.message ?? 'taken';
      });
      peer?.dumpState();
    });
    s.until('an answer', () => said !== '');
    s.expect(said, 'this peer has no role at the moment', 'a snapshot without a role');
    s.start(2, 3);
    s.untilServing();
  },
};
