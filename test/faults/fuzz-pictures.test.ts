import { encode } from 'fast-bmp';
import { beforeAll, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { decodePicture } from '../../src/picture/decode/decode.ts';
import { codedOf, heicFile, heicOf, irot, nclx } from '../../src/picture/test-support/heic-files.ts';
import { asSharp, gradient } from '../../src/picture/test-support/made.ts';
import { fuzz, mutate, pick, type Random } from './support/fuzz.ts';
import { spoiltWithin, withCheckSums } from './support/png-pieces.ts';

/*
 * Small pictures changed at random, by seed: each is decoded into as many bytes as its size says, or refused with -4016. Larger and
 * cleverer ones stand in pictures.test.ts.
 */

const kept: readonly number[] = [];
const limits = { bytes: 1024 * 1024, pixels: 1_000_000, side: 2000 };
const words = [
  '\xff\xd8',
  '\xff\xda',
  '\xff\xd9',
  '\xff\xc4',
  '\xff\xdb',
  '\xff\xdd',
  '\xff\xe1',
  'IDAT',
  'IEND',
  'PLTE',
  'tRNS',
  'iCCP',
  'VP8 ',
  'VP8X',
  'ALPH',
  'ANIM',
  'BM',
  'ftyp',
  'meta',
  'iloc',
  'ipma',
  '\0\0\0\0',
  '\xff\xff\xff\xff',
  '\x7f\xff\xff\xff',
];
let honest: Buffer[];
beforeAll(async () => {
  const picture = gradient(24, 16);
  const of = () => asSharp(picture);
  honest = [
    await of().jpeg().toBuffer(),
    await of().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
    await of().png().toBuffer(),
    await of().png({ palette: true, progressive: true }).toBuffer(),
    await of().toColourspace('b-w').png().toBuffer(),
    await of().ensureAlpha(0.5).toColourspace('rgb16').png().toBuffer(),
    await of().webp().toBuffer(),
    await of().webp({ lossless: true }).toBuffer(),
    await of().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    await of().avif({ effort: 2 }).toBuffer(),
    Buffer.from(
      encode({ width: 24, height: 16, data: picture.data, bitsPerPixel: 24, components: 3, channels: 3 }),
    ),
  ];
});

/** Of the PNGs a half is spoilt behind right check sums and compression, which a random change nearly never leaves right. */
function spoilt(random: Random): { readonly bytes: Buffer; readonly within: boolean } {
  const chosen = pick(random, honest);
  const isPng = chosen[0] === 0x89;
  if (isPng && random.below(2) === 0) return { bytes: spoiltWithin(chosen, random), within: true };
  const bytes = mutate(chosen, random, words);
  return { bytes: random.below(2) === 0 ? withCheckSums(bytes) : bytes, within: false };
}

it('pictures', async () => {
  const { outcomes } = await fuzz('pictures', 4000, kept, async (random) => {
    const { bytes, within } = spoilt(random);
    const name = (outcome: string) => (within ? `png within: ${outcome}` : outcome);
    try {
      const { width, height, data, format } = await decodePicture(bytes, limits);
      expect(data.length).toBe(width * height * 3);
      expect(width * height).toBeLessThanOrEqual(limits.pixels);
      return name(format);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      expect(error.area).toBe('picture');
      return name('refused');
    }
  });
  for (const outcome of [
    'avif',
    'jpeg',
    'png',
    'webp',
    'bmp',
    'refused',
    'png within: png',
    'png within: refused',
  ])
    expect(outcomes[outcome], outcome).toBeGreaterThan(0);
});

const heicWords = [
  'ftyp',
  'meta',
  'iloc',
  'iinf',
  'infe',
  'ipma',
  'ipco',
  'ispe',
  'hvcC',
  'hvc1',
  'grid',
  'iref',
  'dimg',
  'auxl',
  'irot',
  'idat',
  'mdat',
  'moov',
];

it('HEIC', async () => {
  const plain = heicFile('plain.heic');
  const files = [
    plain,
    heicFile('alpha.heic'),
    heicFile('ten-bit.heic'),
    heicFile('thumbnail.heic'),
    heicOf(codedOf(plain), { grid: { columns: 2, rows: 2, size: [190, 120] } }),
    heicOf(codedOf(plain), { properties: [irot(1), nclx(12, 13)] }),
  ];
  const { outcomes } = await fuzz('heic', 1500, [], async (random) => {
    const whole = pick(random, files);
    // Where the boxes are there is most to break; the data behind them has no structure.
    const boxes = whole.indexOf('mdat');
    const bytes =
      random.below(4) === 0
        ? mutate(whole, random, heicWords)
        : Buffer.concat([mutate(whole.subarray(0, boxes), random, heicWords), whole.subarray(boxes)]);
    try {
      const { width, height, data } = await decodePicture(bytes, limits);
      expect(data.length).toBe(width * height * 3);
      expect(width * height).toBeLessThanOrEqual(limits.pixels);
      return 'decoded';
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      expect(error.area).toBe('picture');
      return error.reason;
    }
  });
  for (const outcome of ['decoded', 'corrupt', 'truncated', 'unsupported'])
    expect(outcomes[outcome], outcome).toBeGreaterThan(0);
});
