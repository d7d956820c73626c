import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';

/**
 * Three peers on loopback, each a process of its own as in earnest: for trying out what happens when one of them is
 * killed. Client ports 2181 to 2183, or the next free ones; data in data/ensemble.
 */
const HOST = '127.0.0.1';
const SIZE = 3;
const FIRST_CLIENT_PORT = 2181;

async function main(): Promise<void> {
  const dir = resolve('data', 'ensemble');
  const taken = new Set<number>();
  const members = [];
  for (let id = 1; id <= SIZE; id++) {
    const client = await freePort(FIRST_CLIENT_PORT + id - 1, taken);
    const quorum = await freePort(2887 + id, taken);
    const election = await freePort(3887 + id, taken);
    members.push({ id, client, quorum, election });
  }
  const lines = members.map(({ id, quorum, election }) => `server.${id}=${HOST}:${quorum}:${election}`);
  const peers = members.map(({ id, client }) => {
    const home = join(dir, String(id));
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'myid'), `${id}\n`);
    const config = join(home, 'zoo.cfg');
    writeFileSync(
      config,
      [
        'tickTime=2000',
        'initLimit=10',
        'syncLimit=5',
        `dataDir=${home}`,
        `clientPort=${client}`,
        `clientPortAddress=${HOST}`,
        ...lines,
        '',
      ].join('\n'),
    );
    return startPeer(id, config);
  });
  const connectString = members.map(({ client }) => `${HOST}:${client}`).join(',');
  process.stdout.write(`
Three peers: ${connectString}
${members.map(({ id, client }, i) => `  server ${id}: client port ${client}, process ${peers[i]?.pid}`).join('\n')}
Data and configuration are in ${dir}. Try, in another terminal:

  bin/zkCli.sh -server ${connectString} create /hello world
  kill -9 <process of the leader>
  bin/zkCli.sh -server ${connectString} get /hello

A killed peer is started again after 10 seconds. Ctrl-C stops all of them.

`);
}

const RESTART_AFTER_MS = 10_000;
let stopping = false;

function startPeer(id: number, config: string): ChildProcess {
  const program = join(import.meta.dirname, '..', 'peer.js');
  const child = spawn(process.execPath, [program, '--config', config], { stdio: ['ignore', 'inherit', 'inherit'] });
  const stop = (): void => {
    stopping = true;
    child.kill('SIGTERM');
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  child.on('exit', (code, signal) => {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    if (stopping) return;
    process.stdout.write(`server ${id} ended (${signal ?? code}), and starts again in ${RESTART_AFTER_MS / 1000} s\n`);
    setTimeout(() => {
      if (!stopping) startPeer(id, config);
    }, RESTART_AFTER_MS).unref();
  });
  return child;
}

/** `wanted` or the next free port after it. */
async function freePort(wanted: number, taken: Set<number>): Promise<number> {
  for (let port = wanted; ; port++) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

await main();
