import { AUDIT_KEYS } from './keys/audit.ts';
import { DISK_KEYS } from './keys/disk.ts';
import { OTHER_KEYS } from './keys/elsewhere.ts';
import type { FieldOfSpec, KeySpec, ValueOfSpec } from './keys/key-spec.ts';
import { NETWORK_KEYS } from './keys/network.ts';
import { QUORUM_KEYS } from './keys/quorum.ts';
import { REQUEST_KEYS } from './keys/requests.ts';
import { SECURITY_KEYS } from './keys/security.ts';
import { TLS_KEYS } from './keys/tls.ts';
import { ZOO_CFG_KEYS } from './keys/zoo-cfg.ts';

/**
 * Every key an operator of Apache ZooKeeper 3.9 may have in zoo.cfg or in the JVM flags. A new key is an entry in one
 * of the tables below and a row in docs/OPERATIONS.md, which a test holds against it. With `field` its value is in
 * PeerConfig, typed, without another word.
 */
export const KEYS = {
  ...ZOO_CFG_KEYS,
  ...REQUEST_KEYS,
  ...DISK_KEYS,
  ...QUORUM_KEYS,
  ...NETWORK_KEYS,
  ...SECURITY_KEYS,
  ...TLS_KEYS,
  ...AUDIT_KEYS,
  ...OTHER_KEYS,
} as const satisfies Readonly<Record<string, KeySpec>>;

export type KeyName = keyof typeof KEYS;

export type ValueOf<K extends KeyName> = ValueOfSpec<(typeof KEYS)[K]>;

/** The part of PeerConfig that the tables make: `field`, with what `to` makes of the value. */
export type FieldsOfKeys = {
  readonly [K in KeyName as (typeof KEYS)[K] extends { field: infer F extends string } ? F : never]: FieldOfSpec<
    (typeof KEYS)[K]
  >;
};

export function keySpec(name: string): KeySpec | undefined {
  return Object.hasOwn(KEYS, name) ? KEYS[name as KeyName] : undefined;
}
