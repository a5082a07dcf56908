import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('./', import.meta.url));

describe('the client', () => {
  it('is under 6 KB once bundled, minified and gzipped, with nothing left to import', async () => {
    const bundle = await rolldown({ input: `${folder}index.ts`, platform: 'browser' });
    const { output } = await bundle.generate({ format: 'esm', minify: true });
    await bundle.close();
    const [chunk] = output;
    expect(output).toHaveLength(1);
    expect([...chunk.imports, ...chunk.dynamicImports]).toEqual([]);
    const size = gzipSync(chunk.code, { level: 9 }).length;
    console.info(`client: ${chunk.code.length} bytes minified, ${size} gzipped`);
    expect(size).toBeLessThan(6 * 1024);
  });

  it("uses nothing of Node's own", () => {
    for (const name of readdirSync(folder).filter((file) => !file.endsWith('.test.ts'))) {
      const text = readFileSync(folder + name, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect([name, text.match(/node:|\bBuffer\b|\bprocess\.|\brequire\(/)]).toEqual([name, null]);
    }
  });
});
