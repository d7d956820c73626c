#!/usr/bin/env node
import { auditTool } from './audit/who.ts';
import { runTool } from './files/tool.ts';

/** `audit.js who /path`, as a program. */
runTool(auditTool);
