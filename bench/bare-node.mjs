// The limit row: a socket server that knows just enough of the protocol to be read from. Sessions get an id and nothing
// else; every request is answered with the same 100 bytes and Stat.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';

const config = readFileSync(process.argv[2], 'utf8');
const setting = (key) => new RegExp(`^${key}=(.*)`, 'm').exec(config)?.[1];
const ANSWER = Buffer.alloc(4 + 16 + 4 + 100 + 68);
ANSWER.writeInt32BE(ANSWER.length - 4, 0);
ANSWER.writeInt32BE(100, 20);
const SESSION = Buffer.alloc(4 + 37);
SESSION.writeInt32BE(37, 0);
SESSION.writeInt32BE(40_000, 8);
SESSION.writeInt32BE(1, 16);
SESSION.writeInt32BE(16, 20);
const SRVR = 'Zookeeper version: none\nMode: standalone\n';

const serve = (socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  let rest = Buffer.alloc(0);
  let isOpen = false;
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!isOpen && bytes.toString('latin1', 0, 4) === 'srvr') return socket.end(SRVR);
    let at = 0;
    const frames = [];
    while (bytes.length - at >= 4 && bytes.length - at >= 4 + bytes.readInt32BE(at)) {
      frames.push(at);
      at += 4 + bytes.readInt32BE(at);
    }
    rest = bytes.subarray(at);
    if (!isOpen && frames.length > 0) {
      isOpen = true;
      socket.write(SESSION);
      frames.shift();
    }
    if (frames.length === 0) return undefined;
    const out = Buffer.allocUnsafe(frames.length * ANSWER.length);
    frames.forEach((frame, i) => {
      ANSWER.copy(out, i * ANSWER.length);
      bytes.copy(out, i * ANSWER.length + 4, frame + 4, frame + 8);
    });
    return socket.write(out);
  });
};
createServer(serve).listen(Number(setting('clientPort')), '127.0.0.1', 4096);
const securePort = setting('secureClientPort');
if (securePort !== undefined) {
  const options = {
    pfx: readFileSync(setting('ssl.keyStore.location')),
    passphrase: setting('ssl.keyStore.password'),
    ciphers: 'TLS_AES_128_GCM_SHA256',
  };
  createSecureServer(options, serve).listen(Number(securePort), '127.0.0.1', 4096);
}
