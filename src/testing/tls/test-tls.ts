import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from './certificate.ts';

/** The certificates of an ensemble: as PEM text, and as files for clients that read files. */
export interface TlsFiles {
  /** The authority that signed all of them. */
  readonly caFile: string;
  /** Key and certificate of a client, `CN=client`. */
  readonly clientFile: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class TestTls implements TlsFiles {
  readonly caFile: string;
  readonly clientFile: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  private readonly dir: string;
  private readonly isForServers: boolean;

  /** `isForServers`: the ports between them have TLS as well. */
  constructor(isForServers: boolean) {
    this.isForServers = isForServers;
    this.dir = mkdtempSync(join(tmpdir(), `menagerie-testing-${process.pid}-tls-`));
    const authority = makeAuthority('Menagerie test kit');
    const server = makeCertificate('server', authority);
    const client = makeCertificate('client', authority);
    this.ca = authority.pem;
    this.cert = client.pem;
    this.key = client.keyPem;
    this.caFile = this.write('ca.pem', authority.pem);
    this.clientFile = this.write('client.pem', client.keyPem + client.pem);
    this.write('server.pem', server.keyPem + server.pem);
  }

  /** The keys of zoo.cfg that the servers need; those of a test come over them. */
  get properties(): Readonly<Record<string, string | boolean>> {
    const keyStore = join(this.dir, 'server.pem');
    return {
      'ssl.keyStore.location': keyStore,
      'ssl.trustStore.location': this.caFile,
      'ssl.clientAuth': 'want',
      ...(this.isForServers
        ? {
            sslQuorum: true,
            'ssl.quorum.keyStore.location': keyStore,
            'ssl.quorum.trustStore.location': this.caFile,
          }
        : {}),
    };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private write(name: string, text: string): string {
    const file = join(this.dir, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}
