import type { Id } from '../../jute/data-records.ts';
import { parseJavaInt } from './java-text.ts';
import type { AuthAnswer, AuthProvider, NodeData } from './provider.ts';

/**
 * Scheme key, Apache's example of a provider that reads the tree. A client is let through when its number is a multiple
 * of the one in the node `/key`, and everyone is while there is no such node. Its id has an empty name.
 */
export class KeyProvider implements AuthProvider {
  readonly scheme = 'key';
  readonly isAuthenticated = true;

  authenticate(data: Buffer | undefined, _remoteAddress: string, nodes: NodeData): AuthAnswer {
    if (data === undefined) return 'refused';
    const key = nodes('/key');
    if (key !== undefined && !isMultiple(data, key)) return 'refused';
    const id: Id = { scheme: this.scheme, id: '' };
    return [id];
  }

  isValid(): boolean {
    return true;
  }

  matches(id: string, aclId: string): boolean {
    return id === aclId;
  }

  userName(id: string): string {
    return id;
  }
}

function isMultiple(data: Buffer, key: Buffer): boolean {
  const divisor = parseJavaInt(key.toString('utf8'), 10);
  const number = parseJavaInt(data.toString('utf8'), 10);
  if (divisor === undefined || number === undefined) return false;
  return divisor === 0 || number % divisor === 0;
}
