import type { Id } from '../../jute/data-records.ts';

/**
 * One authentication scheme, as AuthenticationProvider: what an auth packet proves, which ids an ACL may name, and
 * when the two meet. `world`, `auth` and `super` are not schemes of this kind; the registry knows them.
 */
export interface AuthProvider {
  readonly scheme: string;
  /** Whether `auth:` in an ACL expands to the ids of this scheme. */
  readonly isAuthenticated: boolean;
  authenticate(data: Buffer | undefined, remoteAddress: string, nodes: NodeData): AuthAnswer;
  /** May an ACL name this id? */
  isValid(aclId: string): boolean;
  matches(id: string, aclId: string): boolean;
  /** The name that whoAmI and the audit log give the id. */
  userName(id: string): string;
}

/** The data of the node at a path as this server has it; undefined when there is no node, or no data. */
export type NodeData = (path: string) => Buffer | undefined;

export const NO_NODES: NodeData = () => undefined;

/**
 * The ids proved, which may be none; `refused` is answered AUTHFAILED before the connection closes; on
 * `wrong-ensemble` it closes without a word, so that the client tries its next server instead of giving up.
 * `right-ensemble` proves no id.
 */
export type AuthAnswer = readonly Id[] | 'refused' | 'wrong-ensemble' | 'right-ensemble';
