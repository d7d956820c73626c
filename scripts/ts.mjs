// Lets node run TypeScript sources as they are: node --import ./scripts/ts.mjs file.ts. Node 20 cannot by itself, and
// a bundle would lose import.meta.dirname.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);
