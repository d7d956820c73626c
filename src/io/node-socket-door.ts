import type { Socket } from 'node:net';
import type { NetError, StreamTls } from './net.ts';

/**
 * A stage between a socket and its stream: TLS is one. NodeNet hands every socket of a guarded port over when it is
 * connected, and makes the stream of the socket that comes back. `done` is called once, never from inside the call.
 */
export interface SocketDoor {
  /** A connection that came in. */
  admit(socket: Socket, done: Admitted): GiveUp;
  /** A connection that was dialled, by this name or address. */
  greet(socket: Socket, host: string, done: Admitted): GiveUp;
}

/** With an error the socket is gone; `tls` is undefined where a port takes plain connections too. */
export type Admitted = (error: NetError | undefined, socket: Socket, tls: StreamTls | undefined) => void;

/** Ends the attempt; `done` is not called any more. */
export type GiveUp = () => void;
