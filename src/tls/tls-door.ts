import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Fifo } from '../base/fifo.ts';
import type { Log } from '../base/log.ts';
import { NetError, type StreamTls } from '../io/net.ts';
import type { Admitted, GiveUp, SocketDoor } from '../io/node-socket-door.ts';
import { subjectName } from './distinguished-name.ts';
import { handshakeFault } from './handshake-fault.ts';
import { checkName, fits } from './host-names.ts';
import { LineLimit } from './line-limit.ts';
import type { Revocation } from './revocation.ts';
import type { TlsMaterial } from './tls-material.ts';

/**
 * TLS in front of a port, and of what is dialled from it. A connection is judged when its handshake is over and before a
 * byte of it is handed on: the certificate's chain by OpenSSL, then the name in it, then its revocation. Material that is
 * taken in later holds for the connections that come after.
 */
export interface TlsDoorOptions {
  /** The name of the port in the log. */
  readonly name: string;
  /** Plain connections come in as well; their first byte tells them apart. */
  readonly takesPlain: boolean;
  /** The name that was dialled is sent along (SNI), and is all that the certificate is compared with. */
  readonly dialsByName: boolean;
  /** The name to send and to compare with instead of the one that was dialled. */
  readonly serverName?: string | undefined;
}

/** From the first byte of a handshake to its end. */
const HANDSHAKE_MS = 10_000;
/** So many begin in one turn: a handshake costs a millisecond, and whoever is served waits for those of a crowd. */
const HANDSHAKES_A_TURN = 8;
/** The first byte of a TLS handshake; no frame of a client or server begins with it. */
const HANDSHAKE_RECORD = 0x16;

export class TlsDoor implements SocketDoor {
  private readonly options: TlsDoorOptions;
  private readonly log: Log;
  private readonly lines: LineLimit;
  private readonly revocation: Revocation | undefined;
  private readonly server: Server;
  /** Handshakes under way, by the other side's address and port. */
  private readonly pending = new Map<string, Handshake>();
  /** Those that have not begun; each is a connection, and counts as one. */
  private readonly waiting = new Fifo<Handshake>();
  private isBeginning = false;
  private material: TlsMaterial;
  /** Called for each of those who came and were not let in, but for dials that were broken off. */
  onRefused: () => void = () => {};

  constructor(material: TlsMaterial, options: TlsDoorOptions, log: Log, revocation: Revocation | undefined) {
    this.material = material;
    this.options = options;
    this.log = log;
    this.revocation = revocation;
    this.lines = new LineLimit();
    this.server = createServer({
      ...material.contextOptions,
      requestCert: material.settings.clientAuth !== 'none',
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    });
    this.server.on('secureConnection', (socket) => this.pending.get(addressOf(socket))?.onSecure(socket));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.pending.get(addressOf(socket))?.fail(error.code, error.message);
    });
  }

  /** Keys and certificates for connections from now on; those that are open stay as they are, and so do the settings. */
  take(material: TlsMaterial): void {
    this.material = { ...material, settings: this.material.settings };
    this.server.setSecureContext(material.contextOptions);
  }

  admit(raw: Socket, done: Admitted): GiveUp {
    const address = plainAddress(raw.remoteAddress);
    const handshake = new Handshake(raw, done, (reason, code) => {
      const fields = { address, port: this.options.name, reason };
      // Servers that elect break off dials that have become useless.
      if (code === 'ECONNRESET') this.log.debug(fields, 'a TLS connection ended within its handshake');
      else {
        this.onRefused();
        this.lines.say((suppressed) => this.log.warn({ ...fields, suppressed }, 'a TLS connection was refused'));
      }
    });
    if (this.options.takesPlain) this.detect(raw, handshake);
    else this.begin(handshake);
    return () => handshake.giveUp();
  }

  /** Looks at the first byte and puts it back. */
  private detect(raw: Socket, handshake: Handshake): void {
    const { handshakeDetectionTimeoutMs } = this.material.settings;
    handshake.limit(handshakeDetectionTimeoutMs, `it sent nothing within ${handshakeDetectionTimeoutMs} ms`);
    const onEnd = (): void => handshake.fail('ECONNRESET', '');
    raw.once('end', onEnd);
    raw.once('data', (chunk: Buffer) => {
      raw.off('end', onEnd);
      raw.pause();
      if (handshake.isOver) return;
      raw.unshift(chunk);
      if (chunk[0] === HANDSHAKE_RECORD) this.begin(handshake);
      else handshake.succeed(raw, undefined);
    });
  }

  private begin(handshake: Handshake): void {
    handshake.limit(HANDSHAKE_MS, `its handshake took more than ${HANDSHAKE_MS} ms`);
    this.waiting.push(handshake);
    if (this.isBeginning) return;
    this.isBeginning = true;
    setImmediate(this.beginSome);
  }

  private readonly beginSome = (): void => {
    for (let begun = 0; begun < HANDSHAKES_A_TURN && this.waiting.length > 0; ) {
      const handshake = this.waiting.shift() as Handshake;
      if (handshake.isOver) continue;
      this.beginOne(handshake);
      begun++;
    }
    this.isBeginning = this.waiting.length > 0;
    if (this.isBeginning) setImmediate(this.beginSome);
  };

  private beginOne(handshake: Handshake): void {
    const { raw } = handshake;
    const key = addressOf(raw);
    handshake.onSecure = (socket) => this.judgeClient(socket, handshake);
    handshake.onOver = () => {
      if (this.pending.get(key) === handshake) this.pending.delete(key);
    };
    this.pending.set(key, handshake);
    // A connection of TLS is never half-open, and one that ends within the handshake has to end at once.
    raw.allowHalfOpen = false;
    this.server.emit('connection', raw);
  }

  private judgeClient(socket: TLSSocket, handshake: Handshake): void {
    const { clientAuth, checksClientName, allowReverseDnsLookup } = this.material.settings;
    const certificate = socket.getPeerX509Certificate();
    if (clientAuth === 'none' || certificate === undefined) {
      if (clientAuth !== 'need') handshake.succeed(socket, tlsOf(socket, undefined));
      else handshake.fail('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', '');
      return;
    }
    const names = checksClientName ? [plainAddress(socket.remoteAddress)] : undefined;
    this.judge(socket, certificate, handshake, names, allowReverseDnsLookup);
  }

  greet(raw: Socket, dialled: string, done: Admitted): GiveUp {
    const host = this.options.serverName ?? dialled;
    const { context, settings } = this.material;
    const handshake = new Handshake(raw, done, () => {});
    handshake.limit(HANDSHAKE_MS, `its handshake took more than ${HANDSHAKE_MS} ms`);
    const isName = !/^[\d.]+$|:/.test(host);
    const socket = tlsConnect({
      socket: raw,
      secureContext: context,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(this.options.dialsByName && isName ? { servername: host } : {}),
    });
    socket.on('error', (error: NodeJS.ErrnoException) => handshake.fail(error.code, error.message));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) {
        handshake.fail('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', '');
        return;
      }
      const names = this.options.dialsByName ? [host] : [host, plainAddress(raw.remoteAddress)];
      this.judge(socket, certificate, handshake, settings.checksServerName ? names : undefined, false);
    });
    return () => handshake.giveUp();
  }

  private judge(
    socket: TLSSocket,
    certificate: X509Certificate,
    handshake: Handshake,
    names: readonly string[] | undefined,
    mayAskForNames: boolean,
  ): void {
    if (!socket.authorized) {
      // Node declares an error and gives a code.
      handshake.fail(
        String(socket.authorizationError ?? 'UNABLE_TO_GET_ISSUER_CERT'),
        String(socket.authorizationError),
      );
      return;
    }
    const onNamed = (fault: string | undefined): void => {
      if (fault !== undefined) handshake.fail(undefined, fault);
      else if (this.revocation === undefined) handshake.succeed(socket, tlsOf(socket, certificate));
      else {
        this.revocation.check(chainOf(socket), this.material.trusted, (revoked) => {
          if (revoked === undefined) handshake.succeed(socket, tlsOf(socket, certificate));
          else handshake.fail(undefined, revoked);
        });
      }
    };
    if (names === undefined || names.some((name) => fits(certificate, name))) onNamed(undefined);
    else checkName(certificate, names, mayAskForNames, onNamed);
  }
}

/** One handshake, which ends once: the socket goes on, or it is destroyed and the reason is told. */
class Handshake {
  readonly raw: Socket;
  private readonly done: Admitted;
  private readonly onFailed: (reason: string, code: string | undefined) => void;
  private timer: NodeJS.Timeout | undefined = undefined;
  isOver = false;
  onSecure: (socket: TLSSocket) => void = () => {};
  onOver: () => void = () => {};

  constructor(raw: Socket, done: Admitted, onFailed: (reason: string, code: string | undefined) => void) {
    this.raw = raw;
    this.done = done;
    this.onFailed = onFailed;
    raw.on('error', this.onRawError);
    raw.on('close', this.onRawClose);
  }

  private readonly onRawError = (error: NodeJS.ErrnoException): void => this.fail(error.code, error.message);
  private readonly onRawClose = (): void => this.fail('ECONNRESET', '');

  limit(ms: number, reason: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(undefined, reason), ms);
  }

  succeed(socket: Socket, tls: StreamTls | undefined): void {
    if (this.isOver) return;
    this.end();
    if (socket !== this.raw) {
      (socket as TLSSocket).disableRenegotiation();
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ERR_TLS_RENEGOTIATION_DISABLED') return;
        // Node tells of it and goes on.
        this.onFailed('it asked for another handshake on an open connection', error.code);
        socket.destroy();
      });
      // All later events are the stream's matter, and the socket below has errors of its own.
      this.raw.on('error', () => {});
    }
    process.nextTick(() => this.done(undefined, socket, tls));
  }

  fail(code: string | undefined, message: string): void {
    if (this.isOver) return;
    this.end();
    const reason = handshakeFault(code, message);
    this.raw.on('error', () => {});
    this.raw.destroy();
    this.onFailed(reason, code);
    process.nextTick(() => this.done(new NetError(code ?? 'ETLS', reason), this.raw, undefined));
  }

  giveUp(): void {
    if (this.isOver) return;
    this.end();
    this.raw.on('error', () => {});
    this.raw.destroy();
  }

  private end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.raw.off('error', this.onRawError);
    this.raw.off('close', this.onRawClose);
    this.onOver();
  }
}

function tlsOf(socket: TLSSocket, certificate: X509Certificate | undefined): StreamTls {
  return {
    protocol: socket.getProtocol() ?? '',
    cipherSuite: socket.getCipher().standardName,
    peerSubject: certificate === undefined ? undefined : subjectName(certificate),
  };
}

/** The certificate and those above it, as far as they are known; in DER. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  for (let each = socket.getPeerCertificate(true); each?.raw !== undefined; each = each.issuerCertificate) {
    if (chain.some((known) => known.equals(each.raw))) break;
    chain.push(each.raw);
  }
  return chain;
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`;
}

function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=[\d.]+$)/, '');
}
