import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { decodePicture } from '../../src/picture/decode/decode.ts';
import { damagedJpegs, oddJpegs, scene, wholeJpegs } from './support/damaged-pictures.ts';
import type { HostilePicture } from './support/hostile-pictures.ts';
import { rounds, seeded } from './support/seeded.ts';

/*
 * Pictures whose data is damaged in ways that decoders only warn of, or do not see, and pictures whose files are merely odd. With
 * LIVESTILL_FAULT_ROUNDS more of both are made, with other places and sizes.
 */

async function outcome({ name, bytes }: HostilePicture): Promise<string> {
  try {
    await decodePicture(bytes);
    return 'decoded';
  } catch (error) {
    if (error instanceof Fault && error.area === 'picture') return error.reason;
    throw new Error(name, { cause: error });
  }
}

async function outcomes(pictures: readonly HostilePicture[]): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for (const picture of pictures) all.push([picture.name, await outcome(picture)]);
  return all;
}

const refusals = new Set(['truncated', 'corrupt']);

const sizes = [
  [232, 168],
  [161, 233],
  [96, 64],
] as const;

describe('damaged JPEGs', () => {
  it('are refused as truncated or corrupt: cut, lost, holes, doubled, every kind of scan', async () => {
    let count = 0;
    const missed: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const whole = await wholeJpegs(100 + round, ...(sizes[round % sizes.length] ?? sizes[0]));
      for (const [name, bytes] of whole)
        expect([name, await outcome({ name, bytes })]).toEqual([name, 'decoded']);
      const all = await outcomes(damagedJpegs(whole, 200 + round, 8));
      count += all.length;
      missed.push(...all.filter(([, reason]) => !refusals.has(reason)).map(([name]) => name));
      const cut = all.filter(([name]) => name.includes(': cut') && !name.includes('0xff'));
      // A cut through the tables between two scans leaves a header that contradicts itself.
      expect(cut.filter(([, reason]) => reason !== 'truncated').length).toBeLessThan(cut.length / 50);
    }
    expect(count).toBe(rounds * 9 * 9 * 8);
    // What takes up exactly as much of a scan as it pushes out leaves no trace: in files of one or two kilobytes, now and then.
    expect(
      missed.filter((name) => /: (?:cut|chunk lost)/.test(name) && !name.includes('0xff')).length,
    ).toBeLessThan(1 + count / 5000);
    expect(missed.filter((name) => !name.includes('chunk doubled')).length).toBeLessThan(1 + count / 1000);
    expect(missed.length).toBeLessThan(count / 100);
    if (rounds > 1) console.log(`${count} damaged, ${missed.length} decoded:`, missed);
  }, 600_000);

  it('good ones whose files are odd are decoded', async () => {
    for (let round = 0; round < rounds; round++) {
      for (const [width, height] of rounds > 1 ? sizes.slice(round % 3, (round % 3) + 1) : sizes) {
        const all = await outcomes(oddJpegs(await wholeJpegs(300 + round, width, height), 400 + round));
        expect(all.length).toBe(9 * 10 + 2 + 7);
        expect(all.filter(([, reason]) => reason !== 'decoded')).toEqual([]);
      }
    }
  }, 600_000);
});

describe('damaged WebP, PNG and BMP', () => {
  it('a WebP with a part of zeros is refused', async () => {
    for (const lossless of [false, true]) {
      const webp = await scene(400, 300, 5).webp({ lossless, quality: 90 }).toBuffer();
      expect(await outcome({ name: 'whole', bytes: webp })).toBe('decoded');
      for (let percent = 10; percent < 90; percent += 5) {
        const at = Math.floor((webp.length * percent) / 100);
        for (const bytes of [Buffer.from(webp).fill(0, at), Buffer.from(webp).fill(0, at, at + 600)]) {
          expect([percent, await outcome({ name: 'hole', bytes })]).toEqual([percent, 'truncated']);
        }
      }
    }
  });

  it('a PNG whose data is changed anywhere is refused: its check sums say so', async () => {
    const png = await scene(120, 90, 6).png().toBuffer();
    const { below } = seeded(7);
    const from = png.indexOf('IDAT') + 4;
    for (let i = 0; i < 100; i++) {
      const at = from + below(png.length - 16 - from);
      const bytes = Buffer.from(png).fill(0, at, Math.min(png.length - 16, at + 200));
      if (bytes.equals(png)) continue;
      expect([at, await outcome({ name: 'hole', bytes })]).toEqual([
        at,
        expect.stringMatching(/truncated|corrupt/),
      ]);
    }
  });
});
