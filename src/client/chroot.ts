import { ErrorCode } from '../jute/codes.ts';
import { ZooKeeperError } from './errors.ts';

/** Between the paths of a client and those of the server, which have the client's chroot before them. */
export class Chroot {
  private readonly root: string;

  /** "" for none; otherwise without a slash at its end. */
  constructor(root: string) {
    this.root = root;
  }

  /** Throws for what is no path, before anything is sent. A sequential node may have nothing after the last slash. */
  serverPath(path: string, maySlashAtEnd = false): string {
    if (!path.startsWith('/') || (path.length > 1 && path.endsWith('/') && !maySlashAtEnd)) {
      throw new ZooKeeperError(ErrorCode.badArguments, path, `"${path}" is not a path: /a/b is`);
    }
    return this.root === '' ? path : path === '/' && !maySlashAtEnd ? this.root : this.root + path;
  }

  clientPath(serverPath: string): string {
    if (serverPath === this.root) return '/';
    return serverPath.startsWith(`${this.root}/`) ? serverPath.slice(this.root.length) : serverPath;
  }
}
