#!/usr/bin/env node
import { snapshotComparer } from './files/snapshot-comparer.ts';
import { runTool } from './files/tool.ts';

/** SnapshotComparer, as a program. */
runTool(snapshotComparer);
