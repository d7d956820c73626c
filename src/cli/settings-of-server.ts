import { readFileSync } from 'node:fs';
import type { ClientTls } from '../client/client.ts';
import { parseProperties } from '../election/quorum/properties.ts';
import { clientProperties, clientTls, tlsOf, withoutEffect } from './zk/client-settings.ts';

/**
 * The settings that the tools beside a server take from its files, unjudged: one that would be refused may run all the
 * same.
 */
export function readSettings(file: string): Map<string, string> {
  const text = readFileSync(file, 'latin1');
  return new Map(parseProperties(text, () => {}).map(({ key, value }) => [key.trim(), value.trim()]));
}

/**
 * The client's stores, from CLIENT_JVMFLAGS as with Apache's script; where there are none, those that the server itself has
 * below `prefix`, whose certificate need not be for the name by which it is asked here.
 */
export function tlsToServer(settings: ReadonlyMap<string, string>, prefix: 'ssl.' | 'ssl.quorum.'): ClientTls {
  const flags = clientProperties(undefined, process.env);
  for (const line of withoutEffect(flags)) process.stderr.write(`${line}\n`);
  const given = clientTls(new Map([...flags, ['zookeeper.client.secure', { value: 'true', where: '' }]]));
  if (given?.keyStore !== undefined || given?.trustStore !== undefined) return given;
  return { ...tlsOf((key) => settings.get(`${prefix}${key}`)), hostnameVerification: false };
}
