import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The Chinese pages of the project. */
const chinesePages = [
  ...readdirSync(root),
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith('.zh-CN.md'));

/** What a page is made of, in its order, without its words. */
interface Section {
  readonly heading: string;
  /** Tables as `columns x rows`, code blocks as language and code without comments. */
  readonly parts: readonly string[];
  /** What stands in backticks in its prose and tables, each once. */
  readonly literals: readonly string[];
}

/** A line of a code block without the words for people: a comment, or a description behind a gap. */
const codeOf = (line: string) => line.replace(/(?:^|\s)(?:#|\/\/) .*$/, '').trimEnd();

/** A literal without what may differ by language: the language of a linked page, spaces. */
const plain = (literal: string) => literal.replace('.zh-CN.md', '.md').trim();

function sectionsOf(text: string): Section[] {
  const sections: { heading: string; parts: string[]; literals: Set<string> }[] = [];
  let block: string[] | undefined;
  let rows: string[] = [];
  const endTable = () => {
    const columns = rows[0]?.replaceAll('\\|', '').match(/\|/g)?.length ?? 0;
    if (rows.length > 0)
      sections.at(-1)?.parts.push(`table of ${columns - 1} columns, ${rows.length - 2} rows`);
    rows = [];
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      if (block !== undefined) sections.at(-1)?.parts.push(block.join('\n'));
      block = block === undefined ? [line] : undefined;
      continue;
    }
    if (block !== undefined) {
      block.push(codeOf(line));
      continue;
    }
    if (!line.startsWith('|')) endTable();
    const heading = /^(#{1,6}) /.exec(line)?.[1];
    if (heading !== undefined) sections.push({ heading, parts: [], literals: new Set() });
    else if (line.startsWith('|')) rows.push(line);
    for (const [, literal] of line.matchAll(/`([^`]+)`/g)) sections.at(-1)?.literals.add(plain(literal));
  }
  endTable();
  return sections.map(({ literals, ...rest }) => ({ ...rest, literals: [...literals].sort() }));
}

describe('a Chinese page', () => {
  it.each(chinesePages)('%s has the headings, tables, code and literals of the English one', (page) => {
    const english = page.replace('.zh-CN.md', '.md');
    expect(existsSync(join(root, english))).toBe(true);
    const [theirs, ours] = [page, english].map((file) => sectionsOf(readFileSync(join(root, file), 'utf8')));
    expect(theirs).toEqual(ours);
  });

  it.each(chinesePages)('%s and the English one link to each other at their top', (page) => {
    const english = page.replace('.zh-CN.md', '.md');
    const top = (file: string) => readFileSync(join(root, file), 'utf8').split('\n').slice(0, 14).join('\n');
    expect(top(page)).toContain(`[English](${basename(english)})`);
    expect(top(english)).toMatch(
      new RegExp(`\\[中文[^\\]]*\\]\\(${basename(page).replaceAll('.', '\\.')}\\)`),
    );
  });

  it.each(chinesePages)('%s leads to Chinese pages where there are some', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const english = Array.from(text.matchAll(/\[([^\]]*)\]\(([^)\s#]+)\.md[^)]*\)/g))
      .filter(([, label]) => label !== 'English')
      .filter(([, , target]) => existsSync(join(root, dirname(page), `${target}.zh-CN.md`)));
    expect(english.map(([link]) => link)).toEqual([]);
  });

  it('stands beside each page that a user of the old call, and an operator of batches, needs', () => {
    expect(chinesePages.map((page) => page.replace('.zh-CN.md', '').replaceAll('\\', '/'))).toEqual(
      expect.arrayContaining([
        'README',
        'docs/README',
        'docs/start/troubleshooting',
        'docs/use/migrate',
        'docs/use/api-legacy',
        'docs/run/accounts',
        'docs/run/operations',
        'docs/reference/configuration',
        'docs/reference/errors',
        'docs/use/batch',
        'docs/use/batches',
        'docs/run/traces',
        'examples/capture/README',
      ]),
    );
  });
});

describe('the comparison', () => {
  const page = '# A\n\n`x` and `y`\n\n| a | b |\n|---|---|\n| `k` | words |\n\n```\nrun it  # why\n```\n';

  it('passes over words and comments', () => {
    expect(
      sectionsOf('# 甲\n\n`y`、`x`\n\n| 甲 | 乙 |\n|---|---|\n| `k` | 词 |\n\n```\nrun it  # 为何\n```\n'),
    ).toEqual(sectionsOf(page));
  });

  it.each([
    ['a heading more', `${page}\n## B\n`],
    ['a row less', page.replace('| `k` | words |\n', '')],
    ['other code', page.replace('run it', 'run that')],
    ['another literal', page.replace('`y`', '`z`')],
    ['a block less', page.replace(/```[\s\S]*```/, '')],
  ])('finds %s', (_, changed) => {
    expect(sectionsOf(changed)).not.toEqual(sectionsOf(page));
  });
});
