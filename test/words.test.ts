import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Idioms of this project that an engineer of another would have to guess, with what to write instead. */
const INSTEAD: readonly (readonly [idiom: RegExp, instead: string])[] = [
  [/\brooms\b/i, 'areas, buffers'],
  [/\bthe house\b/i, 'the layout, the project'],
  [/\btold of\b/i, 'called with, reported'],
  [/\bheld to (?:the|its|a)\b/i, 'checked against'],
  [/\bin (?:its|their|his|your) hands\b/i, 'being judged, being processed'],
  [/\bfaults? of ours\b/i, 'an error inside the service'],
  [/\bmak(?:e|es|ing) room\b/i, 'free disk space, is closed, is dropped'],
  [/\b(?:own|such|the) books\b/i, '/proc, records'],
  [/\bknown holes\b/i, 'known limitations'],
];

/** What follows the rules of form below. */
const AREAS = /^src[\\/]/;
/** As in `biome.json`. */
const LINE_WIDTH = 110;

const FOLDERS = ['src', 'docs', 'examples', 'deploy', 'bench', 'scripts'];

function texts(): string[] {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return [...found, 'README.md', 'SECURITY.md'].filter(
    (file) => /\.(?:ts|mjs|md)$/.test(file) && !file.endsWith('licences.md'),
  );
}

/** `file:line: idiom: instead` for each line that has one. */
function idiomsIn(file: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, at) =>
      INSTEAD.filter(([idiom]) => idiom.test(line)).map(
        ([idiom, instead]) => `${file}:${at + 1}: ${idiom.exec(line)?.[0].trim()}; write ${instead}`,
      ),
    );
}

describe('words', () => {
  it('are those of this field, in code, documentation and help', () => {
    const files = texts();
    expect(files.length).toBeGreaterThan(400);
    expect(files.flatMap((file) => idiomsIn(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });

  it.each([
    'the rooms of the house',
    'the caller is told of it',
    '/** Told of each row. */',
    'which is held to its schema',
    'a picture in its hands',
    'a fault of ours',
    'make room for another',
    "from the system's own books",
  ])('finds %j', (line) => {
    expect(idiomsIn('x', line)).not.toEqual([]);
  });
});

describe('comments', () => {
  const lines = texts()
    .filter((file) => AREAS.test(file) && !file.endsWith('.test.ts'))
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .map((line, at) => ({ line, where: `${file}:${at + 1}` })),
    )
    .filter(({ line }) => /^\s*(?:\/\/|\/?\*)/.test(line));

  it('stay within the length of a line', () => {
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.filter(({ line }) => line.length > LINE_WIDTH).map(({ where }) => where)).toEqual([]);
  });

  it('say what is thrown in one form: @throws {Kind} when', () => {
    const thrown = lines.filter(({ line }) => line.includes('@throws'));
    expect(thrown.length).toBeGreaterThan(50);
    const wrong = thrown.filter(({ line }) => !/^\s*(?:\/\*)?\*+ @throws \{\w+\} \S/.test(line));
    expect(wrong.map(({ line, where }) => `${where}: ${line.trim()}`)).toEqual([]);
  });
});

describe('constants', () => {
  it('of a module are written in one case: UPPER_CASE for numbers, texts, expressions and tables', () => {
    const constant = /^(?:export )?const (\w+)(?:: [^=]+)? = (?:-?\d|['"`/[{]|new (?:Set|Map)\b)/;
    const named = texts()
      .filter((file) => AREAS.test(file) && !file.endsWith('.test.ts') && !file.includes('test-support'))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line) => {
            const name = constant.exec(line)?.[1];
            return name === undefined ? [] : [{ file, name }];
          }),
      );
    expect(named.length).toBeGreaterThan(50);
    const other = named.filter(({ name }) => !/^[A-Z][A-Z0-9_]*$/.test(name));
    expect(other.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });
});
