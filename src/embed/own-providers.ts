import { pathToFileURL } from 'node:url';
import { ConfigError, messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Id } from '../jute/data-records.ts';
import type { OwnProviderFile } from '../quorum/config/auth-config.ts';
import type { AuthAnswer, AuthProvider, NodeData } from '../server/auth/provider.ts';

/**
 * A scheme of the operator's own: a JavaScript module whose default export has this shape. Its functions answer at once:
 * requests wait for them. One that throws, or answers with something else, has refused, and the log says so.
 *
 *   // authProvider.token=./token-provider.mjs
 *   export default {
 *     scheme: 'token',
 *     authenticate: (data) => (names.has(data.toString()) ? [names.get(data.toString())] : undefined),
 *   };
 */
export interface OwnAuthProvider {
  /** Lower-case letters, digits and dashes; none of Apache's, nor world, auth or super. */
  readonly scheme: string;
  /** Does `auth:` in an ACL become the ids of this scheme? True unless it says false. */
  readonly isAuthenticated?: boolean;
  /**
   * `data`: the bytes of the auth packet, at most jute.maxbuffer. `node`: the data of a node of this server's tree, or
   * undefined. The answer is the names that are proved, `{ super: true }` for one who may do everything, or undefined.
   */
  authenticate(
    data: Buffer,
    remoteAddress: string,
    node: (path: string) => Buffer | undefined,
  ): readonly (string | { readonly super: true })[] | undefined;
  /** May an ACL name this id? Without it every id that is not empty. */
  isValid?(aclId: string): boolean;
  /** Does who proved `id` have what an ACL gives to `aclId`? Without it when both are the same. */
  matches?(id: string, aclId: string): boolean;
  /** The name of an id in whoAmI and in the audit log. Without it the id, which is no place for a secret then. */
  userName?(id: string): string;
}

const TAKEN = new Set(['world', 'auth', 'super', 'ip', 'digest', 'sasl', 'x509', 'key', 'ensemble']);
const FUNCTIONS = ['authenticate', 'isValid', 'matches', 'userName'] as const;

/** Rejected with ConfigError, which names the key and says what is wrong with the module. */
export async function loadOwnProviders(files: readonly OwnProviderFile[], log: Log): Promise<AuthProvider[]> {
  const providers: AuthProvider[] = [];
  for (const file of files) {
    let module: { readonly default?: unknown };
    try {
      module = (await import(pathToFileURL(file.path).href)) as { readonly default?: unknown };
    } catch (error) {
      throw new ConfigError(`${file.where}: ${file.path} cannot be loaded: ${messageOf(error)}`);
    }
    const own = module.default;
    const fault = faultOf(own);
    if (fault !== undefined) throw new ConfigError(`${file.where}: ${file.path}: ${fault}`);
    providers.push(new GuardedProvider(own as OwnAuthProvider, log));
  }
  return providers;
}

function faultOf(own: unknown): string | undefined {
  if (typeof own !== 'object' || own === null) return 'its default export has to be a provider, an object';
  const { scheme, isAuthenticated, authenticate, ...rest } = own as Record<string, unknown>;
  if (typeof scheme !== 'string' || !/^[a-z][a-z0-9-]*$/.test(scheme)) {
    return 'scheme has to be a word of lower-case letters, digits and dashes';
  }
  if (TAKEN.has(scheme)) return `the scheme ${scheme} is one of ZooKeeper's; name another`;
  if (isAuthenticated !== undefined && typeof isAuthenticated !== 'boolean') {
    return 'isAuthenticated has to be true or false';
  }
  if (typeof authenticate !== 'function') return 'authenticate has to be a function';
  const wrong = FUNCTIONS.find((name) => rest[name] !== undefined && typeof rest[name] !== 'function');
  return wrong === undefined ? undefined : `${wrong} has to be a function`;
}

/** Stands between a module and the server: nothing that it throws or answers does harm to more than its own caller. */
class GuardedProvider implements AuthProvider {
  readonly scheme: string;
  readonly isAuthenticated: boolean;
  private readonly own: OwnAuthProvider;
  private readonly log: Log;

  constructor(own: OwnAuthProvider, log: Log) {
    this.own = own;
    this.log = log;
    this.scheme = own.scheme;
    this.isAuthenticated = own.isAuthenticated ?? true;
  }

  authenticate(data: Buffer | undefined, remoteAddress: string, nodes: NodeData): AuthAnswer {
    if (data === undefined) return 'refused';
    return this.guarded('authenticate', 'refused', () => {
      const proved: unknown = this.own.authenticate(Buffer.from(data), remoteAddress, (path) => {
        const found = nodes(path);
        return found === undefined ? undefined : Buffer.from(found);
      });
      if (proved === undefined || proved === null || proved === false) return 'refused';
      if (!Array.isArray(proved)) throw new Error('the answer has to be a list of names, or undefined');
      return proved.length === 0 ? 'refused' : proved.map((each) => this.idOf(each));
    });
  }

  private idOf(proved: unknown): Id {
    if (typeof proved === 'string') return { scheme: this.scheme, id: proved };
    if (typeof proved === 'object' && proved !== null && 'super' in proved && proved.super === true) {
      return { scheme: 'super', id: '' };
    }
    throw new Error('a name has to be a text, or { super: true }');
  }

  isValid(aclId: string): boolean {
    const { own } = this;
    if (own.isValid === undefined) return aclId !== '';
    return this.guarded('isValid', false, () => own.isValid?.(aclId) === true);
  }

  matches(id: string, aclId: string): boolean {
    const { own } = this;
    if (own.matches === undefined) return id === aclId;
    return this.guarded('matches', false, () => own.matches?.(id, aclId) === true);
  }

  userName(id: string): string {
    const { own } = this;
    if (own.userName === undefined) return id;
    return this.guarded('userName', '', () => String(own.userName?.(id)));
  }

  private guarded<T>(name: string, otherwise: T, call: () => T): T {
    try {
      return call();
    } catch (error) {
      const fields = { scheme: this.scheme, function: name, reason: messageOf(error) };
      this.log.error(fields, 'an authentication provider failed');
      return otherwise;
    }
  }
}
