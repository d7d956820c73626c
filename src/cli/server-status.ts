#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { ask } from './ask.ts';
import { askSecurely } from './ask-securely.ts';
import { readSettings, tlsToServer } from './settings-of-server.ts';

/**
 * `server-status.js <zoo.cfg>`: what zkServer.sh status prints, and its exit code. Where the server of this machine
 * listens is found as Apache's script finds it, from the file alone: clientPort, else this server's line there or in
 * dynamicConfigFile. A configuration that would be refused has a running server all the same, so nothing is judged here.
 * Lines of Apache's go to standard output; those that only we have go to standard error.
 */
interface ClientAddress {
  readonly host: string;
  readonly port: string;
}

const ANSWER_LIMIT_MS = 5000;
const DEFAULT_HOST = 'localhost';

async function main(file: string): Promise<number> {
  const settings = readSettings(file);
  const address = clientAddress(settings);
  if (address === undefined) {
    say('Client port not found. Looking for secureClientPort in the static config.');
    const port = settings.get('secureClientPort');
    if (port === undefined) {
      say('Unable to find either secure or unsecure client port in any configs. Terminating.');
      return 1;
    }
    const host = settings.get('secureClientPortAddress') ?? DEFAULT_HOST;
    sayFound({ host, port }, true);
    return sayMode(() =>
      askSecurely({ host, port: Number(port) }, 'srvr', tlsToServer(settings, 'ssl.'), ANSWER_LIMIT_MS),
    );
  }
  sayFound(address, false);
  return sayMode(() => ask({ host: address.host, port: Number(address.port) }, 'srvr', ANSWER_LIMIT_MS));
}

async function sayMode(asked: () => Promise<string>): Promise<number> {
  let answer: string;
  try {
    answer = await asked();
  } catch (error) {
    say('Error contacting service. It is probably not running.');
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
  const mode = answer.split('\n').find((line) => line.includes('Mode'));
  if (mode === undefined) {
    say('Error contacting service. It is probably not running.');
    const said = answer.trim() === '' ? 'nothing' : answer.trim();
    process.stderr.write(`It runs, but does not serve: without a majority of its ensemble, mostly. It said: ${said}\n`);
    return 1;
  }
  say(mode);
  return 0;
}

function clientAddress(settings: ReadonlyMap<string, string>): ClientAddress | undefined {
  const host = settings.get('clientPortAddress') ?? DEFAULT_HOST;
  const port = settings.get('clientPort');
  if (port !== undefined && /^\d+$/.test(port)) return { host, port };

  const myid = readMyid(settings.get('dataDir'));
  if (myid === undefined) {
    say('myid could not be determined, will not able to locate clientPort in the server configs.');
    return undefined;
  }
  let client = clientPart(settings, myid);
  if (client === undefined) {
    say('Client port not found in static config file. Looking in dynamic config file.');
    const dynamicFile = settings.get('dynamicConfigFile');
    client = dynamicFile === undefined ? undefined : clientPart(readSettings(dynamicFile), myid);
  }
  if (client === undefined) {
    say('Client port not found in the server configs');
    return undefined;
  }
  const match = /^(?:\[?([^\]]*)\]?:)?(\d+)$/.exec(client);
  return match === null ? undefined : { host: match[1] ?? host, port: match[2] as string };
}

/** Behind the semicolon of `server.N=...;[host:]port`. */
function clientPart(settings: ReadonlyMap<string, string>, myid: string): string | undefined {
  return settings.get(`server.${myid}`)?.split(';')[1]?.trim();
}

function readMyid(dataDir: string | undefined): string | undefined {
  if (dataDir === undefined) return undefined;
  try {
    const text = readFileSync(join(dataDir, 'myid'), 'latin1').trim();
    return /^\d+$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function sayFound({ host, port }: ClientAddress, isTls: boolean): void {
  say(`Client port found: ${port}. Client address: ${host}. Client SSL: ${isTls}.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv[2] ?? '');
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
