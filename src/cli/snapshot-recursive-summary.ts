#!/usr/bin/env node
import { snapshotSummary } from './files/snapshot-summary.ts';
import { runTool } from './files/tool.ts';

/** SnapshotRecursiveSummary, as a program. */
runTool(snapshotSummary);
