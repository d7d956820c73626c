import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AdminCommand, CommandBody } from '../../src/admin/commands/admin-command.ts';
import { LongCommands } from '../../src/admin/long-commands.ts';

/** Requests whose bodies come as a test says, and commands that end when it does. */
function request(): PassThrough & IncomingMessage {
  return new PassThrough() as unknown as PassThrough & IncomingMessage;
}

const command = (more: Partial<AdminCommand>): AdminCommand => ({
  names: ['any'],
  method: 'GET',
  needsServer: false,
  needsAuth: false,
  run: () => ({}),
  ...more,
});
const GET = command({});
const POST = command({ method: 'POST' });
const UPLOAD = command({ method: 'POST', takesStream: true });

/** All that can be done without anything from outside is done then. */
const settled = () => new Promise((turn) => setImmediate(turn));

class Held {
  readonly ends: (() => void)[] = [];
  readonly carryOut = (): Promise<void> => new Promise((end) => this.ends.push(end));
}

describe('a long command', () => {
  it('is carried out when the one before it has ended, and refused when eight wait', async () => {
    const long = new LongCommands();
    const held = new Held();
    const running = Array.from({ length: 9 }, () => long.run(GET, request(), held.carryOut));
    expect(await long.run(GET, request(), held.carryOut)).toEqual({
      status: 503,
      error: '8 commands of this kind wait',
    });
    for (let i = 1; i <= 9; i++) {
      await settled();
      expect(held.ends.length).toBe(i);
      held.ends[i - 1]?.();
    }
    expect(await Promise.all(running)).toEqual(Array(9).fill(undefined));
  });

  it('that fails lets the next one in', async () => {
    const long = new LongCommands();
    const fails = long.run(GET, request(), () => Promise.reject(new Error('the disk')));
    const next = long.run(GET, request(), async () => {});
    await expect(fails).rejects.toThrow('the disk');
    expect(await next).toBe(undefined);
  });

  it('waits for its body alone, and eight bodies are waited for', async () => {
    const long = new LongCommands();
    const slow = Array.from({ length: 8 }, request);
    const bodies: CommandBody[] = [];
    const running = slow.map((each) =>
      long.run(POST, each, async (body) => {
        bodies.push(body);
      }),
    );
    expect(await long.run(POST, request(), async () => {})).toEqual({
      status: 503,
      error: '8 requests are on their way',
    });
    expect(await long.run(GET, request(), async () => {})).toBe(undefined);
    for (const [i, each] of slow.entries()) each.end(`body ${i}`);
    await Promise.all(running);
    expect(bodies.map(String).sort()).toEqual(slow.map((_, i) => `body ${i}`));
    const another = request();
    another.end();
    expect(await long.run(POST, another, async () => {})).toBe(undefined);
  });

  it('whose body is too long, or does not come, is answered that', async () => {
    const long = new LongCommands(1);
    const large = request();
    large.write(Buffer.alloc(64 * 1024 + 1));
    const never = (): Promise<void> => Promise.reject(new Error('carried out'));
    expect(await long.run(POST, large, never)).toEqual({ status: 413, error: 'a request has 65536 bytes at most' });
    expect(await long.run(POST, request(), never)).toEqual({
      status: 408,
      headers: { Connection: 'close' },
      error: 'the request took more than 1 ms',
    });
  });

  it('whose caller goes in the middle of it is not carried out', async () => {
    const gone = request();
    const running = new LongCommands().run(POST, gone, () => Promise.reject(new Error('carried out')));
    gone.write('half');
    gone.destroy(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
  });

  it('that is an upload is in the way of other uploads alone', async () => {
    const long = new LongCommands();
    const held = new Held();
    const upload = long.run(UPLOAD, request(), held.carryOut);
    expect(await long.run(UPLOAD, request(), held.carryOut)).toEqual({
      status: 503,
      error: 'another upload is under way',
    });
    expect(await long.run(GET, request(), async () => {})).toBe(undefined);
    held.ends[0]?.();
    expect(await upload).toBe(undefined);
    const next = long.run(UPLOAD, request(), held.carryOut);
    held.ends[1]?.();
    expect(await next).toBe(undefined);
  });
});
