import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { livestill, withFolder } from '../../../test/contract/support/process.ts';
import { groupPhotoPath } from '../../../test/support/pictures.ts';
import { printable, printableName } from './printable.ts';
import { createTable } from './table.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Clears the screen, sets the title, C1 form of a colour, turns the writing, ends the line, overwrites it.
 */
const hostile = ['\u001b[2J', '\u001b]0;owned\u0007', '\u009b31m', '\u202egpj', '\u2028', '\r', '\u007f'];
const acting = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const apartFromLines = (text: string) => text.replace(/[\n\t]/g, '');

describe('text for a terminal', () => {
  it('has nothing in it that acts, and the rest as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostile, '\n', '\t'))),
        (parts) => {
          const text = parts.join('');
          expect(apartFromLines(printable(text))).not.toMatch(acting);
          expect(printableName(text)).not.toMatch(acting);
          if (!acting.test(text)) expect([printable(text), printableName(text)]).toEqual([text, text]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['a\nb\tc', 'a\nb\tc'],
    ['自拍 é 👩‍👧.jpg', '自拍 é 👩‍👧.jpg'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));

  it('JSON stays the same JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(...hostile), (text, evil) => {
        const value = { file: `${text}${evil}${text}` };
        expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
      }),
    );
  });

  it('a cell of a table is one line', () => {
    const table = createTable([{ title: 'NAME' }, { title: 'N' }], [['a\nb', '1']]);
    expect(table.line(['a\nb', '1'])).toBe('a\\u000ab  1');
  });
});

describe('every command', { timeout: 120_000 }, () => {
  /** Everything that ran wrote, apart from line ends and tabs. */
  const said = async (args: string[]) => {
    const run = livestill(args);
    const status = await run.ended;
    return { status, text: apartFromLines(run.stdout() + run.stderr()) };
  };

  it('shows file names, and never lets them act', () =>
    withFolder(async (folder) => {
      const name = `a${hostile.filter((each) => each !== '\u2028').join('')}\nb`;
      const pictures = join(folder, 'in\u001b[1m');
      await mkdir(pictures);
      await copyFile(groupPhotoPath('sample4.jpg'), join(pictures, `${name}.jpg`));
      await writeFile(join(pictures, `broken${name}.jpg`), 'no picture');
      await writeFile(join(folder, 'list.txt'), `${join(pictures, 'gone\u001b[31m.jpg')}\n`);
      const missing = join(folder, `\u001b[2J${name}`);
      const runs = [
        ['score', '--profile', 'fast', pictures],
        ['score', '--profile', 'fast', '--json', pictures],
        ['score', missing],
        [
          'batch',
          pictures,
          '--profile',
          'fast',
          '--workers',
          '1',
          '--out',
          join(pictures, 'o.ndjson'),
          '--no-report',
        ],
        ['batch', missing, '--out', join(folder, 'm.ndjson')],
        [
          'batch',
          join(folder, 'list.txt'),
          '--workers',
          '1',
          '--profile',
          'fast',
          '--out',
          `${pictures}/l.csv`,
        ],
        ['simulate', pictures, '--out', join(folder, 's\u001b'), '--kinds', 'screen-phone', '--size', '320'],
        ['evaluate', missing],
        ['evaluate', '--scores', missing],
        ['doctor', '--data', join(pictures, 'data'), '--json'],
        ['doctor', '--data', join(pictures, 'data')],
        ['config', 'check', missing],
        ['app', 'create', '--data', join(folder, 'data'), '--name', 'x\u001b[31m'],
        ['app', 'list', '--data', join(folder, 'data')],
        [
          'sign',
          '--check',
          Buffer.from('a=\u001b[31m&b=\u009b&k=\u202e').toString('base64'),
          '--data',
          join(folder, 'data'),
        ],
        ['no\u001b[31mcommand'],
        ['score', '--no\u001b[31moption'],
        ['serve', '--config', missing],
        ['models', 'verify', '--models', missing],
      ];
      for (const args of runs) {
        const { text } = await said(args);
        expect([args.slice(0, 2), acting.exec(text)?.[0]]).toEqual([args.slice(0, 2), undefined]);
        expect(text.length).toBeGreaterThan(0);
      }
    }));

  it('prints through one of few places', () => {
    const writers = ['batch', 'cli', 'doctor', 'evaluation', 'explain'].flatMap((folder) =>
      readdirSync(join(here, '..', '..', folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|test-support/.test(file))
        .filter((file) =>
          /\bstd(?:out|err)\.write\(|(?<!\.)\bconsole\.\w+\(/.test(
            readFileSync(join(here, '..', '..', folder, file), 'utf8'),
          ),
        )
        .map((file) => `${folder}/${file}`),
    );
    // Those that colour what they made plain before, or write where a test looks.
    expect(writers.sort()).toEqual(['cli/score/table.ts', 'cli/serve/serve.ts', 'cli/shared/printable.ts']);
  });
});
