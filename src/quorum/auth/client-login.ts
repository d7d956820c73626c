import type { Clock } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';
import { DigestMd5Login } from '../../sasl/digest-md5-server.ts';
import { GssapiLogin } from '../../sasl/kerberos/gssapi-login.ts';
import { KerberosService } from '../../sasl/kerberos/service.ts';
import { identityOf } from '../../sasl/kerberos-name.ts';
import type { SaslLogin } from '../../sasl/sasl-exchange.ts';
import type { PeerConfig } from '../config/peer-config.ts';

/** Logins of clients, where the configuration has a section for them. */
export function clientLogin(
  config: Pick<PeerConfig, 'clientSasl'>,
  { clock, random }: { readonly clock: Pick<Clock, 'wallMs'>; readonly random: Pick<Random, 'secret'> },
): SaslLogin | undefined {
  if (config.clientSasl === undefined) return undefined;
  const { logins, names } = config.clientSasl;
  const secret = (bytes: number): Uint8Array => random.secret(bytes);
  const nameOf = (name: string, authzid: string): string => identityOf(name, authzid, names);
  if (logins.mechanism === 'GSSAPI') {
    return new GssapiLogin(new KerberosService({ ...logins, secret, wallMs: () => clock.wallMs() }), nameOf);
  }
  const { users } = logins;
  return new DigestMd5Login({ service: 'zookeeper', realm: 'zk-sasl-md5', users, identityOf: nameOf, secret });
}
