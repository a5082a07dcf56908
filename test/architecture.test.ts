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
  faults: [],
  codes: ['faults'],
  networks: [],
  config: ['networks'],
  client: [],
  weights: ['files', 'liveness'],
  native: ['files', 'weights'],
  report: [],
  files: [],
  picture: ['liveness', 'faults', 'networks', 'files'],
  account: ['report', 'liveness', 'faults', 'networks', 'policy'],
  policy: ['liveness', 'faults'],
  ledger: ['policy', 'liveness', 'faults', 'account', 'report'],
  store: ['policy', 'report', 'liveness', 'faults', 'networks', 'account', 'ledger'],
  engine: ['liveness', 'faults', 'picture', 'weights'],
  fleet: ['report', 'liveness', 'faults', 'picture', 'engine'],
  batch: ['liveness', 'faults', 'codes', 'files', 'report', 'picture', 'engine', 'fleet'],
  evaluation: ['liveness', 'faults', 'files', 'report', 'picture', 'engine'],
  wire: [
    'policy',
    'liveness',
    'faults',
    'codes',
    'networks',
    'config',
    'account',
    'picture',
    'fleet',
    'ledger',
  ],
  index: ['liveness', 'faults', 'picture', 'engine', 'weights'],
  cli: [
    'policy',
    'liveness',
    'faults',
    'codes',
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
  faults: [],
  codes: ['faults'],
  client: [],
};

const isTest = (file: string) => file.endsWith('.test.ts') || file.includes(`test-support${sep}`);

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !isTest(file),
);

/**
 * The folder; files in src/ itself are rooms of their own. The numbers of the old contract are one too: they stand in the ledger's rows and in those
 * of batches, and whoever writes these reads the table.
 */
const roomOf = (file: string) => {
  if (file.startsWith(join('wire', 'legacy', 'codes') + sep)) return 'codes';
  const first = file.split(sep)[0];
  if (first === 'native-library.ts') return 'faults';
  return first.replace(/\.ts$/, '');
};

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return Array.from(found, (m) => m[1] ?? m[2] ?? m[3]);
}

/** The files of src/ that a file imports. */
function targetsOf(file: string): string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(src, join(src, dirname(file), specifier)));
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

  it('has APIs that know nothing of each other, on what they share', () => {
    const wire: Readonly<Record<string, readonly string[]>> = {
      codes: [],
      http: ['codes'],
      intake: ['http'],
      decision: ['http', 'intake', 'codes'],
      legacy: ['http', 'intake', 'decision', 'codes'],
      v1: ['http', 'intake', 'decision', 'codes'],
      admin: ['http', 'intake', 'decision'],
      metrics: ['http', 'decision'],
    };
    const partOf = (file: string) => {
      if (roomOf(file) === 'codes') return 'codes';
      return roomOf(file) === 'wire' ? file.split(sep)[1] : undefined;
    };
    const wrong: string[] = [];
    for (const file of files) {
      const part = partOf(file);
      if (part === undefined) continue;
      for (const target of targetsOf(file)) {
        const other = partOf(target);
        if (other === undefined || other === part || wire[part]?.includes(other)) continue;
        wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(new Set(files.map(partOf).filter((part) => part !== undefined))).toEqual(
      new Set(Object.keys(wire)),
    );
  });

  it('has no circle between files', () => {
    const known: readonly string[] = [
      join('cli', 'accounts', 'policy.ts'),
      join('cli', 'accounts', 'app.ts'),
    ];
    const graph = new Map(files.map((file) => [file, targetsOf(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' > '));
      if (done.has(file) || path.includes(file)) return;
      for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles.filter((circle) => !circle.split(' > ').every((file) => known.includes(file)))).toEqual(
      [],
    );
  });

  it('throws no number of the old contract', () => {
    const wrong = files.filter((file) => /new Fault\(\s*-?\d/.test(readFileSync(join(src, file), 'utf8')));
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
    expect(found.sort()).toEqual([
      join('picture', 'decode', 'heif', 'heif.ts'),
      join('picture', 'decode', 'heif', 'thread.ts'),
    ]);
    expect(readFileSync(join(src, 'picture', 'decode', 'heif', 'heif.ts'), 'utf8')).toContain(
      ".resolve('libheif-js",
    );
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
