import type { LoginModule } from '../jaas-file.ts';
import { fileOf } from './client/krb5-conf.ts';

/**
 * The options of Java's Krb5LoginModule, as a section of a JAAS file has them. Those that only say how a JVM asks or keeps
 * what it has are taken and change nothing; one that Java does not know either is told of by its name.
 */
export const KERBEROS_MODULE = 'com.sun.security.auth.module.Krb5LoginModule';

export interface Krb5Options {
  /** As written, with a realm or without. */
  readonly principal: string | undefined;
  /** undefined without `useKeyTab=true`; "" where the default one is meant. */
  readonly keyTab: string | undefined;
  /** undefined without `useTicketCache=true`; "" where the default one is meant. */
  readonly ticketCache: string | undefined;
  /** Not in Java, which asks its user for it. */
  readonly password: string | undefined;
  readonly unknown: readonly string[];
}

const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'storeKey',
  'doNotPrompt',
  'isInitiator',
  'refreshKrb5Config',
  'renewTGT',
  'debug',
  'useFirstPass',
  'tryFirstPass',
  'storePass',
  'clearPass',
]);
const TAKEN: ReadonlySet<string> = new Set([
  'principal',
  'useKeyTab',
  'keyTab',
  'useTicketCache',
  'ticketCache',
  'password',
]);

export function krb5Options({ options }: LoginModule): Krb5Options {
  const isTrue = (name: string): boolean => options.get(name)?.toLowerCase() === 'true';
  return {
    principal: options.get('principal'),
    keyTab: isTrue('useKeyTab') ? (options.get('keyTab') ?? '') : undefined,
    ticketCache: isTrue('useTicketCache') ? (options.get('ticketCache') ?? '') : undefined,
    password: options.get('password'),
    unknown: [...options.keys()].filter((name) => !TAKEN.has(name) && !WITHOUT_EFFECT.has(name)),
  };
}

/** `file:/path`, `FILE:/path` or the path itself. */
export function pathOf(written: string): string {
  return fileOf(written) ?? written;
}
