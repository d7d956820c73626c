import { encryptionOf } from '../encryption.ts';
import type { SessionKey } from '../fields.ts';
import { type KeytabEntry, parseKeytab } from '../keytab.ts';
import { type KeyHint, nameAndRealm } from './kdc-messages.ts';

/**
 * What a client of a KDC proves itself with: the keys of a keytab, or a password that keys are made of. A keytab is read at
 * each login, so that a changed one counts without a restart.
 */
export interface ClientKeys {
  /** Those of these types for which there is a key, in this order. */
  encryptions(wanted: readonly number[]): readonly number[];
  /** The key for the first hint that fits, or for this type where there are no hints. */
  keyFor(hints: readonly KeyHint[], encryption: number): SessionKey | undefined;
}

/** A sentence instead: why there is none. */
export function keysOfKeytab(bytes: Buffer, path: string, principal: string): ClientKeys | string {
  const entries = parseKeytab(bytes);
  if (typeof entries === 'string') return `keyTab ${path}: ${entries}`;
  const own = entries.filter((entry) => entry.principal === principal);
  if (own.length === 0) {
    const held = [...new Set(entries.map((entry) => entry.principal))].slice(0, SHOWN_MAX).join(', ');
    return `keyTab ${path} has no key of ${principal}; it has keys of ${held === '' ? 'nobody' : held}`;
  }
  if (!own.some(isTaken)) {
    return `keyTab ${path} has no AES key of ${principal}: types 17 to 20 are taken, DES and RC4 are not`;
  }
  return new KeytabKeys(own.filter(isTaken));
}

const SHOWN_MAX = 10;

function isTaken({ encryption, key }: KeytabEntry): boolean {
  return encryptionOf(encryption)?.keyBytes === key.length;
}

class KeytabKeys implements ClientKeys {
  /** The newest of each type. */
  private readonly keys = new Map<number, KeytabEntry>();

  constructor(entries: readonly KeytabEntry[]) {
    for (const entry of entries) {
      if ((this.keys.get(entry.encryption)?.version ?? -1) < entry.version) this.keys.set(entry.encryption, entry);
    }
  }

  encryptions(wanted: readonly number[]): readonly number[] {
    return wanted.filter((type) => this.keys.has(type));
  }

  keyFor(hints: readonly KeyHint[], encryption: number): SessionKey | undefined {
    const types = hints.length === 0 ? [encryption] : hints.map((hint) => hint.encryption);
    return types.map((type) => this.keys.get(type)).find((key) => key !== undefined);
  }
}

/** A KDC says how often a password is hashed; a number that would hold this process up is not believed. */
export const ROUNDS_MAX = 200_000;

export class PasswordKeys implements ClientKeys {
  private readonly principal: string;
  private readonly password: string;
  /** The last that was made: hashing takes its time. */
  private made: { readonly how: string; readonly key: SessionKey } | undefined = undefined;

  constructor(principal: string, password: string) {
    this.principal = principal;
    this.password = password;
  }

  encryptions(wanted: readonly number[]): readonly number[] {
    return wanted;
  }

  keyFor(hints: readonly KeyHint[], encryption: number): SessionKey | undefined {
    const fitting = hints.filter((each) => encryptionOf(each.encryption) !== undefined);
    const hint = hints.length === 0 ? { encryption, salt: undefined, rounds: undefined } : fitting[0];
    const cipher = hint === undefined ? undefined : encryptionOf(hint.encryption);
    if (hint === undefined || cipher === undefined) return undefined;
    const rounds = hint.rounds ?? cipher.rounds;
    if (rounds < 1 || rounds > ROUNDS_MAX) return undefined;
    const salt = hint.salt ?? this.ownSalt();
    const how = `${hint.encryption} ${rounds} ${salt.toString('hex')}`;
    if (this.made?.how !== how) {
      const key = cipher.keyOfPassword(this.password, salt, rounds);
      this.made = { how, key: { encryption: hint.encryption, key } };
    }
    return this.made.key;
  }

  /** The realm and the components of the name, without anything between them. */
  private ownSalt(): Buffer {
    const [name, realm] = nameAndRealm(this.principal);
    return Buffer.from(`${realm}${name.replaceAll('/', '')}`);
  }
}
