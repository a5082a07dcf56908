import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { type Fleet, startFleet } from '../../src/fleet/fleet.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import { groupPhoto } from '../support/pictures.ts';
import { mutations, randomTails } from './support/broken-pictures.ts';
import { metadataFloods } from './support/hostile-metadata.ts';
import {
  bombs,
  disguises,
  type HostilePicture,
  honestPictures,
  oddities,
  scanFloods,
} from './support/hostile-pictures.ts';

let fleet: Fleet;
const troubles: Error[] = [];
beforeAll(async () => {
  fleet = await startFleet({
    workers: 2,
    queueWaitMs: 600_000,
    // A scan flood takes seconds, and ten times that where the processors are shared with others.
    judgeTimeoutMs: 150_000,
    engine: { profile: 'fast' },
    onTrouble: (error) => void troubles.push(error),
  });
});
afterAll(() => fleet.close());

/** The judgement, or null for a picture refused by -4016; anything else is a defect. */
async function judged({ name, bytes }: HostilePicture): Promise<Judgement | null> {
  try {
    return await fleet.judge(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof Fault && error.area === 'picture') return null;
    throw new Error(`${name}: ${String(error)}`, { cause: error });
  }
}

/** Where in a judgement a number is none. */
function notFinite(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path}: ${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => notFinite(each, `${path}.${key}`));
}

it('hostile pictures cost their own request alone: honest ones beside them get the same score', {
  timeout: 600_000,
}, async () => {
  const photo = await sharp(await groupPhoto('sample1.jpg'))
    .resize(800)
    .png()
    .toBuffer();
  const expected = (await fleet.judge(Uint8Array.from(photo))).score;
  const honest = await honestPictures();
  const hostile = [
    ...bombs(),
    ...scanFloods(),
    ...metadataFloods(honest),
    ...(await disguises(honest)),
    ...(await oddities()),
    ...randomTails(3000, 1),
    ...mutations(honest, 4000, 3),
  ];
  let scores = 0;
  const beside = hostile.map(async (picture, at) => {
    const judgement = await judged(picture);
    expect([picture.name, notFinite(judgement)]).toEqual([picture.name, []]);
    if (at % 8 !== 0) return;
    expect((await fleet.judge(Uint8Array.from(photo))).score).toBe(expected);
    scores++;
  });
  await Promise.all(beside);
  expect(scores).toBe(Math.ceil(hostile.length / 8));
  expect(troubles).toEqual([]);
  expect([fleet.running, fleet.waiting]).toEqual([0, 0]);
});

it('nothing that a judgement says is ever NaN or infinite', async () => {
  const photo = sharp(await groupPhoto('sample1.jpg')).resize(640);
  const flat = (width: number, height: number, grey: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: grey, g: grey, b: grey } } });
  const pictures: [string, Sharp][] = [
    ...[0, 1, 127, 254, 255].map((grey): [string, Sharp] => [`all ${grey}`, flat(320, 240, grey)]),
    ...[
      [1, 1],
      [2, 2],
      [1, 3000],
      [3000, 1],
      [16_000, 2],
      [7, 16_000],
    ].map(([width = 0, height = 0]): [string, Sharp] => [`${width} x ${height}`, flat(width, height, 9)]),
    ['no contrast', photo.clone().linear(0.01, 120)],
    ['hardly any contrast', photo.clone().linear(0.2, 100)],
    ['overexposed', photo.clone().linear(6, 0)],
    ['nearly black', photo.clone().linear(0.05, 0)],
    ['two values', photo.clone().threshold(128)],
    ['no colour', photo.clone().greyscale()],
    ['inverted', photo.clone().negate()],
    ['transparent', photo.clone().ensureAlpha(0)],
    ['smoothed to nothing', photo.clone().blur(40)],
    ['a face on one line', photo.clone().resize(640, 1, { fit: 'fill' })],
    ['a face of 20 pixels', photo.clone().resize(60)],
    [
      'noise',
      sharp({
        create: {
          width: 400,
          height: 400,
          channels: 3,
          background: 'black',
          noise: { type: 'gaussian', mean: 128, sigma: 90 },
        },
      }),
    ],
  ];
  for (const [name, picture] of pictures) {
    const judgement = await judged({ name, bytes: await picture.png().toBuffer() });
    expect([name, judgement === null, notFinite(judgement)]).toEqual([name, false, []]);
  }
});

it('large pictures leave none of their memory behind', async () => {
  // With a face: a picture without one is looked at under every turn, which takes twice as long.
  const large = await sharp(await groupPhoto('sample1.jpg'))
    .resize(320)
    .resize(2500, 2500, { fit: 'fill' })
    .jpeg({ progressive: true, chromaSubsampling: '4:4:4', quality: 50 })
    .toBuffer();
  expect((await judged({ name: 'large', bytes: large }))?.score).toEqual(expect.any(Number));
  const round = async () => {
    for (let at = 0; at < 5; at++) await judged({ name: 'large', bytes: large });
    return process.memoryUsage.rss() / 2 ** 20;
  };
  const first = await round();
  await round();
  // One of them is 18 MiB when decoded: the ten between kept would be 180.
  expect((await round()) - first).toBeLessThan(120);
});
