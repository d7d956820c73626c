import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const files = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);

/** As the sites that show Markdown name a heading: what is no word goes, blanks become hyphens. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => match[1] as string);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link within the documents leads to a file and a heading that are there', () => {
  const broken: string[] = [];
  let found = 0;
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [link, path, anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      found++;
      const target = path === '' ? join(root, file) : join(root, dirname(file), path as string);
      if (!existsSync(target)) broken.push(`${file}: ${link}`);
      else if (anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).has(anchor))
        broken.push(`${file}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
  expect(found).toBeGreaterThan(50);
});
