#!/usr/bin/env node
import { logToolkit } from './files/log-toolkit.ts';
import { runTool } from './files/tool.ts';

/** TxnLogToolkit, as a program. */
runTool(logToolkit);
