import { expect, it } from 'vitest';
import { BoundedText } from '../../../src/server/monitoring/four-letter/bounded-text.ts';

it('the text of a word is cut at a line, and says so', () => {
  const text = new BoundedText(20);
  for (const line of ['first\n', 'second\n', 'third\n']) text.add(line);
  expect(String(text)).toBe('first\nsecond\nthird\n');
  text.add('fourth\n');
  text.add('\n');
  expect(String(text)).toBe('first\nsecond\nthird\n\n... and more, which is left out here\n');
});
