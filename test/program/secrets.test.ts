import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { configFile, Program, testDir } from './program-process.ts';

/** Secrets in the configuration and from clients, and everything that a server then prints, answers and writes. */
const AUTH = 'org.apache.zookeeper.server.auth';
const KRB5 = 'com.sun.security.auth.module.Krb5LoginModule';
const SECRETS = [
  'plantedBob',
  'plantedSuper',
  'plantedZk',
  'plantedDigest',
  'plantedClient',
  'plantedToken',
  'plantedFlag',
];

function ask(port: number, word: string): Promise<string> {
  return new Promise((done) => {
    let text = '';
    const socket = dial(port, '127.0.0.1', () => socket.write(word));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => done(text));
  });
}

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('no secret is printed, answered or written, and no file is for others to read', async () => {
  const jaas = join(testDir(), 'jaas.conf');
  writeFileSync(
    jaas,
    `Server { ${AUTH}.DigestLoginModule required user_bob="plantedBob" user_super="x"; };
     QuorumServer { ${AUTH}.DigestLoginModule required user_zk="plantedZk"; };
     QuorumLearner { ${KRB5} required principal="zk/a@PLANTED.ORG" password="plantedZk"; };`,
  );
  const krb5Conf = join(testDir(), 'krb5.conf');
  writeFileSync(krb5Conf, '[realms]\nPLANTED.ORG = {\nkdc = 127.0.0.1:1\n}\n');
  const provider = join(testDir(), 'provider.mjs');
  writeFileSync(provider, `export default { scheme: 'token', authenticate: () => undefined };`);
  const config = configFile(`clientPort=0
admin.serverPort=0
admin.enableServer=true
4lw.commands.whitelist=*
java.security.auth.login.config=${jaas}
java.security.krb5.conf=${krb5Conf}
authProvider.1=${AUTH}.SASLAuthenticationProvider
authProvider.2=${provider}
SASLAuthenticationProvider.superPassword=plantedSuper
DigestAuthenticationProvider.superDigest=super:plantedDigest
ssl.keyStore.password=plantedFlag
quorum.auth.enableSasl=true
quorum.auth.learnerRequireSasl=true
audit.enable=true
audit.file=${join(testDir(), 'data/audit.log')}
`);
  mkdirSync(join(testDir(), 'data'), { recursive: true });
  const program = new Program(['--config', config, '--welcome', '--log-level', 'debug']);
  await program.said('Serving on 127.0.0.1:');
  await program.said('admin commands are served');
  const port = Number(/Serving on 127\.0\.0\.1:(\d+),/.exec(program.err)?.[1]);
  const admin = /"port":(\d+),"url"/.exec(program.out)?.[1];

  const client = await connect(`127.0.0.1:${port}`);
  await client.addAuth('digest', 'ops:plantedClient');
  await client.create('/a', 'x', { acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }] });
  await client.setAcl('/a', [{ perms: 31, id: { scheme: 'digest', id: 'ops:plantedHash' } }]);
  const refused = await connect(`127.0.0.1:${port}`);
  await expect(refused.addAuth('token', 'plantedToken')).rejects.toThrow();
  const said: string[] = [];
  for (const word of ['conf', 'envi', 'cons', 'dump', 'srvr', 'mntr', 'wchc']) said.push(await ask(port, word));
  for (const name of [
    'configuration',
    'environment',
    'connections',
    'dump',
    'initial_configuration',
    'system_properties',
  ]) {
    const answer = await fetch(`http://127.0.0.1:${admin}/commands/${name}`);
    said.push(await answer.text());
  }
  const header = { Authorization: 'digest who:plantedClient' };
  said.push(await (await fetch(`http://127.0.0.1:${admin}/commands/snapshot`, { headers: header })).text());
  program.kill('SIGQUIT');
  await program.said('state: a client');
  await Promise.allSettled([client.close(), refused.close()]);
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);

  const written = filesUnder(join(testDir(), 'data'));
  expect(written.length).toBeGreaterThan(1);
  const everything = [program.out, program.err, ...said, ...written.map((file) => readFileSync(file, 'latin1'))].join(
    '\n',
  );
  expect(SECRETS.filter((secret) => everything.includes(secret))).toEqual([]);
  expect(everything).toContain('authentication refused');
  const audit = readFileSync(join(testDir(), 'data/audit.log'), 'utf8');
  expect(audit).toContain('acl=digest:ops:x:cdrwa');
  expect(`${program.out}${audit}`).not.toContain('plantedHash');
  expect(written.filter((file) => (statSync(file).mode & 0o007) !== 0)).toEqual([]);
});

test('no secret is in a refusal to start', async () => {
  const jaas = join(testDir(), 'jaas.conf');
  writeFileSync(jaas, `Server {\n ${AUTH}.DigestLoginModule required\n user_bob="plantedBob"\n};`);
  const config = configFile(`clientPort=0
java.security.auth.login.config=${jaas}
SASLAuthenticationProvider.superPassword=plantedSuper
DigestAuthenticationProvider.superDigest=plantedDigest
enforce.auth.enabled=true
`);
  const program = new Program(['--config', config]);
  expect(await program.ended).not.toBe(0);
  expect(program.err).toContain(`${jaas}:4: a ";" belongs at the end of the options of ${AUTH}.DigestLoginModule`);
  expect(SECRETS.filter((secret) => `${program.out}${program.err}`.includes(secret))).toEqual([]);
});

test('no secret is in the last words of a crash', async () => {
  const provider = join(testDir(), 'provider.mjs');
  writeFileSync(
    provider,
    `export default { scheme: 'token', authenticate() { setImmediate(() => { throw new Error('as planned'); }); } };`,
  );
  const config = configFile(`clientPort=0
admin.enableServer=false
authProvider.2=${provider}
DigestAuthenticationProvider.superDigest=super:plantedDigest
ssl.keyStore.password=plantedFlag
`);
  const program = new Program(['--config', config, '--welcome']);
  await program.said('Serving on 127.0.0.1:');
  const client = await connect(`127.0.0.1:${/Serving on 127\.0\.0\.1:(\d+),/.exec(program.err)?.[1]}`);
  await client.addAuth('digest', 'ops:plantedClient');
  await Promise.allSettled([client.addAuth('token', 'plantedToken'), program.ended]);
  await client.close();
  expect(await program.ended).not.toBe(0);
  const everything = `${program.out}${program.err}`;
  expect(everything).toContain('stopped: as planned');
  expect(SECRETS.filter((secret) => everything.includes(secret))).toEqual([]);
});
