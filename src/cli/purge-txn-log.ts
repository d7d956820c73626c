#!/usr/bin/env node
import { purgeTool } from './files/purge.ts';
import { runTool } from './files/tool.ts';

/** PurgeTxnLog, as a program. */
runTool(purgeTool);
