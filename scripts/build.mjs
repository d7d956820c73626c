// Builds dist/: the modules, and beside them in dist/cjs the same client and test kit for programs that use require.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
const tsc = join(dirname(manifest), 'bin', 'tsc');
for (const project of ['tsconfig.build.json', 'tsconfig.cjs.json']) {
  execFileSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
}
execFileSync(process.execPath, [join(root, 'scripts', 'bundle.mjs'), join(root, 'dist')], { stdio: 'inherit' });
writeFileSync(join(root, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');

// The compiler makes a require of it, which takes no URL and, in older releases of Node.js, no module.
const providers = join(root, 'dist/cjs/embed/own-providers.js');
const text = readFileSync(providers, 'utf8');
const loaded = text.replace(
  /Promise\.resolve\(`\$\{(.*?)\}`\)\.then\((\w+) => __importStar\(require\(\2\)\)\)/,
  'import($1)',
);
if (loaded === text) throw new Error(`${providers}: the import of a provider is not where it was`);
writeFileSync(providers, loaded);
