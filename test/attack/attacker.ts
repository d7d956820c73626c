import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { SimRandom } from '../sim/world/random.ts';
import { conversation, type Door } from './bytes.ts';

/**
 * A process of its own that attacks: node attacker.ts <seed> <door:port,...> [tls]. From 127.0.0.2, so that it has places of
 * its own where they are counted by address. It runs until it is killed.
 */
const ATTACKERS = 12;
const PAUSE_MS = 20;
const MEMBERS = [1, 2, 3];

const [seedText = '1', doorsText = '', tls] = process.argv.slice(2);
const certificate = readFileSync(join(import.meta.dirname, '../tls/fixtures/client.pem'));
const doors = doorsText.split(',').map((each) => {
  const [door, port] = each.split(':') as [Door, string];
  return { door, port: Number(port) };
});
let connections = 0;

function attack(random: SimRandom): void {
  const { door, port } = doors[random.below(doors.length)] as { door: Door; port: number };
  const pieces = conversation(door, random, MEMBERS);
  const manner = random.below(4);
  const isInTls = tls !== undefined && door !== 'http' && random.below(2) === 0;
  // Some only begin as TLS does.
  if (tls !== undefined && !isInTls && random.below(4) === 0)
    pieces.unshift(Buffer.from([0x16, 3, 1, random.below(256), 9]));
  const socket = isInTls ? dialInTls(port) : connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
  connections++;
  socket.on('error', () => {});
  // Some do not read what they are answered.
  if (manner !== 0) socket.resume();
  let isOver = false;
  const next = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(limit);
    socket.destroy();
    setTimeout(() => attack(random), random.below(PAUSE_MS));
  };
  const limit = setTimeout(next, 200 + random.below(manner === 1 ? 5000 : 300));
  socket.on('close', next);
  socket.on(isInTls ? 'secureConnect' : 'connect', () => send(socket, pieces, manner));
}

/** With a certificate that the servers believe: what stands behind the handshake is to be reached. */
function dialInTls(port: number): Socket {
  const where = { host: '127.0.0.1', port, localAddress: '127.0.0.2' };
  return tlsConnect({ ...where, rejectUnauthorized: false, key: certificate, cert: certificate });
}

/** At once, piece by piece, byte by byte; and then goodbye, or silence. */
function send(socket: Socket, pieces: readonly Buffer[], manner: number): void {
  if (manner === 2) {
    for (const byte of Buffer.concat(pieces.slice(0, 3)).subarray(0, 300)) socket.write(Buffer.from([byte]));
    return;
  }
  for (const piece of pieces) socket.write(piece);
  if (manner === 3) socket.end();
}

const seed = new SimRandom(Number(seedText));
for (let i = 0; i < ATTACKERS; i++) attack(seed.split(`attacker ${i}`));
setInterval(() => process.send?.({ connections }), 1000);
