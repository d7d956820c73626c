import type { Random } from '../../io/random.ts';
import { DigestMd5Login } from '../../sasl/digest-md5-server.ts';
import { identityOf } from '../../sasl/kerberos-name.ts';
import type { SaslLogin } from '../../sasl/sasl-exchange.ts';
import type { PeerConfig } from '../config/peer-config.ts';

/** Logins of clients, where the configuration has a section for them. */
export function clientLogin(config: PeerConfig, random: Pick<Random, 'secret'>): SaslLogin | undefined {
  const { clientSasl } = config;
  if (clientSasl === undefined) return undefined;
  const { users, names } = clientSasl;
  return new DigestMd5Login({
    service: 'zookeeper',
    realm: 'zk-sasl-md5',
    users,
    identityOf: (name, authzid) => identityOf(name, authzid, names),
    secret: (bytes) => random.secret(bytes),
  });
}
