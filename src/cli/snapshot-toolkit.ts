#!/usr/bin/env node
import { snapshotFormatter } from './files/snapshot-formatter.ts';
import { runTool } from './files/tool.ts';

/** SnapshotFormatter, as a program. */
runTool(snapshotFormatter);
