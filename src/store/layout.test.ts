import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('test-support'),
);

/** What a file imports of the store, as paths from its folder. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return Array.from(text.matchAll(/\bfrom '(\.[^']+)'/g), (found) =>
    normalize(join(dirname(file), found[1])),
  );
}

const databaseOf = (file: string): string => file.split('/')[0];
const databases = [...new Set(files.map(databaseOf))].filter(
  (name) => name !== 'core' && !name.endsWith('.ts'),
);

describe('the folders of the store', () => {
  it('know core, and core knows no database', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => databases.includes(databaseOf(target)))
        .filter((target) => file.includes('/') && databaseOf(target) !== databaseOf(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(databases).toContain('sqlite');
    expect(wrong).toEqual([]);
  });

  it('have the same files for each database', () => {
    const always = ['connection', 'faults', 'open'];
    // Redis keeps what is short-lived beside a database: it has no tables.
    const withTables = ['database', 'dialect', 'handles', 'migrations'];
    const missing = databases.flatMap((database) =>
      [...always, ...(database === 'redis' ? [] : withTables)]
        .map((name) => join(database, `${name}.ts`))
        .filter((file) => !files.includes(file)),
    );
    expect(missing).toEqual([]);
  });

  it('hold no circle of imports', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, way: readonly string[]): void => {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' > '));
      else if (!done.has(file) && files.includes(file)) {
        for (const target of importsOf(file)) walk(target, [...way, file]);
        done.add(file);
      }
    };
    for (const file of files) walk(file, []);
    expect(circles).toEqual([]);
  });
});
