import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/web-console', import.meta.url));

/** A script with everything that it imports before it runs. */
function withImports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, name] of text.matchAll(/(?:^|[;}\n])import(?:[\w$*{}\s,]+from)?["'](\.[^"']+)["']/g)) {
    withImports(join(dirname(file), name), seen);
  }
  return seen;
}

describe.skipIf(!existsSync(join(built, 'index.html')))('the built console', () => {
  const page = existsSync(built) ? readFileSync(join(built, 'index.html'), 'utf8') : '';

  it('loads less than 150 KB of script at first, gzipped', () => {
    const entries = Array.from(page.matchAll(/<script[^>]+src="\/console\/([^"]+)"/g), ([, name]) =>
      join(built, name),
    );
    expect(entries.length).toBeGreaterThan(0);
    const files = new Set(entries.flatMap((entry) => [...withImports(entry)]));
    const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(150_000);
  });

  it('has no script, style or address of another host in its page', () => {
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page).not.toMatch(/<style|\bstyle=|https?:\/\//);
  });
});
