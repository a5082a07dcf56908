import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/cli/shared/program.ts';
import { commandBlocks, inlineCommands, simpleCommands, untaggedCommands } from './support/command-blocks.ts';
import { commandTrouble } from './support/command-exists.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = [
  'README.md',
  'README.zh-CN.md',
  'deploy/helm/livestill/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];
const program = await createProgram(new Command(), []);

/** `command: what is wrong` for each command of a page that does not exist. */
function troubles(text: string): string[] {
  const typed = [...commandBlocks(text).flatMap(({ commands }) => commands), ...inlineCommands(text)];
  return typed.flatMap((line) =>
    simpleCommands(line).flatMap((words) => {
      const trouble = commandTrouble(program, words);
      return trouble === undefined ? [] : [`${line}: ${trouble}`];
    }),
  );
}

describe('the commands of a page', () => {
  it.each(pages)('%s: exist, with their options', (page) => {
    expect(troubles(readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it.each(pages)('%s: stand in blocks that say so (sh, console)', (page) => {
    expect(untaggedCommands(readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it('keep what a container writes in the volume of the image', () => {
    const image = readFileSync(join(root, 'deploy/container/Dockerfile'), 'utf8');
    const [, volume] = /^VOLUME (\S+)$/m.exec(image) ?? [];
    const texts = [
      image.replaceAll(/\\\n#/g, ''),
      ...pages.map((page) => readFileSync(join(root, page), 'utf8')),
    ];
    const mounts = texts.flatMap((text) => [...text.matchAll(/docker run\b.*? -v [\w-]+:([^\s:]+)/g)]);
    expect(mounts.length).toBeGreaterThan(2);
    expect(mounts.filter(([, folder]) => folder !== volume)).toEqual([]);
  });

  it('are many', () => {
    const all = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8');
      return [...commandBlocks(text).flatMap(({ commands }) => commands), ...inlineCommands(text)];
    });
    expect(all.filter((line) => line.includes('livestill ')).length).toBeGreaterThan(150);
  });
});

describe('the check', () => {
  const block = (line: string) => `\`\`\`sh\n${line}\n\`\`\`\n`;

  it.each([
    ['livestill skore x.jpg', 'no command skore'],
    ['npx livestill key lst', 'no command lst'],
    ['livestill app list --nowhere', 'no option --nowhere'],
    ['livestill app show 1 2', 'takes 1 arguments'],
    ['npm start -- --prot 1', 'no option --prot'],
    ['npm run bench:none', 'no script bench:none'],
    ['node bench/none.mjs', 'no file bench/none.mjs'],
    ['frobnicate x', 'no program frobnicate'],
    ['livestill app list && livestill none', 'no command none'],
  ])('finds %s', (line, found) => {
    expect(troubles(block(line))).toEqual([expect.stringContaining(found)]);
  });

  it.each([
    'livestill ledger head > head.json     # the signed state',
    'npx livestill score --explain out selfie.jpg',
    'LIVESTILL_PORT=0 livestill serve --data "my data"',
    'livestill backup --to x-$(date +%F none).tar',
    'livestill app show APPID',
  ])('passes %s', (line) => {
    expect(troubles(block(line))).toEqual([]);
  });

  it('finds commands within sentences, and those in blocks that do not say so', () => {
    expect(troubles('Type `livestill skore`.')).toHaveLength(1);
    expect(untaggedCommands('```\nlivestill score x.jpg\n```\n')).toEqual(['livestill score x.jpg']);
  });

  it('reads why a block is not run', () => {
    expect(commandBlocks('<!-- not run: needs docker -->\n```sh\ndocker run x\n```\n')).toEqual([
      { line: 2, notRun: 'needs docker', commands: ['docker run x'] },
    ]);
  });
});
