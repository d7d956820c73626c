import { filesOfServer, replay } from '../backup/history.ts';
import { lookOnly } from '../backup/kept-files.ts';
import { messageOf } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import { zxidText } from '../jute/zxid.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { bad, type Finding, good, note } from './finding.ts';

/**
 * The history that is left when there is no quorum, and the two ways back with the commands of this server. It is a dry
 * run: the history is replayed as a start would, and nothing is written.
 */
const ABOUT = 'quorum';

export function lostQuorum(disk: Disk, config: PeerConfig, running: number): Finding[] {
  const { dataDir, dataLogDir, myid, quorumVerifier } = config;
  const voters = [...(quorumVerifier?.voters ?? [])];
  const missing = Math.max(1, Math.floor(voters.length / 2) + 1 - running);
  return [
    whatIsHere(disk, { dataDir, dataLogDir }),
    note(ABOUT, 'way 1, nothing is lost: a majority of the directories', undefined, [
      `bring ${missing} of the missing voters up, each on its own directory (or its disk in another machine)`,
      'where an address is another one now, change its server line in every zoo.cfg, and restart one after the other',
      'this doctor says when there is a quorum again: zkDoctor.sh --can-stop',
    ]),
    note(
      ABOUT,
      'way 2, when a majority of the directories is gone for good: what only the lost ones had is lost',
      undefined,
      [
        'on every survivor run the doctor, and compare the zxid of "what is here": the highest one is taken',
        `stop all survivors, and keep copies: cp -a ${dataDir} ${dataDir}.kept${dataDir === dataLogDir ? '' : ` && cp -a ${dataLogDir} ${dataLogDir}.kept`}`,
        `on the one that is taken leave a single server line in zoo.cfg: server.${myid}, and start it`,
        'look at the data: zkCli.sh ls -R /',
        'then grow to three again, the others with empty directories (docs/OPERATIONS.md, Growing from one to three)',
      ],
    ),
  ];
}

function whatIsHere(disk: Disk, dirs: { readonly dataDir: string; readonly dataLogDir: string }): Finding {
  try {
    const files = filesOfServer(disk, dirs);
    if (files.snapshots.length === 0 && files.logs.length === 0) {
      return note(ABOUT, 'what is here: nothing, no transaction was ever written to these directories');
    }
    const { database } = replay(disk, files, {}, lookOnly);
    const { nodeCount } = database.tree;
    return good(
      ABOUT,
      `what is here: ${nodeCount} nodes at zxid ${zxidText(database.lastProcessedZxid)}, and it loads`,
    );
  } catch (error) {
    return bad(ABOUT, `what is here is of no use as it is: ${messageOf(error)}`);
  }
}
