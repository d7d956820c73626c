/** Something that must never happen did. `property` is the invariant's name. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: string;

  constructor(property: string, text: string) {
    super(`${property}: ${text}`);
    this.property = property;
  }
}

/** The reason why a world or a scenario did not end well. */
export interface Failure {
  readonly kind: 'safety' | 'liveness' | 'crash';
  readonly property: string;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Violation)) {
    const message = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    return { kind: 'crash', property: 'NoBug', message };
  }
  const { property, message } = error;
  if (property === 'NoBug') return { kind: 'crash', property, message };
  const isLiveness = property === 'Service' || property === 'EqualTrees';
  return { kind: isLiveness ? 'liveness' : 'safety', property, message };
}
