/**
 * One login by SASL, from its first token to its end. A mechanism decides; the owner carries tokens to the other side
 * and back. An exchange is stepped by one token at a time, and never again before it has answered.
 */
export interface SaslServerExchange {
  /**
   * `done` is called once for each token, perhaps before `step` returns. A mechanism that waits for another process
   * answers later.
   */
  step(token: Buffer, done: (answer: SaslAnswer) => void): void;
}

/**
 * `token` is undefined where the end has none. `identity` is there when the login is complete: the name that the other side has proved. `fault` ends the exchange; it
 * is for this side's log, and never holds a secret.
 */
export type SaslAnswer =
  | { readonly token: Buffer | undefined; readonly identity?: string; readonly fault?: undefined }
  | { readonly fault: string };

/** The side that accepts: one exchange for each connection. */
export interface SaslLogin {
  /** `DIGEST-MD5` or `GSSAPI`. */
  readonly mechanism: string;
  begin(): SaslServerExchange;
}

/** The side that logs in. */
export interface SaslClientExchange {
  /** The token that goes first; empty where the other side begins. */
  readonly first: Buffer;
  /** The answer to a token of the other side; undefined when there is none. Throws SaslFault. */
  step(token: Buffer): Buffer | undefined;
  /** The other side has proved itself as well. */
  readonly isComplete: boolean;
}

/** The other side's token is wrong, or it is not who it has to be. */
export class SaslFault extends Error {
  override readonly name = 'SaslFault';
}
