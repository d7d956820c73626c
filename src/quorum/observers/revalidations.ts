/**
 * The questions about sessions that a leader has not answered, each with its asker: a client of this server (undefined), or an
 * observer that it serves. Answers come in another order than the questions, but those about one session in the order of theirs.
 */
export class Revalidations<Observer> {
  private readonly open = new Map<bigint, (Observer | undefined)[]>();

  asked(sessionId: bigint, observer: Observer | undefined): void {
    const before = this.open.get(sessionId);
    if (before === undefined) this.open.set(sessionId, [observer]);
    else before.push(observer);
  }

  answered(sessionId: bigint): Observer | undefined {
    const asked = this.open.get(sessionId);
    const first = asked?.shift();
    if (asked?.length === 0) this.open.delete(sessionId);
    return first;
  }
}
