import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every Markdown page that a reader of the project meets. */
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'models', 'examples', 'deploy'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
];

/** Removes fenced blocks and inline code, in which a bracket is no link. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '``');

/** The anchors of a page's headings, as GitHub makes them; a repeated one gets a number. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.*)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

describe('the pages', () => {
  it.each(pages)('%s links only to what exists', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const broken: string[] = [];
    for (const match of prose(text).matchAll(/\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"/g)) {
      const link = match[1] ?? match[2];
      if (/^[a-z]+:|^\//.test(link)) continue;
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? page : relative(root, join(root, dirname(page), decodeURI(path)));
      if (!existsSync(join(root, target))) broken.push(link);
      else if (anchor !== undefined && target.endsWith('.md')) {
        if (!anchorsOf(readFileSync(join(root, target), 'utf8')).has(anchor)) broken.push(link);
      }
    }
    expect(broken).toEqual([]);
  });

  it('are more than a few', () => expect(pages.length).toBeGreaterThan(25));
});
