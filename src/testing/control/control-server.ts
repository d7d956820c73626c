import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError, messageOf } from '../../base/errors.ts';
import type { TestEnsemble } from '../ensemble/test-ensemble.ts';
import { ControllerCommands } from './controller-commands.ts';
import { type Answered, FaultList, NotFound, ROUTES, type Route } from './routes.ts';

/**
 * The routes on an HTTP port, of loopback unless another host is asked for. A request with a body has to say that it is JSON, so that no page in a browser can
 * send one.
 */
const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;

export class ControlServer {
  private readonly ensemble: TestEnsemble;
  private readonly server: Server;
  private readonly faults = new FaultList();
  private readonly commands: ControllerCommands;

  /** `onShutdown`: a program asked for the end of the ensemble. */
  constructor(ensemble: TestEnsemble, onShutdown: () => void) {
    this.ensemble = ensemble;
    this.commands = new ControllerCommands(ensemble, onShutdown);
    this.server = createServer((request, response) => void this.onRequest(request, response));
  }

  /** `http://127.0.0.1:50001`; rejected with the system's error. */
  listen(port: number, host = HOST): Promise<string> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        resolve(`http://${host}:${(this.server.address() as AddressInfo).port}`);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answered: Answered;
    try {
      answered = await this.answer(request);
    } catch (error) {
      answered = { status: statusOf(error), body: { error: messageOf(error) } };
    }
    response.statusCode = answered.status;
    if (answered.body === undefined) response.end();
    else if (typeof answered.body === 'string') {
      response.setHeader('Content-Type', 'text/html;charset=utf-8');
      response.end(answered.body);
    } else {
      response.setHeader('Content-Type', 'application/json');
      response.end(`${JSON.stringify(answered.body)}\n`);
    }
  }

  private async answer(request: IncomingMessage): Promise<Answered> {
    const url = new URL(request.url ?? '/', `http://${HOST}`);
    const command = /^\/(command\/([^/]*)(?:\/(.*))?)$/.exec(url.pathname);
    if (command !== null) return this.command(command[1] as string, command[2] as string, command[3]);
    const found = ROUTES.map((route) => ({ route, parts: partsOf(route.path, url.pathname) })).filter(
      (each): each is { route: Route; parts: Record<string, string> } => each.parts !== undefined,
    );
    if (found.length === 0) throw new NotFound(`there is no ${url.pathname}`);
    const match = found.find(({ route }) => route.method === request.method);
    if (match === undefined) return { status: 405, body: { error: `${request.method} is not for ${url.pathname}` } };
    const body = await bodyOf(request);
    const { ensemble, faults } = this;
    return match.route.answer({ ensemble, faults, parts: match.parts, query: url.searchParams, body });
  }

  /** As Apache's controller answers: the command, and by its status whether it was carried out. */
  private async command(told: string, action: string, parameter: string | undefined): Promise<Answered> {
    try {
      await this.commands.run(action, parameter);
      return { status: 200, body: `${told}\n` };
    } catch (error) {
      if (!(error instanceof ConfigError) && !(error instanceof RangeError)) throw error;
      return { status: 400, body: `${told}\n` };
    }
  }
}

/** The parts in braces; undefined for another path. */
export function partsOf(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [at, name] of wanted.entries()) {
    const value = given[at] as string;
    if (name.startsWith('{')) parts[name.slice(1, -1)] = value;
    else if (name !== value) return undefined;
  }
  return parts;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new ConfigError(`the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  if (bytes === 0) return {};
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new ConfigError('the body has to be application/json');
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new ConfigError(`the body is no JSON: ${messageOf(error)}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ConfigError('the body is no object');
  return body as Record<string, unknown>;
}

/** A fault of the request, what is not there, and what cannot be at the moment. */
function statusOf(error: unknown): number {
  if (error instanceof NotFound) return 404;
  if (error instanceof RangeError) return 404;
  return error instanceof ConfigError ? 400 : 409;
}
