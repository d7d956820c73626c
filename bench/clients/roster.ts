import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PACKAGES } from './drivers.ts';

/** The clients that are compared, how each is started, and what is missing where one is not. */
export interface Entry {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

export interface Roster {
  readonly entries: readonly Entry[];
  readonly missing: readonly string[];
}

const root = resolve(import.meta.dirname, '..', '..');
const here = import.meta.dirname;
const INTEROP = join(root, '.cache', 'interop');
const PYTHON = '/usr/bin/python3';
/** A package that does not build is left out, and the other one is there. */
const VERSIONS = { 'node-zookeeper-client': '1.1.3', zookeeper: '7.3.0' } as const;

/** `args` come behind those of each program: hosts, nodes, bytes. */
export function roster(args: readonly string[]): Roster {
  installPackages();
  const missing: string[] = [];
  const entries: Entry[] = [node('menagerie', 'menagerie', args)];
  for (const [name, version] of Object.entries(VERSIONS)) {
    if (loads(name)) entries.push(node(name, `${name} ${version}`, args));
    else missing.push(`${name} ${version} cannot be installed here`);
  }
  const kazoo = printed(PYTHON, ['-c', 'import kazoo.version; print(kazoo.version.__version__)']);
  if (kazoo === undefined) missing.push('kazoo is not here; scripts/interop-setup.sh brings it');
  else entries.push({ name: `kazoo ${kazoo}`, program: PYTHON, args: [join(here, 'kazoo_work.py'), ...args] });
  const java = javaClient(args);
  if (java === undefined)
    missing.push("Java's client, or a compiler for its program, is not here; scripts/interop-setup.sh brings both");
  else entries.push(java);
  return { entries, missing };
}

function node(client: string, name: string, args: readonly string[]): Entry {
  const loader = join(root, 'scripts', 'ts.mjs');
  const program = join(here, 'node-work.ts');
  return { name, program: process.execPath, args: ['--import', loader, program, client, ...args] };
}

function javaClient(args: readonly string[]): Entry | undefined {
  const judge = join(INTEROP, 'judge');
  if (!existsSync(judge)) return undefined;
  const version = readFileSync(judge, 'utf8').trim();
  const jars = join(INTEROP, `apache-${version}`);
  // Without a binding of its logger it logs nothing.
  const classpath = readdirSync(jars)
    .filter((name) => name.endsWith('.jar') && !name.startsWith('logback'))
    .map((name) => join(jars, name));
  const classes = join(PACKAGES, 'classes');
  const source = join(here, 'JavaWork.java');
  if (printed('javac', ['-nowarn', '-d', classes, '-cp', classpath.join(':'), source]) === undefined) return undefined;
  return {
    name: `Java ${version}`,
    program: 'java',
    args: ['-cp', [classes, ...classpath].join(':'), 'JavaWork', ...args],
  };
}

/** Quick when they are there. They are no dependencies of this project, not even of its tests. */
function installPackages(): void {
  mkdirSync(PACKAGES, { recursive: true });
  const wanted = JSON.stringify({ private: true, optionalDependencies: VERSIONS });
  const file = join(PACKAGES, 'package.json');
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) return;
  writeFileSync(file, wanted);
  try {
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: PACKAGES,
      stdio: 'inherit',
    });
  } catch {
    writeFileSync(file, '');
  }
}

function loads(name: string): boolean {
  return (
    printed(process.execPath, ['-e', `require(${JSON.stringify(join(PACKAGES, 'node_modules', name))})`]) !== undefined
  );
}

/** undefined when the program is not there, or fails. */
function printed(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}
