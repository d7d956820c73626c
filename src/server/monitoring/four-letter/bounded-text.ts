/** The text of one word: with very many clients and watches it would be longer than a string can be. */
export const WORD_MAX_CHARS = 64 * 1024 * 1024;

export class BoundedText {
  private text = '';
  private readonly maxChars: number;
  private isCut = false;

  constructor(maxChars = WORD_MAX_CHARS) {
    this.maxChars = maxChars;
  }

  /** Beyond the limit nothing is added any more. */
  add(more: string): void {
    if (this.isCut) return;
    if (this.text.length + more.length <= this.maxChars) this.text += more;
    else this.isCut = true;
  }

  toString(): string {
    return this.isCut ? `${this.text}\n... and more, which is left out here\n` : this.text;
  }
}
