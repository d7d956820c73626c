import type { Command } from './command.ts';
import { getAcl, setAcl } from './commands/acl-commands.ts';
import { deleteall } from './commands/deleteall-command.ts';
import { config, reconfig } from './commands/ensemble-commands.ts';
import { delquota, listquota, setquota } from './commands/quota-commands.ts';
import { get, getAllChildrenNumber, getEphemerals, ls, stat } from './commands/read-commands.ts';
import { addauth, sync, version, whoami } from './commands/session-commands.ts';
import { cp, du, find, mv } from './commands/tree-commands.ts';
import { addWatch, removewatches, watch } from './commands/watch-commands.ts';
import { create, deleteNode, set } from './commands/write-commands.ts';

/** Every command by its name; those of the shell itself, which need no server, are in shell.ts. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    addWatch,
    addauth,
    config,
    create,
    deleteNode,
    deleteall,
    delquota,
    get,
    getAcl,
    getAllChildrenNumber,
    getEphemerals,
    listquota,
    ls,
    reconfig,
    removewatches,
    set,
    setAcl,
    setquota,
    stat,
    sync,
    version,
    whoami,
    cp,
    du,
    find,
    mv,
    watch,
  ].map((command) => [command.name, command]),
);
