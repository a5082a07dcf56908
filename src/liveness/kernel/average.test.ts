import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { areaSpans, averageAreas } from './average.ts';

describe('the kernel', () => {
  it('is what area.wat says', async () => {
    const script = new URL('../../../scripts/build-kernel.mjs', import.meta.url).href;
    const { kernelModule } = (await import(script)) as { kernelModule: () => Promise<string> };
    const committed = await readFile(new URL('./area-kernel.ts', import.meta.url), 'utf8');
    expect(committed).toBe(await kernelModule());
  });
});

describe('averageAreas', () => {
  it('gives the same for bytes and for floats of the same values, whatever was averaged before', () => {
    const width = 37;
    const height = 23;
    const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 97) % 256);
    const columns = areaSpans(0, width / 7, 7, width - 1);
    const rows = areaSpans(0, height / 5, 5, height - 1);
    const run = (data: Uint8Array | Float32Array) =>
      averageAreas({ width, height, data }, 0, 0, columns, rows, (width / 7) * (height / 5));
    const first = run(bytes);
    averageAreas(
      { width, height, data: new Float32Array(bytes.length).fill(Number.NaN) },
      0,
      0,
      columns,
      rows,
      1,
    );
    expect(run(bytes)).toEqual(first);
    const floats = run(Float32Array.from(bytes));
    for (let i = 0; i < first.length; i++) expect(floats[i]).toBeCloseTo(first[i], 3);
  });

  it('grows its memory for wide pictures', () => {
    const width = 60_000;
    const data = new Uint8Array(width * 2 * 3).fill(5);
    const columns = areaSpans(0, width / 600, 600, width - 1);
    const out = averageAreas(
      { width, height: 2, data },
      0,
      0,
      columns,
      areaSpans(0, 2, 1, 1),
      (width / 600) * 2,
    );
    expect(Math.max(...out)).toBeCloseTo(5, 4);
    expect(Math.min(...out)).toBeCloseTo(5, 4);
  });
});
