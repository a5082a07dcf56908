import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectFace, detectionPicture } from '../../src/liveness/detect/face.ts';
import { intersectionOverUnion } from '../../src/liveness/geometry.ts';
import { type LoadedModels, loadModels } from '../../src/liveness/load.ts';
import { turnClockwise } from '../../src/liveness/resample.ts';
import type { RgbPicture } from '../../src/liveness/types.ts';
import { requireWeights } from '../../src/weights/index.ts';
import { groupPhoto } from '../support/pictures.ts';

let models: LoadedModels;
beforeAll(async () => {
  const weights = await requireWeights();
  models = await loadModels(new Map([...weights].map(([name, { path }]) => [name, path])));
});
afterAll(() => models?.close());

/** Portraits cut from the group photos; BlazeFace takes the last three, standing on their heads, for upright faces with scores of 0.7 to 0.8. */
const PORTRAITS = {
  'sample4.jpg': { left: 870, top: 20, width: 480, height: 640 },
  'sample3.jpg': { left: 913, top: 25, width: 551, height: 734 },
  'sample5.jpg': { left: 236, top: 753, width: 450, height: 599 },
  'sample6.jpg': { left: 1009, top: 135, width: 513, height: 684 },
} as const;
type Name = keyof typeof PORTRAITS;

async function portrait(name: Name, mirrored = false): Promise<RgbPicture> {
  const cut = sharp(await groupPhoto(name))
    .extract(PORTRAITS[name])
    .flop(mirrored);
  const { data, info } = await cut.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

const detect = (picture: RgbPicture) => detectFace(models.detectors, picture, detectionPicture(picture));

/** Two pictures side by side at the heights given, from the left, on grey. */
async function beside(parts: readonly (readonly [RgbPicture, number])[]): Promise<RgbPicture> {
  const scaled = await Promise.all(
    parts.map(([{ width, height, data }, tall]) =>
      sharp(data, { raw: { width, height, channels: 3 } })
        .resize({ height: tall })
        .png()
        .toBuffer({ resolveWithObject: true }),
    ),
  );
  let left = 0;
  const layers = scaled.map(({ data, info }) => {
    left += info.width;
    return { input: data, left: left - info.width, top: 0 };
  });
  const canvas = { width: left, height: 640, channels: 3, background: '#9a9a98' } as const;
  const { data, info } = await sharp(await sharp({ create: canvas }).composite(layers).png().toBuffer())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

describe('a portrait turned without EXIF', () => {
  const cases = (Object.keys(PORTRAITS) as Name[]).flatMap((name) =>
    [false, true].map((mirrored) => [name, mirrored] as const),
  );

  it.each(cases)('%s, mirrored %s: is turned upright, and is left alone when it stands', async (...of) => {
    const picture = await portrait(...of);
    const straight = await detect(picture);
    expect(straight).toMatchObject({ why: 'found', quarterTurns: 0 });
    for (const turns of [1, 2, 3]) {
      const found = await detect(turnClockwise(picture, turns));
      expect(found).toMatchObject({ why: 'found', quarterTurns: 4 - turns });
      expect(intersectionOverUnion(found.face!.box, straight.face!.box)).toBeGreaterThan(0.95);
    }
  });
});

describe('two faces of which one stands on its head', () => {
  it.each([
    ['the larger one', 640, 300, 2],
    ['the smaller one', 300, 640, 0],
  ])('are turned by the larger face: %s on its head', async (_, reversed, standing, turns) => {
    const a = turnClockwise(await portrait('sample6.jpg'), 2);
    const found = await detect(
      await beside([
        [a, reversed],
        [await portrait('sample3.jpg'), standing],
      ]),
    );
    expect(found).toMatchObject({ why: 'found', quarterTurns: turns });
  });
});

describe('a picture without a face', () => {
  it('is not turned, whatever the detectors make of it', async () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (const cell of [1, 8, 32, 64]) {
      const side = Math.ceil(256 / cell);
      const data = Uint8Array.from({ length: side * side * 3 }, () => 255 * random());
      const blotches = sharp(data, { raw: { width: side, height: side, channels: 3 } }).resize(256, 256);
      const noise = { width: 256, height: 256, data: await blotches.raw().toBuffer() };
      expect(await detect(noise)).toMatchObject({ face: null, quarterTurns: 0 });
    }
  });
});
