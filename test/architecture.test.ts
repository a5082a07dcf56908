import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/**
 * What each area (see `areaOf`) may import of the others; an area may always import itself. `store` stands in
 * no list but those of `cli`, which puts the service together, and of `doctor`, which looks into a database
 * without opening it as the service does: everything else receives what it needs as an argument.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  liveness: [],
  faults: [],
  codes: ['faults'],
  networks: [],
  start: [],
  config: ['networks', 'liveness'],
  client: [],
  weights: ['files', 'liveness'],
  native: ['files', 'weights'],
  report: [],
  files: [],
  picture: ['liveness', 'faults', 'networks', 'files'],
  storage: ['faults', 'picture'],
  account: ['report', 'liveness', 'faults', 'networks', 'policy'],
  policy: ['liveness', 'faults'],
  traces: ['faults'],
  ledger: ['policy', 'liveness', 'faults', 'account', 'report'],
  console: ['account', 'faults', 'ledger', 'liveness', 'networks', 'policy', 'report'],
  jobs: [
    'liveness',
    'faults',
    'codes',
    'files',
    'report',
    'policy',
    'picture',
    'storage',
    'account',
    'ledger',
    'fleet',
    'batch',
    'traces',
    'webhook',
  ],
  webhook: ['faults', 'picture', 'traces'],
  session: ['liveness', 'faults'],
  store: [
    'console',
    'jobs',
    'session',
    'webhook',
    'policy',
    'report',
    'liveness',
    'faults',
    'networks',
    'account',
    'ledger',
  ],
  engine: ['liveness', 'faults', 'picture', 'weights'],
  fleet: ['report', 'liveness', 'faults', 'picture', 'engine'],
  explain: ['liveness', 'faults', 'files', 'report'],
  batch: ['liveness', 'faults', 'codes', 'files', 'report', 'picture', 'storage', 'engine', 'fleet'],
  evaluation: ['liveness', 'faults', 'files', 'report', 'picture', 'engine'],
  wire: [
    'codes',
    'report',
    'policy',
    'liveness',
    'faults',
    'networks',
    'config',
    'account',
    'picture',
    'fleet',
    'ledger',
    'console',
    'jobs',
    'session',
    'storage',
    'traces',
    'webhook',
  ],
  index: ['liveness', 'faults', 'picture', 'engine', 'weights'],
  doctor: [
    'config',
    'console',
    'faults',
    'fleet',
    'ledger',
    'liveness',
    'report',
    'storage',
    'store',
    'traces',
    'weights',
    'wire',
  ],
  cli: [
    'native',
    'doctor',
    'explain',
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
    'session',
    'storage',
    'webhook',
    'evaluation',
    'batch',
    'jobs',
    'client',
    'console',
    'traces',
  ],
};

/** The only packages that an area may use. */
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
 * The folder; files in src/ itself are areas of their own. The numbers of the old contract are one too: they stand in
 * the rows of the ledger and of batches, and whoever writes these reads the table.
 */
const areaOf = (file: string) => {
  if (file.startsWith(join('wire', 'legacy', 'codes') + sep)) return 'codes';
  const first = file.split(sep)[0];
  if (first === 'native-library.ts') return 'faults';
  return first.replace(/\.ts$/, '');
};

/** The file that a relative specifier of another file names, from src/. */
const targetOf = (file: string, specifier: string) => relative(src, join(src, dirname(file), specifier));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return Array.from(found, (m) => m[1] ?? m[2] ?? m[3]);
}

/** Circles of files that import each other, each from its first file by name; a type counts as an import. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const reachable = (from: string): Set<string> => {
    const seen = new Set<string>();
    const next = [...(graph.get(from) ?? [])];
    for (let file = next.pop(); file !== undefined; file = next.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      next.push(...(graph.get(file) ?? []));
    }
    return seen;
  };
  const reach = new Map([...graph.keys()].map((file) => [file, reachable(file)]));
  const known = new Set<string>();
  for (const file of [...graph.keys()].sort()) {
    if (known.has(file) || reach.get(file)?.has(file) !== true) continue;
    const circle = [...graph.keys()].filter(
      (other) => reach.get(file)?.has(other) === true && reach.get(other)?.has(file) === true,
    );
    for (const one of circle) known.add(one);
    found.push(circle.sort());
  }
  return found;
}

describe('the layout', () => {
  it('has only areas that the rule knows', () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...new Set(files.map(areaOf))].filter((area) => !(area in MAY_IMPORT))).toEqual([]);
  });

  it('is imported one way', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const area = areaOf(file);
      for (const specifier of importsOf(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = areaOf(targetOf(file, specifier));
        if (target === area || (MAY_IMPORT[area] ?? []).includes(target)) continue;
        wrong.push(`${file} imports ${specifier}: ${area} must not know ${target}`);
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
      admin: ['http', 'intake', 'decision', 'v1', 'codes'],
      metrics: ['http', 'decision'],
    };
    const partOf = (file: string) => {
      if (areaOf(file) === 'codes') return 'codes';
      return areaOf(file) === 'wire' ? file.split(sep)[1] : undefined;
    };
    const wrong: string[] = [];
    for (const file of files) {
      const part = partOf(file);
      if (part === undefined) continue;
      for (const specifier of importsOf(file).filter((one) => one.startsWith('.'))) {
        const target = targetOf(file, specifier);
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

  it('throws no number of the old contract', () => {
    const wrong = files.filter((file) => /new Fault\(\s*-?\d/.test(readFileSync(join(src, file), 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('has no circle between files', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => targetOf(file, specifier)),
      ]),
    );
    expect(circles(graph)).toEqual([]);
  });

  it('finds circles', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['d', 'e']],
      ['e', []],
    ]);
    expect(circles(graph)).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('uses in an area only the packages it may use', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const allowed = MAY_USE[areaOf(file)];
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

  it('has its HTTP framework on the admin port alone, and lets it answer there', () => {
    const users = files.filter((file) => importsOf(file).some((s) => /^(?:fastify|@fastify\/.+)$/.test(s)));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((file) => !file.startsWith(join('wire', 'admin') + sep))).toEqual([]);
    const taken = users.filter((file) => /\.hijack\(/.test(readFileSync(join(src, file), 'utf8')));
    expect(taken).toEqual([]);
  });

  it('speaks SQL in one area only', () => {
    const speakers = files.filter((file) => importsOf(file).some((s) => /^(?:kysely|libsql|pg)$/.test(s)));
    expect(speakers.map(areaOf).filter((area) => area !== 'store')).toEqual([]);
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
