import { ProtocolError } from '../../../base/errors.ts';

/** A create in a multi without its list of ACLs. Apache fails on it before a transaction is spent, on nothing else. */
export class NoAclListError extends ProtocolError {}

export function notInMulti(type: number): ProtocolError {
  return new ProtocolError(`operation ${type} does not fit into a multi`);
}
