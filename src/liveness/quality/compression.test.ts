import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { painted } from '../test-support/painted.ts';
import type { RgbPicture } from '../types.ts';
import { measureBlocks } from './compression.ts';

/** Something like skin: soft shades with a little noise that is the same every time. */
function skin(size: number): RgbPicture {
  let seed = 7;
  const noise = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (seed / 2_147_483_648 - 0.5) * 8;
  };
  return painted(size, size, (x, y) => {
    const v = 130 + 50 * Math.sin(x / 37) * Math.cos(y / 29) + noise();
    return [v + 30, v, v - 20].map((c) => Math.round(c)) as [number, number, number];
  });
}
const box = { left: 30, top: 20, right: 220, bottom: 230 };

async function compressed(picture: RgbPicture, quality: number): Promise<RgbPicture> {
  const { width, height, data } = picture;
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return { width, height, data: await sharp(jpeg).raw().toBuffer() };
}

describe('measureBlocks', () => {
  it('rises as JPEG quality falls', async () => {
    const picture = skin(256);
    const values = [measureBlocks(picture, box)];
    for (const quality of [60, 30, 15, 5]) {
      values.push(measureBlocks(await compressed(picture, quality), box));
    }
    expect(values[0]).toBeLessThan(1.15);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values.at(-1)).toBeGreaterThan(3);
  });

  it('finds the grid wherever it begins', async () => {
    const picture = await compressed(skin(264), 10);
    const whole = measureBlocks(picture, box);
    for (const shift of [1, 3, 6]) {
      const cut = painted(256, 256, (x, y) => {
        const at = ((y + shift) * 264 + x + shift) * 3;
        return [picture.data[at], picture.data[at + 1], picture.data[at + 2]];
      });
      expect(measureBlocks(cut, box) / whole).toBeCloseTo(1, 0);
      expect(measureBlocks(cut, box)).toBeGreaterThan(2);
    }
  });

  it('finds none in a flat, a tiny and a large smooth picture', () => {
    expect(
      measureBlocks(
        painted(256, 256, () => 100),
        box,
      ),
    ).toBe(1);
    expect(measureBlocks(skin(12), { left: 0, top: 0, right: 12, bottom: 12 })).toBe(1);
    const large = painted(900, 900, (x, y) =>
      Math.round(100 + 40 * Math.sin(x / 90) + 40 * Math.cos(y / 70)),
    );
    expect(measureBlocks(large, { left: 10, top: 10, right: 890, bottom: 890 })).toBeLessThan(1.3);
  });

  it('gives a finite number of at least 1 for any box', () => {
    const picture = skin(64);
    const side = fc.integer({ min: -40, max: 100 });
    fc.assert(
      fc.property(side, side, side, side, (left, top, right, bottom) => {
        const value = measureBlocks(picture, { left, top, right, bottom });
        expect(value).toBeGreaterThanOrEqual(1);
        expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });
});
