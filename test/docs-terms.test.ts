import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
].filter((file) => file.endsWith('.md') && !file.endsWith('.zh-CN.md'));

/** What a reader sees as words: no code, no targets of links. */
const prose = (text: string) =>
  text
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`]*`/g, '')
    .replace(/\[[\w-]+\.md\]\([^)]*\)/g, '')
    .replace(/\]\([^)]*\)/g, ']');

/** Characters around the first mention within which it is explained. */
const NEAR = 160;

function explained(text: string): boolean {
  const words = prose(text);
  const at = words.search(/\bledger\b/i);
  return at < 0 || words.slice(Math.max(0, at - NEAR), at + NEAR).includes('audit log');
}

describe('terms', () => {
  it.each(pages)('%s explains the ledger as the audit log of decisions where it first names it', (page) => {
    expect(explained(read(page))).toBe(true);
  });

  it('the check finds a ledger that is not explained, and passes code and links', () => {
    expect(explained('# A\n\nThe ledger has it.\n')).toBe(false);
    expect(explained('The ledger (the audit log of decisions) has it. The ledger is safe.')).toBe(true);
    expect(explained('See [ledger.md](ledger.md) and `livestill ledger show`.')).toBe(true);
  });

  it.each(['README.md', join('docs', 'README.md')])('%s says what people look for', (page) => {
    const [head] = read(page).split('\n## ');
    expect(head).toMatch(/anti-spoofing/);
    expect(head).toMatch(/presentation attack detection/);
  });

  it.each(['README.zh-CN.md', join('docs', 'README.zh-CN.md')])('%s too', (page) => {
    expect(read(page).split('\n## ')[0]).toMatch(/活体检测（呈现攻击检测/);
  });

  it('the reference page of the v1 API too', () => {
    const { info } = JSON.parse(read(join('docs', 'reference', 'openapi.json'))) as {
      info: { title: string; summary?: string; description?: string };
    };
    const text = Object.values(info).join(' ');
    expect(text).toMatch(/anti-spoofing/i);
    expect(text).toMatch(/presentation attack detection/i);
  });
});
