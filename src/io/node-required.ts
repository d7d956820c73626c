import { nodeVersionProblem } from './node-version.ts';

/** Imported first by what a program imports: a Node.js that is too old is told so before anything else goes wrong. */
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) throw new Error(problem);
