// One step of a differential run: what both servers are put through, in the same bytes.

export type Step =
  | { readonly kind: 'open'; readonly slot: number; readonly handshake: HandshakeChoice }
  | { readonly kind: 'reattach'; readonly slot: number; readonly how: Reattach; readonly handshake: HandshakeChoice }
  | { readonly kind: 'drop'; readonly slot: number }
  | {
      readonly kind: 'request';
      readonly slot: number;
      readonly name: string;
      readonly type: number;
      readonly xid: number;
      readonly body: Buffer;
    }
  | { readonly kind: 'frame'; readonly slot: number; readonly about: string; readonly bytes: Buffer };

/** right: the session's own id and password. Others must be refused, or are odd on purpose. */
export type Reattach = 'right' | 'wrong password' | 'null password' | 'short password' | 'unknown id' | 'steal';

export interface HandshakeChoice {
  /** Which member of an ensemble to dial, counted round. */
  readonly member: number;
  readonly timeoutMs: number;
  /** undefined: the record ends before the flag. */
  readonly readOnly: boolean | undefined;
  /** Added to the last zxid seen anywhere; positive is ahead of the server. */
  readonly zxidAhead: bigint;
  readonly passwordLength: number;
}

export function describe(step: Step): string {
  if (step.kind === 'request') {
    const shown =
      step.body.length > 200
        ? `${step.body.toString('hex', 0, 200)}... ${step.body.length} bytes`
        : step.body.toString('hex');
    return `session ${step.slot}: ${step.name} (type ${step.type}, xid ${step.xid}) ${shown}\n    ${JSON.stringify(step.body.toString('latin1', 0, 160))}`;
  }
  if (step.kind === 'frame') return `session ${step.slot}: ${step.about} ${step.bytes.toString('hex', 0, 64)}`;
  return JSON.stringify(step, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
