#!/usr/bin/env node
import { messageOf } from '../base/errors.ts';
import { ask } from './ask.ts';
import { askSecurely } from './ask-securely.ts';
import { readSettings, tlsToServer } from './settings-of-server.ts';

/**
 * `transfer.js <zoo.cfg> [<id>]`: the server of this machine, which leads, hands over to server <id>, or to the follower that
 * has the most. It is asked by its admin server, as whoever ZK_ADMIN_AUTHORIZATION in the environment says.
 *
 * Exit codes: 0 handed over; 1 it could not be asked; 2 the leadership stays where it is, and the reason is said.
 */
const COULD_NOT_ASK = 1;
const STAYS = 2;
/** Two ticks for an answer and four to catch up, of servers whose tick is long. */
const ANSWER_LIMIT_MS = 60_000;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const CONFLICT = 409;

async function main(file: string, to: string | undefined): Promise<number> {
  const settings = readSettings(file);
  const of = propertiesOf(settings);
  if (of('admin.enableServer')?.toLowerCase() === 'false') {
    return fail(`${file}: admin.enableServer=false; a server without its admin server cannot be asked to hand over`);
  }
  const given = of('admin.serverAddress');
  const host = given === undefined || given === '0.0.0.0' || given === '::' ? '127.0.0.1' : given;
  const port = Number(of('admin.serverPort') ?? 8080);
  const path = `${of('admin.commandURL') ?? '/commands'}/transfer${to === undefined ? '' : `?to=${to}`}`;
  const request = requestText(path, process.env.ZK_ADMIN_AUTHORIZATION);
  const isSecure = of('admin.forceHttps')?.toLowerCase() === 'true';
  let answer: string;
  try {
    answer = await (isSecure
      ? askSecurely({ host, port }, request, tlsToServer(settings, 'ssl.quorum.'), ANSWER_LIMIT_MS)
      : ask({ host, port }, request, ANSWER_LIMIT_MS));
  } catch (error) {
    return fail(`the admin server at ${host}:${port} does not answer: ${messageOf(error)}`);
  }
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
  if (status === UNAUTHORIZED || status === FORBIDDEN) {
    return fail(
      'it takes every permission on the root: ZK_ADMIN_AUTHORIZATION="digest super:<password>" in the environment, say',
    );
  }
  const error = errorIn(answer);
  if (status === CONFLICT) {
    process.stderr.write(`The leadership stays where it is: ${error ?? 'no reason was given'}\n`);
    return STAYS;
  }
  if (status !== 200 || error !== undefined) return fail(error ?? `the admin server answers ${status || 'no HTTP'}`);
  process.stdout.write('The leadership is handed over.\n');
  return 0;
}

/** SERVER_JVMFLAGS count where the file is silent, as they do for the server. */
function propertiesOf(settings: ReadonlyMap<string, string>): (key: string) => string | undefined {
  const words = `${process.env.SERVER_JVMFLAGS ?? ''} ${process.env.JVMFLAGS ?? ''}`.split(/\s+/);
  const flags = new Map(
    words.flatMap((word) => {
      const match = /^-Dzookeeper\.([^=]+)=(.*)$/.exec(word);
      return match === null ? [] : [[match[1] as string, match[2] as string] as const];
    }),
  );
  return (key) => settings.get(key) ?? flags.get(key);
}

function requestText(path: string, authorization: string | undefined): string {
  const lines = [`POST ${path} HTTP/1.0`, 'Content-Length: 0'];
  if (authorization !== undefined) lines.push(`Authorization: ${authorization.replace(/[\r\n]/g, ' ')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function errorIn(answer: string): string | undefined {
  try {
    const { error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

function fail(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return COULD_NOT_ASK;
}

try {
  process.exitCode = await main(process.argv[2] ?? '', process.argv[3]);
} catch (error) {
  process.exitCode = fail(messageOf(error));
}
