// A KDC of MIT's in a directory of its own: a realm, its principals, and keytabs for them. Nothing of the system's is touched.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REALM = 'INTEROP.TEST';

export class Kdc {
  readonly dir = mkdtempSync(join(tmpdir(), 'kdc-'));
  /** For clients and services. */
  readonly krb5Conf = join(this.dir, 'krb5.conf');
  readonly env: Readonly<Record<string, string>>;
  private readonly port: number;
  private child: ChildProcess | undefined = undefined;

  constructor(port: number) {
    this.port = port;
    const profile = join(this.dir, 'kdc.conf');
    this.env = { KRB5_CONFIG: this.krb5Conf, KRB5_KDC_PROFILE: profile, KRB5CCNAME: `FILE:${join(this.dir, 'cache')}` };
    mkdirSync(join(this.dir, 'db'));
    writeFileSync(
      this.krb5Conf,
      `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${REALM} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  localhost = ${REALM}
`,
    );
    writeFileSync(
      profile,
      `[kdcdefaults]
  kdc_listen = ""
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${REALM} = {
    database_name = ${join(this.dir, 'db/principal')}
    key_stash_file = ${join(this.dir, 'db/stash')}
    acl_file = ${join(this.dir, 'db/acl')}
    supported_enctypes = aes256-cts:normal aes128-cts:normal aes256-sha2:normal aes128-sha2:normal
  }
[logging]
  kdc = FILE:${join(this.dir, 'kdc.log')}
`,
    );
    this.tool('/usr/sbin/kdb5_util', ['create', '-s', '-P', 'master', '-r', REALM]);
  }

  async start(): Promise<this> {
    const { env } = this;
    const child = spawn('/usr/sbin/krb5kdc', ['-n', '-r', REALM], { env: { ...process.env, ...env }, stdio: 'ignore' });
    this.child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    while (!(await this.answers())) {
      if (child.exitCode !== null) throw new Error(`krb5kdc ended with ${child.exitCode}`);
      await sleep(50);
    }
    return this;
  }

  private answers(): Promise<boolean> {
    return new Promise((done) => {
      const socket = connect(this.port, '127.0.0.1', () => {
        socket.destroy();
        done(true);
      });
      socket.on('error', () => done(false));
    });
  }

  /** Out of reach for everybody, until it starts again. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  }

  /** A principal with a password, who has to prove it before there is a ticket. */
  password(name: string, password: string): void {
    this.tool('/usr/sbin/kadmin.local', ['-r', REALM, '-q', `addprinc +requires_preauth -pw "${password}" ${name}`]);
  }

  /** A keytab with a key of this principal that the KDC does not have. */
  forged(name: string): string {
    const file = join(this.dir, `${name.replaceAll('/', '-')}-forged.keytab`);
    const entry = `addent -password -p ${name}@${REALM} -k 9 -e aes256-cts-hmac-sha1-96\nforged\nwkt ${file}\nq\n`;
    execFileSync('/usr/bin/ktutil', { input: entry, env: { ...process.env, ...this.env }, stdio: 'pipe' });
    return file;
  }

  /** A first ticket in a cache, as a user of the machine has it. */
  kinit(name: string, keytab: string, cache: string): void {
    this.tool('/usr/bin/kinit', ['-k', '-t', keytab, '-c', `FILE:${cache}`, name]);
  }

  /** Tickets of it end so soon. */
  shortLived(name: string, seconds: number): void {
    const life = `0:00:${String(seconds).padStart(2, '0')}`;
    this.tool('/usr/sbin/kadmin.local', ['-r', REALM, '-q', `modprinc -maxlife "${life}" ${name}`]);
  }

  /** A principal with random keys of these types, and the file with them. */
  keytab(name: string, encryption = 'aes256-cts:normal'): string {
    const file = join(this.dir, `${name.replaceAll('/', '-')}-${encryption.split(':')[0]}.keytab`);
    this.tool('/usr/sbin/kadmin.local', ['-r', REALM, '-q', `addprinc -randkey -e ${encryption} ${name}`]);
    this.tool('/usr/sbin/kadmin.local', ['-r', REALM, '-q', `ktadd -norandkey -k ${file} ${name}`]);
    chmodSync(file, 0o600);
    return file;
  }

  private tool(program: string, args: readonly string[]): void {
    execFileSync(program, args, { env: { ...process.env, ...this.env }, stdio: 'pipe' });
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
