import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerText, HttpListener } from '../../src/admin/http-listener.ts';
import { silentLog } from '../../src/base/log.ts';
import { SimRandom } from '../sim/world/random.ts';

const HOST = '127.0.0.1';
let listener: HttpListener | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener?.close();
});

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<number> {
  listener = new HttpListener({ name: 'test', host: HOST, port: 0, idleTimeoutMs: 30_000 }, handle, silentLog);
  return await listener.listen();
}

/** All that comes until the other side closes. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.write(text));
    sockets.push(socket);
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(all));
  });
}

/** Says nothing more behind its bytes, and hears whatever comes. */
function askAndEnd(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.end(bytes));
    sockets.push(socket);
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const GET_AND_CLOSE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describe('an HTTP port for operators', () => {
  it('answers one at a time, in the order asked, and 503 to the ones too many', async () => {
    let running = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const port = await listen(async (_request, response) => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => held.push(resolve));
      running--;
      answerText(response, 200, 'here');
    });
    const asked = Array.from({ length: 20 }, () => ask(port, GET_AND_CLOSE));
    // One is being answered and sixteen wait: three are refused before anything is answered.
    const refused = await Promise.race(asked);
    expect(refused).toMatch(/^HTTP\/1.1 503 /);
    let answered = 0;
    const all = Promise.all(asked);
    while (answered < 17) {
      const next = held.shift();
      if (next === undefined) {
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      next();
      answered++;
    }
    const statuses = (await all).map((text) => text.slice(9, 12)).sort();
    expect(statuses).toEqual([...Array(17).fill('200'), '503', '503', '503']);
    expect(most).toBe(1);
  });

  it('outlives a million bytes of noise, and of requests with bytes changed', async () => {
    let asked = 0;
    const port = await listen(async (_request, response) => {
      asked++;
      answerText(response, 200, 'here');
    });
    const random = new SimRandom(5);
    let sent = 0;
    while (sent < 1_000_000) {
      const noises = Array.from({ length: 50 }, () => {
        const isNoise = random.below(2) === 0;
        const bytes = Buffer.from(isNoise ? Array.from({ length: 4000 }, () => random.below(256)) : GET_AND_CLOSE);
        if (!isNoise) bytes[random.below(bytes.length)] = random.below(256);
        sent += bytes.length;
        return bytes;
      });
      await Promise.all(noises.map((bytes) => askAndEnd(port, bytes)));
    }
    const before = asked;
    expect(await ask(port, GET_AND_CLOSE)).toMatch(/^HTTP\/1.1 200 [\s\S]*here$/);
    expect(asked).toBe(before + 1);
  });

  it('closes a connection that pipelines, after one answer at most', async () => {
    let asked = 0;
    const port = await listen(async (_request, response) => {
      asked++;
      await new Promise((resolve) => setImmediate(resolve));
      answerText(response, 200, 'here');
    });
    const text = await ask(port, GET.repeat(5000));
    expect(asked).toBeLessThanOrEqual(1);
    expect(text.match(/HTTP\/1.1 200/g) ?? []).toHaveLength(0);
  });

  it('answers 500 when no answer could be made, and the next one as before', async () => {
    let first = true;
    const port = await listen(async (_request, response) => {
      if (first) {
        first = false;
        throw new Error('the disk is gone');
      }
      answerText(response, 200, 'here');
    });
    expect(await ask(port, GET_AND_CLOSE)).toMatch(/^HTTP\/1.1 500 [\s\S]*the log says why/);
    expect(await ask(port, GET_AND_CLOSE)).toMatch(/^HTTP\/1.1 200 [\s\S]*here$/);
  });

  it('answers 400 to what is not HTTP, and closes', async () => {
    const port = await listen(async (_request, response) => answerText(response, 200, 'here'));
    expect(await ask(port, '\0\0\0\x2d\0\0\0\0')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('keeps nobody out for connections that ask nothing: the oldest of them goes', async () => {
    const port = await listen(async (_request, response) => answerText(response, 200, 'here'));
    const closed: number[] = [];
    const silent = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(port, HOST, () => socket.write('GET / HTTP/1.1\r\nHost: '));
      sockets.push(socket);
      socket.on('error', () => {});
      return new Promise<void>((resolve) => {
        socket.on('close', () => {
          closed.push(i);
          resolve();
        });
      });
    });
    await Promise.all(silent.slice(0, 100 - 32));
    expect(closed).toHaveLength(100 - 32);
    expect(await ask(port, GET_AND_CLOSE)).toMatch(/^HTTP\/1.1 200 /);
  });
});
