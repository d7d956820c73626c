// One host at the election port of a server that looks for a leader: it names another membership of a higher version, and rounds
// at the end of all numbers. To Apache's server with its defaults nothing happens, and so nothing happens to ours: the members
// that come afterwards make an ensemble with it, as their files say.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from '../harness/ensemble.ts';
import { judge, type Server } from '../harness/server.ts';
import { decodeVote, type Vote } from '../raw/quorum.ts';
import { RawSession } from '../raw/session.ts';

const BASE = 26_580;
let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => done(false));
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
  });
}

function notification(round: bigint, config: string): Buffer {
  const fixed = Buffer.alloc(48);
  fixed.writeInt32BE(0, 4);
  fixed.writeBigInt64BE(3n, 8);
  fixed.writeBigInt64BE(0n, 16);
  fixed.writeBigInt64BE(round, 24);
  fixed.writeBigInt64BE(0n, 32);
  fixed.writeInt32BE(2, 40);
  fixed.writeInt32BE(config.length, 44);
  fixed.writeInt32BE(44 + config.length, 0);
  return Buffer.concat([fixed, Buffer.from(config)]);
}

/**
 * Sends as server 3, whose connections server 1 keeps. Its vote after that is the result, or that it has closed: Apache's server
 * begins its election anew at a newer membership, and binds its port anew.
 */
function forge(port: number, round: bigint, config: string): Promise<Vote | 'not sent' | 'closed'> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const address = '127.0.0.1:1';
    const hello = Buffer.alloc(20);
    hello.writeBigInt64BE(-65536n, 0);
    hello.writeBigInt64BE(3n, 8);
    hello.writeInt32BE(address.length, 16);
    let got = Buffer.alloc(0);
    let sent = false;
    socket.write(Buffer.concat([hello, Buffer.from(address)]));
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      while (got.length >= 4 && got.length >= 4 + got.readInt32BE()) {
        const vote = decodeVote(got.subarray(4, 4 + got.readInt32BE()));
        got = got.subarray(4 + got.readInt32BE());
        if (sent) {
          socket.destroy();
          done(vote);
          return;
        }
        sent = true;
        socket.write(notification(round, config));
      }
    });
    socket.on('error', () => {}); // refused while Apache's listener is bound anew; 'close' follows
    socket.on('close', () => done(sent ? 'closed' : 'not sent'));
  });
}

it.each([judge, 'ours'] as const)(
  'forged votes change nothing for good: %s',
  async (kind) => {
    ensemble = new Ensemble({ basePort: BASE, kinds: [kind, kind, kind] });
    const [one, two, three] = ensemble.servers as [Server, Server, Server];
    const file = join(one.dir, 'zoo.cfg');
    one.launch();
    await expect.poll(() => one.word('srvr').catch(() => ''), { timeout: 30_000 }).toMatch(/not currently serving/);
    await expect.poll(() => isListening(BASE + 40), { timeout: 30_000 }).toBe(true);
    const before = readFileSync(file, 'utf8');
    const members = [1, 8, 9].map(
      (id) => `server.${id}=127.0.0.1:${BASE + 30 + id}:${BASE + 50 + id}:participant;${BASE + id}`,
    );
    const sent = async (round: bigint, config: string): Promise<void> => {
      do await expect.poll(() => isListening(BASE + 40), { timeout: 30_000 }).toBe(true);
      while ((await forge(BASE + 40, round, config)) === 'not sent');
    };
    for (const version of ['100000000', 'ff00000000', '7fffffffffffffff'])
      await sent(1n, [...members, `version=${version}`].join('\n'));
    for (const round of [2n ** 53n - 1n, 2n ** 63n - 1n]) await sent(round, '');
    expect(readFileSync(file, 'utf8')).toBe(before);
    two.launch();
    three.launch();
    await Promise.all(ensemble.servers.map((server) => server.untilServing(50_000)));
    const session = await RawSession.open({ port: one.clientPort });
    const { data } = await session.call<'getData', { data: Buffer }>('getData', {
      path: '/zookeeper/config',
      watch: false,
    });
    expect(data.toString()).toMatch(/^server\.1=.*\nserver\.2=.*\nserver\.3=.*\nversion=0$/);
    await session.close();
    expect(readFileSync(file, 'utf8')).toBe(before);
  },
  90_000,
);
