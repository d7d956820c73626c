import {
  FILE,
  type Honoured,
  ignored,
  type KeySource,
  type KeyStatus,
  type NotHonoured,
  PROPERTY,
  refused,
} from './key-spec.ts';

/** Families of keys, for names that are in none of the tables. */
export type KeyFamily = { readonly prefix: string; readonly from: KeySource } & (Honoured | NotHonoured);

export const KEY_FAMILIES: readonly KeyFamily[] = [
  {
    prefix: 'server.',
    ...FILE,
    means: '`server.N=host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]`',
  },
  { prefix: 'group', ...FILE, means: '`group.N=id:id:...`: quorums by majorities of groups.' },
  { prefix: 'weight', ...FILE, means: '`weight.N=number`: of a server within its group.' },
  { prefix: 'ssl.', ...refused('there is no such key of TLS; it would protect something that stays open') },
  {
    prefix: 'authProvider.',
    ...PROPERTY,
    means:
      'Class of a further scheme: Digest-, IP-, Key-, Ensemble-, SASL- or X509AuthenticationProvider of `org.apache.zookeeper.server.auth`; or a JavaScript module, such as `./my-provider.mjs`.',
  },
  { prefix: 'superUser.', ...PROPERTY, means: 'A further identity of SASL that may do everything.' },
  { prefix: 'metricsProvider.', ...ignored('the metrics provider has no such key', 'file') },
];

export function familyOf(key: string): KeyFamily | undefined {
  return KEY_FAMILIES.find((family) => key.startsWith(family.prefix));
}

/**
 * The values that `authProvider.<any>` may have; the others of Apache's are refused with the reason, strangers as
 * unknown.
 */
export const AUTH_PROVIDERS: Readonly<Record<string, KeyStatus>> = {
  'org.apache.zookeeper.server.auth.DigestAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.IPAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.KeyAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.SASLAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.X509AuthenticationProvider': 'honoured',
};
