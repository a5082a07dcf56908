import { randomBytes } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { groupPhoto } from '../../test/support/pictures.ts';
import { SAME_PICTURE } from '../liveness/stills/consistency.ts';
import { thumbnailDistance, thumbnailOf } from '../liveness/stills/thumbnail.ts';
import { sketchOf } from './sketch.ts';
import { decidePair } from './test-support/pair.ts';

const thumbnail = async (change: (image: Sharp) => Sharp) => {
  const photo = sharp(await groupPhoto('sample1.jpg')).resize(480, 640, { fit: 'cover' });
  const bytes = await change(photo).toBuffer();
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return thumbnailOf({ data, width: info.width, height: info.height })!;
};

describe('a sketch', () => {
  it('tells a picture encoded anew from one taken a moment later, whatever the key', async () => {
    const one = await thumbnail((photo) => photo.jpeg({ quality: 95 }));
    const anew = await thumbnail((photo) => photo.jpeg({ quality: 40 }));
    const moved = await thumbnail((photo) =>
      photo.affine([1, 0, 0, 1], { odx: 4, ody: 3 }).jpeg({ quality: 95 }),
    );
    for (let n = 0; n < 50; n++) {
      const key = randomBytes(32).toString('base64url');
      const [a, b, c] = [one, anew, moved].map((each) => Float32Array.from(sketchOf(each, key)));
      expect(thumbnailDistance(a!, b!)).toBeLessThan(SAME_PICTURE);
      expect(thumbnailDistance(a!, c!)).toBeGreaterThan(SAME_PICTURE);
    }
  });

  it('of the same picture with another key has nothing to do with it', async () => {
    const one = await thumbnail((photo) => photo.jpeg());
    const [a, b] = ['one', 'two'].map((key) => Float32Array.from(sketchOf(one, key)));
    expect(thumbnailDistance(a!, b!)).toBeGreaterThan(50 * SAME_PICTURE);
  });
});

describe('the stills of a session', () => {
  it('that are one picture encoded anew are told as identical, and no sketch stays behind', async () => {
    const one = await thumbnail((photo) => photo.jpeg({ quality: 95 }));
    const anew = await thumbnail((photo) => photo.jpeg({ quality: 40 }));
    const same = decidePair(one, anew);
    expect(same.decision?.reasons).toEqual(['STILLS_IDENTICAL']);
    expect(JSON.stringify(same)).not.toContain('sketch');
    const moved = await thumbnail((photo) => photo.affine([1, 0, 0, 1], { odx: 4, ody: 3 }).jpeg());
    expect(decidePair(one, moved).decision?.reasons).toEqual([]);
  });
});
