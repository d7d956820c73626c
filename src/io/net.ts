/**
 * Streams between processes. Bytes arrive in order, in arbitrary chunks, until the stream closes; there is no
 * promise that what was written arrived. Handlers are called one at a time, never from inside a call to the
 * stream's own methods.
 */
export interface Net {
  /**
   * Listens on host:port (undefined host: all addresses; port 0: any). Exactly one of `onListening`, with the bound
   * port, and `onError`, with what prevented it, runs once, and neither after `close`. A failure to accept one
   * connection later on is not reported here: it costs that connection alone.
   */
  listen(options: ListenOptions, handlers: ListenHandlers): Listener;
  /**
   * Dials by name or address. Names are resolved at every dial, in the background; one lookup per name is in
   * flight at most, and while it is, the last good address is dialled. `timeoutMs` bounds lookup and connect together.
   */
  dial(host: string, port: number, timeoutMs: number, handlers: StreamHandlers): Stream;
}

export interface ListenOptions {
  readonly host: string | undefined;
  readonly port: number;
  readonly backlog?: number;
  readonly keepAlive?: boolean;
}

export interface ListenHandlers {
  onListening(port: number): void;
  onError(error: NetError): void;
  /**
   * Return the handlers of the accepted stream, or undefined to drop it at once without a reply. On a port with TLS the
   * handshake begins after this, and `onOpen` of the handlers tells of its end.
   */
  onStream(stream: Stream): StreamHandlers | undefined;
}

export interface StreamHandlers {
  onOpen?(): void;
  onData(chunk: Buffer): void;
  /** The other side finished writing; it may still read. */
  onEnd?(): void;
  /** `bufferedBytes` came down to 0 after it had been above. */
  onDrain?(): void;
  /** Once, and nothing after it. `error` is undefined for an orderly close. */
  onClose(error: NetError | undefined): void;
}

/** The parts of a TLS handshake that are told of. */
export interface StreamTls {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** By its name in the RFCs, `TLS_AES_256_GCM_SHA384`. */
  readonly cipherSuite: string;
  /** The subject of the certificate that the other side proved to have, as Java writes it (RFC 2253); undefined: none. */
  readonly peerSubject: string | undefined;
}

export interface Listener {
  readonly port: number;
  /** Stops accepting; streams already accepted live on. */
  close(): void;
}

export interface Stream {
  /** Literal address of the other side, "" when it is already gone. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** From `onOpen` on; undefined for a plain connection. */
  readonly tls?: StreamTls | undefined;
  /** Written but not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /**
   * The bytes belong to the stream from here on; the caller must not change them. Writes of one callback leave together,
   * at its end.
   */
  write(bytes: Buffer): void;
  /**
   * The same for a caller that has gathered its bytes: they leave before this returns, as far as the operating system
   * takes them.
   */
  writeNow(parts: readonly Buffer[]): void;
  /** Stop and resume onData: the way to push back on a sender. */
  pause(): void;
  resume(): void;
  /** Sends all that was written, then closes. Bytes that the other side still sends are read and dropped. */
  end(): void;
  /** Closes at once; bytes written may be lost, and of all handlers only `onClose` follows. */
  destroy(): void;
}

/** `code` is the operating system's: ECONNREFUSED, ECONNRESET, ETIMEDOUT, EADDRINUSE, ENOTFOUND, ... */
export class NetError extends Error {
  override readonly name = 'NetError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
