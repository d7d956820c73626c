/**
 * Why there is no ticket: a sentence for this side's log, without a secret in it. `isLasting`: asking again as long as nothing
 * is changed gives the same.
 */
export interface KerberosFault {
  readonly fault: string;
  readonly isLasting: boolean;
}

/** Error numbers of a KDC (RFC 4120, 7.5.9). */
export const KdcErrorCode = { preAuthNeeded: 25, skew: 37 } as const;

const SENTENCES: Readonly<Record<number, string>> = {
  6: 'the KDC does not know {client}',
  7: 'the KDC does not know {service}',
  9: 'the key of {client} is none',
  12: 'the KDC does not give {client} a ticket for {service}',
  14: 'the KDC takes none of the encryptions that were asked for, which are AES',
  18: '{client} is locked at the KDC',
  23: 'the password of {client} has expired',
  24: 'the key or password of {client} is not the one that the KDC has',
  31: 'the key or password of {client} is not the one that the KDC has',
  32: 'the ticket for {service} has expired',
  68: 'the KDC is not that of the realm of {client}',
};
/** Those that go away by themselves: the KDC is busy, or a ticket is too old. */
const PASSING: ReadonlySet<number> = new Set([KdcErrorCode.skew, 29, 32, 33, 60]);

export interface Asked {
  readonly client: string;
  readonly service: string;
}

export function faultOfKdc(code: number, text: string, { client, service }: Asked, apartMs: number): KerberosFault {
  const said = text === '' ? '' : `, "${text}"`;
  if (code === KdcErrorCode.skew) {
    const way = apartMs > 0 ? 'ahead' : 'behind';
    const seconds = Math.round(Math.abs(apartMs) / 1000);
    return { fault: `the clock of the KDC is ${seconds} s ${way}: set the clocks (error 37)`, isLasting: false };
  }
  const sentence = SENTENCES[code] ?? 'the KDC refused';
  const filled = sentence.replace('{client}', client).replace('{service}', service);
  return { fault: `${filled} (error ${code}${said})`, isLasting: !PASSING.has(code) };
}
