/**
 * A broken assert is a bug of ours: the peer it happened in stops and its `closed` promise is rejected.
 * Never assert on bytes that a neighbour or a disk gave us; those are ProtocolError and FatalError.
 */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/**
 * The end of an arm of a switch or a lookup that the types or an earlier check rule out. Also an assert whose words cost
 * more than its condition, where it is passed for every transaction.
 */
export function unreachable(message: string): never {
  throw new AssertionFailure(message);
}
