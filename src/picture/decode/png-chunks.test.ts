import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSharp, gradient } from '../test-support/made.ts';
import { pngIsComplete, withoutTexts } from './png-chunks.ts';

function chunk(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(12 + length);
  bytes.writeUInt32BE(length);
  bytes.write(type, 4, 'latin1');
  return bytes;
}

describe('pngIsComplete', () => {
  it('until the last byte is there', async () => {
    const png = await asSharp(gradient(8, 8)).png().toBuffer();
    expect(pngIsComplete(png)).toBe(true);
    for (let cut = 1; cut < png.length; cut++) expect(pngIsComplete(png.subarray(0, -cut))).toBe(false);
  });
});

describe('withoutTexts', () => {
  it('leaves a file without texts as it is', async () => {
    const png = await asSharp(gradient(8, 8)).png().toBuffer();
    expect(withoutTexts(png)).toBe(png);
  });

  it('drops every text, wherever it stands, and nothing else', async () => {
    const png = await asSharp(gradient(8, 8)).png().toBuffer();
    const [head, tail] = [png.subarray(0, 33), png.subarray(33)];
    const texts = ['tEXt', 'zTXt', 'iTXt'].map((type) => chunk(type, 9));
    const behind = Buffer.from('behind the end');
    const all = Buffer.concat([head, ...texts, tail.subarray(0, -12), ...texts, tail.subarray(-12), behind]);
    expect(Buffer.from(withoutTexts(all))).toEqual(Buffer.concat([png, behind]));
  });

  it('does not look past a chunk that is cut off', () => {
    const cut = Buffer.concat([Buffer.alloc(8), chunk('IDAT', 100).subarray(0, 50), chunk('tEXt', 3)]);
    expect(withoutTexts(cut)).toBe(cut);
  });

  it('never throws and never grows', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(withoutTexts(bytes).length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
