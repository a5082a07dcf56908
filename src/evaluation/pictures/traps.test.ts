import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { decodePicture } from '../../picture/decode/decode.ts';
import { hashDistance, NEAR, nearDuplicates } from '../duplicates.ts';
import { drawPictures } from '../robustness/robustness.ts';
import { TRANSFORMATIONS } from '../robustness/transformations.ts';
import { answer, judgedPictures, trapsOf } from '../test-support/pictures.ts';
import type { JudgedPicture } from './judge-all.ts';

let folder: string;
let photo: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-pictures-'));
  photo = await sharp(await groupPhoto('sample2.jpg'))
    .resize(300, 400, { fit: 'cover' })
    .png()
    .toBuffer();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('traps', () => {
  it('find a format, a quality and a camera that tell the label', () => {
    const { shortcuts } = trapsOf(
      judgedPictures(80, (i, label) => ({
        format: label === 'attack' ? 'png' : 'jpeg',
        jpegQuality: label === 'attack' ? 75 + (i % 9) : 80 + (i % 9),
        camera: label === 'attack' && i % 3 !== 0 ? 'Acme One' : null,
      })),
    );
    const names = shortcuts.map((s) => s.feature);
    expect(names[0]).toBe('file format');
    expect(shortcuts[0].auc).toBeGreaterThan(0.99);
    expect(names).toContain('JPEG quality');
    expect(names).toContain('camera (EXIF)');
    expect(names).not.toContain('width in pixels');
  });

  it('find a quality setting that lies between the others', () => {
    const { shortcuts } = trapsOf(
      judgedPictures(80, (i, label) => ({ jpegQuality: label === 'attack' ? 80 : i % 4 === 0 ? 75 : 90 })),
    );
    expect(shortcuts.map((s) => s.feature)).toEqual(['JPEG quality, exact setting']);
  });

  it('do not cry wolf when nothing hangs on the label, nor when every picture has a value of its own', () => {
    const { shortcuts } = trapsOf(
      judgedPictures(60, (i) => ({ software: `firmware ${i}`, bytes: 1000 + (((i >> 1) * 37) % 500) })),
    );
    expect(shortcuts).toEqual([]);
  });

  it('find near-duplicates across subjects and folds, not within a subject', () => {
    const judged = judgedPictures(6, () => ({}));
    const twin = (j: JudgedPicture, id: string, subject: string): JudgedPicture => ({
      ...j,
      picture: { ...j.picture, id, subject },
      sha256: id,
    });
    const all = [
      ...judged,
      twin(judged[0], 'same person', 's0'),
      twin(judged[2], 'other person', 'stranger'),
    ];
    const pairs = nearDuplicates(all, null);
    expect(pairs.map((p) => [p.a, p.b, p.across])).toEqual([['p2', 'other person', ['subject']]]);
    const folds = all.map((_, i) => (i < 6 ? '1' : '2'));
    expect(
      nearDuplicates(all, folds)
        .map((p) => p.b)
        .sort(),
    ).toEqual(['other person', 'same person']);
  });

  it('name labels that are contradicted with high confidence, and sets that are too small', () => {
    const judged = judgedPictures(20, () => ({})).map((j, i) => ({
      ...j,
      answer: answer({ probability: i === 3 ? 0.99 : i === 4 ? 0.01 : 0.5 }),
    }));
    const { doubtful, warnings } = trapsOf(judged);
    expect(doubtful.map((d) => d.id).sort()).toEqual(['p3', 'p4']);
    expect(warnings.join()).toMatch(/Only 10 people among the bona fide/);
    expect(warnings.join()).toMatch(/Under 30 attacks of print \(10\)/);
  });
});

describe('robustness', () => {
  it.each(TRANSFORMATIONS.map((t) => [`${t.family} ${t.step}`, t] as const))(
    '%s changes the picture as it says and leaves a usable one',
    async (_, t) => {
      const before = await decodePicture(photo);
      const bytes = await t.apply(photo);
      const after = await decodePicture(bytes);
      const factor = t.family === 'scale' ? t.at : 1;
      const turned = t.family === 'turn' && t.at !== 180;
      const [width, height] = turned ? [before.height, before.width] : [before.width, before.height];
      expect([after.width, after.height]).toEqual([Math.round(width * factor), Math.round(height * factor)]);
      if (t.family === 'crop') return;
      if (after.data.length === before.data.length) {
        let moved = 0;
        for (let i = 0; i < before.data.length; i++) moved += Math.abs(after.data[i] - before.data[i]);
        const mean = moved / before.data.length;
        if (t.family === 'turn-exif') expect(mean).toBeLessThan(2);
        else expect(mean).toBeGreaterThan(0.2);
      }
    },
  );

  it('crops wide pictures to 3:4', async () => {
    const wide = await sharp(photo).resize(400, 200, { fit: 'fill' }).png().toBuffer();
    const crop = TRANSFORMATIONS.find((t) => t.family === 'crop')!;
    const { width, height } = await decodePicture(await crop.apply(wide));
    expect([width, height]).toEqual([150, 200]);
  });

  it('draws both labels as evenly as it can', () => {
    const judged = judgedPictures(40, () => ({}));
    const count = (limit: number, from = judged) => {
      const drawn = drawPictures(from, limit, 1);
      return [drawn.filter((j) => j.picture.label === 'bona-fide').length, drawn.length];
    };
    expect(count(10)).toEqual([5, 10]);
    expect(count(100)).toEqual([20, 40]);
    expect(
      count(
        10,
        judged.filter((j, i) => j.picture.label === 'attack' || i < 4),
      ),
    ).toEqual([2, 10]);
  });

  it('reads grey and CMYK pictures too', async () => {
    const grey = await sharp(photo).greyscale().png().toBuffer();
    for (const t of TRANSFORMATIONS.filter((x) => ['noise', 'tilt', 'turn'].includes(x.family))) {
      expect((await decodePicture(await t.apply(grey))).data.length % 3).toBe(0);
    }
    await writeFile(join(folder, 'grey.png'), grey);
  });
});

describe('the search for near-duplicates', () => {
  it('finds what comparing every pair finds', () => {
    const base = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 });
    const flips = fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(base, { minLength: 1, maxLength: 3 }),
        fc.array(flips, { maxLength: 8 }),
        (bases, all) => {
          const hashes = all.map((bits, i) => {
            const digits = [...bases[i % bases.length]];
            for (const bit of bits) digits[bit >> 2] ^= 1 << (bit & 3);
            return digits.map((d) => d.toString(16)).join('');
          });
          const judged = judgedPictures(hashes.length, (i) => ({ hash: hashes[i] }));
          let expected = 0;
          hashes.forEach((a, i) => {
            for (const b of hashes.slice(i + 1)) if (hashDistance(a, b) <= NEAR) expected++;
          });
          expect(nearDuplicates(judged, null)).toHaveLength(expected);
        },
      ),
    );
  });
});
