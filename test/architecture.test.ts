import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/**
 * What each room (see `roomOf`) may import of the house; a room may always import itself.
 * `store` stands in no list but that of `cli`: everything else receives what it needs as an argument.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  liveness: [],
  errors: [],
  networks: [],
  config: ['networks'],
  client: [],
  weights: ['files', 'liveness'],
  native: ['files', 'weights'],
  report: [],
  files: [],
  picture: ['liveness', 'errors', 'networks', 'files'],
  account: ['report', 'liveness', 'errors', 'networks'],
  ledger: ['liveness', 'errors', 'account', 'report'],
  store: ['report', 'liveness', 'errors', 'networks', 'account', 'ledger'],
  engine: ['liveness', 'errors', 'picture', 'weights'],
  fleet: ['report', 'liveness', 'errors', 'picture', 'engine'],
  batch: ['liveness', 'errors', 'files', 'report', 'picture', 'engine', 'fleet'],
  evaluation: ['liveness', 'errors', 'files', 'report', 'picture', 'engine'],
  wire: ['liveness', 'errors', 'networks', 'config', 'account', 'picture', 'fleet', 'ledger'],
  index: ['liveness', 'errors', 'picture', 'engine', 'weights'],
  cli: [
    'liveness',
    'errors',
    'config',
    'account',
    'picture',
    'fleet',
    'ledger',
    'store',
    'weights',
    'files',
    'report',
    'engine',
    'wire',
    'evaluation',
    'batch',
    'client',
  ],
};

/** Packages that a room must not go beyond. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  liveness: ['onnxruntime-common', 'sharp', 'typebox', 'typebox/value'],
  errors: [],
  client: [],
};

const isTest = (file: string) => file.endsWith('.test.ts') || file.includes(`test-support${sep}`);

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !isTest(file),
);

/** The folder; files in src/ itself are rooms of their own, those that begin alike (`config-schema.ts`) one together. */
const roomOf = (file: string) => {
  const first = file.split(sep)[0];
  if (!first.endsWith('.ts')) return first;
  const room = first.replace(/(?:-[a-z-]+)?\.ts$/, '');
  return room === 'error' ? 'errors' : room;
};

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return Array.from(found, (m) => m[1] ?? m[2] ?? m[3]);
}

describe('the house', () => {
  it('has only rooms that the rule knows', () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('is imported one way', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const room = roomOf(file);
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = roomOf(relative(src, join(src, dirname(file), specifier)));
        if (target === room || (MAY_IMPORT[room] ?? []).includes(target)) continue;
        wrong.push(`${file} imports ${specifier}: ${room} must not know ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('keeps rooms to their libraries', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const allowed = MAY_USE[roomOf(file)];
      if (allowed === undefined) continue;
      for (const specifier of importsOf(file)) {
        const foreign = !specifier.startsWith('.') && !specifier.startsWith('node:');
        if (foreign && !allowed.includes(specifier)) wrong.push(`${file} uses ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('loads the inference library in one place only', () => {
    const root = join(src, '..');
    const loader = join('src', 'liveness', 'onnx', 'library.ts');
    const found = ['src', 'bench', 'scripts', 'test', 'examples', 'bin']
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f)),
      )
      .filter((file) => /\.[cm]?[jt]s$/.test(file) && file !== join('test', 'architecture.test.ts'))
      .filter((file) =>
        /(?:from|import|require)[\s(]*['"`](?:onnxruntime-node|[^'"`]*(?:onnxruntime-node\/|onnxruntime_binding|dist\/backend\.js))|process\.dlopen/.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      );
    expect(found).toEqual([loader]);
  });

  it('loads the HEIC library in its thread only', () => {
    const found = files.filter((file) => readFileSync(join(src, file), 'utf8').includes("'libheif-js"));
    expect(found.sort()).toEqual([join('picture', 'heif-thread.ts'), join('picture', 'heif.ts')]);
    expect(readFileSync(join(src, 'picture', 'heif.ts'), 'utf8')).toContain(".resolve('libheif-js");
  });

  it('speaks SQL in one room only', () => {
    const speakers = files.filter((file) => importsOf(file).some((s) => /^(?:kysely|libsql|pg)$/.test(s)));
    expect(speakers.map(roomOf).filter((room) => room !== 'store')).toEqual([]);
  });

  it('has no file that grew past 400 lines', () => {
    const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('has no default exports', () => {
    expect(files.filter((file) => /^export default\b/m.test(readFileSync(join(src, file), 'utf8')))).toEqual(
      [],
    );
  });
});
