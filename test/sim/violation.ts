/** Something that must never happen did. `property` is the invariant's name. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: string;

  constructor(property: string, text: string) {
    super(`${property}: ${text}`);
    this.property = property;
  }
}
