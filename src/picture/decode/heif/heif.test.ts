import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../faults.ts';
import { turnClockwise } from '../../../liveness/resample.ts';
import type { RgbPicture } from '../../../liveness/types.ts';
import { box, codedOf, heicFile, heicOf, icc, imir, irot, nclx } from '../../test-support/heic-files.ts';
import { asSharp, difference, gradient } from '../../test-support/made.ts';
import { DEFAULT_LIMITS, decodePicture } from '../decode.ts';

const picture = gradient(96, 64);
const plain = codedOf(heicFile('plain.heic'));
const avif = () => asSharp(picture).avif({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
const p3 = async () => {
  const { icc: profile } = await sharp(
    await asSharp(picture).withIccProfile('p3').png().toBuffer(),
  ).metadata();
  return profile as Buffer;
};

async function refusal(bytes: Uint8Array, limits = DEFAULT_LIMITS): Promise<Fault> {
  const error = await decodePicture(bytes, limits).then(
    () => new Error('was accepted'),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Fault);
  expect((error as Fault).area).toBe('picture');
  return error as Fault;
}

/** The picture repeated and cropped, as a grid of it shows. */
async function repeated(columns: number, rows: number, width: number, height: number): Promise<RgbPicture> {
  const all = new Uint8Array(width * height * 3);
  expect([width <= columns * 96, height <= rows * 64]).toEqual([true, true]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((y % 64) * 96 + (x % 96)) * 3;
      all.set(picture.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, data: all };
}

const mirrored = (p: RgbPicture): RgbPicture => {
  const data = new Uint8Array(p.data.length);
  for (let y = 0; y < p.height; y++) {
    for (let x = 0; x < p.width; x++) {
      const from = (y * p.width + (p.width - 1 - x)) * 3;
      data.set(p.data.subarray(from, from + 3), (y * p.width + x) * 3);
    }
  }
  return { ...p, data };
};

describe('HEIC and AVIF', () => {
  it.each([
    ['HEIC', 'heif', async () => heicFile('plain.heic'), 6],
    ['HEIC with alpha', 'heif', async () => heicFile('alpha.heic'), 6],
    ['HEIC of 10 bits', 'heif', async () => heicFile('ten-bit.heic'), 6],
    ['HEIC with a thumbnail', 'heif', async () => heicFile('thumbnail.heic'), 24],
    ['HEIC with another container around it', 'heif', async () => heicOf(plain), 6],
    ['HEIC with a general brand', 'heif', async () => heicOf(plain, { brand: 'mif1' }), 6],
    [
      'HEIC with what a maker put behind',
      'heif',
      async () => Buffer.concat([heicOf(plain), Buffer.alloc(500, 7)]),
      6,
    ],
    ['AVIF', 'avif', avif, 8],
    ['AVIF with alpha', 'avif', () => asSharp(picture).ensureAlpha(0.4).avif({ quality: 95 }).toBuffer(), 30],
    ['AVIF without loss', 'avif', () => asSharp(picture).avif({ lossless: true }).toBuffer(), 4],
  ] as const)('gives the pixels of %s as sRGB', async (_, format, encode, tolerance) => {
    const decoded = await decodePicture(await encode());
    expect([decoded.width, decoded.height, decoded.format]).toEqual([96, 64, format]);
    expect(difference(decoded, picture).max).toBeLessThanOrEqual(tolerance);
    expect(difference(decoded, picture).mean).toBeLessThan(3);
  });

  it('copies the channel of a grey HEIC three times', async () => {
    const { data } = await decodePicture(heicFile('grey.heic'));
    for (let at = 0; at < data.length; at += 3) expect(data[at]).toBe(data[at + 1]);
    expect(new Set(data).size).toBeGreaterThan(20);
  });

  it.each([
    ['hevc', plain],
    ['av1', null],
  ] as const)('puts the tiles of a grid together and crops it: %s', async (_, given) => {
    const coded = given ?? codedOf(await avif());
    const decoded = await decodePicture(heicOf(coded, { grid: { columns: 3, rows: 2, size: [250, 120] } }));
    const expected = await repeated(3, 2, 250, 120);
    expect([decoded.width, decoded.height]).toEqual([250, 120]);
    expect(difference(decoded, expected).max).toBeLessThanOrEqual(8);
  });

  it.each([
    ['hevc', 0],
    ['hevc', 1],
    ['hevc', 2],
    ['hevc', 3],
    ['av1', 1],
    ['av1', 3],
  ] as const)('turns as irot says: %s, %i', async (codec, turns) => {
    const coded = codec === 'hevc' ? plain : codedOf(await avif());
    const decoded = await decodePicture(heicOf(coded, { properties: [irot(turns)] }));
    const expected = turnClockwise(picture, (4 - turns) % 4);
    expect([decoded.width, decoded.height]).toEqual([expected.width, expected.height]);
    expect(difference(decoded, expected).max).toBeLessThanOrEqual(8);
  });

  it.each(['hevc', 'av1'] as const)('mirrors as imir says, behind irot: %s', async (codec) => {
    const coded = codec === 'hevc' ? plain : codedOf(await avif());
    const sideways = await decodePicture(heicOf(coded, { properties: [imir(1)] }));
    expect(difference(sideways, mirrored(picture)).max).toBeLessThanOrEqual(8);
    const both = await decodePicture(heicOf(coded, { properties: [irot(1), imir(1)] }));
    expect(difference(both, mirrored(turnClockwise(picture, 3))).max).toBeLessThanOrEqual(8);
  });

  it('takes no notice of an orientation in EXIF', async () => {
    const bytes = await asSharp(picture).withMetadata({ orientation: 6 }).avif({ quality: 95 }).toBuffer();
    // The image library writes the orientation as EXIF and as irot: without the latter the former alone is left.
    const at = bytes.indexOf('irot');
    if (at > 0) bytes.write('free', at, 'latin1');
    const decoded = await decodePicture(bytes);
    expect([decoded.width, decoded.height]).toEqual([96, 64]);
  });

  it.each(['hevc', 'av1'] as const)(
    'converts Display P3 to sRGB, as profile and as numbers: %s',
    async (codec) => {
      const coded = codec === 'hevc' ? plain : codedOf(await avif());
      const profile = await p3();
      const asPng = await sharp(await asSharp(picture).png().toBuffer()).toBuffer();
      const expected = await decodePicture(asPng);
      expect(difference(expected, picture).max).toBe(0);
      const byProfile = await decodePicture(heicOf(coded, { properties: [icc(profile)] }));
      const byNumbers = await decodePicture(heicOf(coded, { properties: [nclx(12, 13)] }));
      const before = await decodePicture(heicOf(coded));
      expect(difference(byProfile, before).mean).toBeGreaterThan(2);
      expect(difference(byProfile, byNumbers).max).toBeLessThanOrEqual(3);
      // Back again: what was taken for P3 and is written as P3 has the values it had.
      const back = await asSharp(byProfile).withIccProfile('p3').raw().toBuffer();
      expect(difference({ ...picture, data: back }, before).mean).toBeLessThan(6);
    },
  );

  it('takes the pixels as sRGB when the colour profile is broken', async () => {
    const broken = Buffer.from(await p3());
    broken.fill(0x5a, 132, 300);
    const decoded = await decodePicture(heicOf(plain, { properties: [icc(broken)] }));
    expect(difference(decoded, picture).max).toBeLessThanOrEqual(6);
  });

  it.each([
    ['PQ', 'unsupported', /HDR/, { properties: [nclx(9, 16)] }],
    ['HLG', 'unsupported', /HDR/, { properties: [nclx(9, 18)] }],
    ['linear light', 'unsupported', /linear/, { properties: [nclx(1, 8)] }],
    ['BT.2020', 'unsupported', /primaries 9/, { properties: [nclx(9, 14)] }],
    ['a sequence by its brand', 'animated', /still/, { brand: 'msf1' }],
    ['a sequence of HEVC', 'animated', /still/, { brand: 'hevc' }],
    ['a track beside the picture', 'animated', /moving/, { before: box('moov', Buffer.alloc(8)) }],
    ['JPEG 2000 inside', 'unsupported', /j2k1/, { dataType: 'j2k1' }],
    ['H.264 inside', 'unsupported', /avc1/, { dataType: 'avc1' }],
    ['an overlay', 'unsupported', /iovl/, { dataType: 'iovl' }],
    ['a size of 0', 'empty', /pixels/, { size: [0, 64] as const }],
    ['65 500 x 65 500', 'too_many_pixels', /65500/, { size: [65_500, 65_500] as const }],
    ['a side of 20 000', 'too_many_pixels', /side/, { size: [20_000, 1] as const }],
    [
      'a grid of 65 536 tiles and 65 500 x 65 500',
      'too_many_pixels',
      /65500/,
      { grid: { columns: 256, rows: 256, size: [24_576, 16_384] as const }, tiles: 20_000 } as const,
    ],
    [
      'a grid that uses its tile too seldom',
      'corrupt',
      /tiles/,
      { grid: { columns: 3, rows: 2, size: [250, 120] as const }, tiles: 5 },
    ],
    [
      'tiles far beyond the picture',
      'too_many_pixels',
      /far more/,
      { grid: { columns: 25, rows: 25, size: [96, 64] as const } },
    ],
    [
      'a picture of 3600 tiles, each of which costs a decoder',
      'unsupported',
      /3600 tiles/,
      { grid: { columns: 60, rows: 60, size: [60 * 96, 60 * 64] as const } },
    ],
    [
      'tiles that do not cover it',
      'corrupt',
      /cover/,
      { grid: { columns: 2, rows: 2, size: [300, 100] as const } },
    ],
  ] as const)('refuses %s as %s', async (name, reason, words, parts) => {
    const fault = await refusal(heicOf(plain, parts));
    if (name.startsWith('a grid of 65 536')) {
      expect(['too_many_pixels', 'corrupt']).toContain(fault.reason);
      return;
    }
    expect([fault.reason, fault.message]).toEqual([reason, expect.stringMatching(words)]);
  });

  it('refuses a picture whose data has another size than its boxes', async () => {
    for (const size of [
      [16, 16],
      [48, 64],
      [400, 400],
    ] as const) {
      const error = await refusal(heicOf(plain, { size }));
      expect(['corrupt', 'truncated']).toContain(error.reason);
    }
  });

  it('reads no boxes inside boxes, however deep', async () => {
    let deep = Buffer.alloc(0);
    for (let level = 0; level < 20_000; level++) {
      const head = Buffer.from('\0\0\0\0meta\0\0\0\0', 'latin1');
      head.writeUInt32BE(deep.length + 12);
      deep = level < 2000 ? Buffer.concat([head, deep]) : deep;
    }
    const reason = (await refusal(heicOf(plain, { before: deep }))).reason;
    expect(reason).toBe('corrupt');
  });

  it.each([
    ['HEIC', async () => heicFile('plain.heic')],
    ['HEIC grid', async () => heicOf(plain, { grid: { columns: 2, rows: 2, size: [190, 120] } })],
    ['AVIF', avif],
  ])('refuses %s cut off at any percent, and one byte short', async (_, encode) => {
    const whole = await encode();
    await decodePicture(whole);
    for (let percent = 1; percent < 100; percent++) {
      await refusal(whole.subarray(0, Math.floor((whole.length * percent) / 100)));
    }
    expect((await refusal(whole.subarray(0, whole.length - 1))).reason).toBe('truncated');
  });

  it('refuses HEIC whose data ends early or holds zeros, though its length is right', async () => {
    const { data } = plain;
    const unit = 6;
    for (const from of [0.3, 0.5, 0.8, 0.95]) {
      const zeroed = Buffer.from(data);
      zeroed.fill(0, unit + Math.floor((data.length - unit) * from));
      expect((await refusal(heicOf(plain, { data: zeroed }))).reason).toBe('truncated');
    }
    for (const value of [0xff, 0xaa]) {
      const filled = Buffer.concat([data.subarray(0, 60), Buffer.alloc(data.length - 60, value)]);
      expect(['truncated', 'corrupt']).toContain((await refusal(heicOf(plain, { data: filled }))).reason);
    }
    const hole = Buffer.from(data);
    hole.fill(0, unit + 40, unit + 60);
    expect((await refusal(heicOf(plain, { data: hole }))).reason).toBe('truncated');
  });

  it('refuses HEIC with damaged data, which its decoder fills with anything without a word', async () => {
    const { data } = plain;
    let refused = 0;
    for (let at = 40; at < data.length - 20; at += 10) {
      const damaged = Buffer.from(data);
      for (let byte = at; byte < at + 20; byte++) damaged[byte] = 1 + ((byte * 97) % 255);
      const outcome = await decodePicture(heicOf(plain, { data: damaged })).then(
        () => 'decoded',
        (error: Fault) => error.reason,
      );
      expect(['decoded', 'corrupt']).toContain(outcome);
      if (outcome === 'corrupt') refused++;
    }
    expect(refused / Math.floor((data.length - 60) / 10)).toBeGreaterThan(0.85);
  });

  it('checks bytes, sides and pixels before it decodes', async () => {
    const bytes = heicFile('plain.heic');
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, bytes: bytes.length - 1 })).reason).toBe('too_large');
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, side: 95 })).reason).toBe('too_many_pixels');
    expect((await refusal(bytes, { ...DEFAULT_LIMITS, pixels: 96 * 64 - 1 })).reason).toBe('too_many_pixels');
    await decodePicture(bytes, { bytes: bytes.length, side: 96, pixels: 96 * 64 });
  });

  it.each([
    ['AVIF', avif],
    ['HEIC of 10 bits', async () => heicFile('ten-bit.heic')],
  ])('allows fewer pixels of %s, which take more memory', async (_, encode) => {
    const bytes = await encode();
    const limits = { ...DEFAULT_LIMITS, pixels: 96 * 64 * 1.5 };
    expect((await refusal(bytes, limits)).reason).toBe('too_many_pixels');
    await decodePicture(bytes, { ...limits, pixels: (96 * 64) / 0.6 + 1 });
  });

  it('names the missing package where libheif-js is not installed; AVIF does not need it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'livestill-heif-'));
    try {
      const root = fileURLToPath(new URL('../../../../', import.meta.url));
      mkdirSync(join(folder, 'node_modules'));
      const sharpFolder = dirname(dirname(createRequire(import.meta.url).resolve('sharp')));
      symlinkSync(sharpFolder, join(folder, 'node_modules', 'sharp'));
      for (const part of ['picture', 'liveness'])
        cpSync(join(root, 'dist', part), join(folder, 'dist', part), { recursive: true });
      cpSync(join(root, 'dist', 'faults.js'), join(folder, 'dist', 'faults.js'));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(join(folder, 'a.heic'), heicFile('plain.heic'));
      writeFileSync(join(folder, 'a.avif'), await avif());
      const script = `import { readFileSync } from 'node:fs';
        import { decodePicture } from ${JSON.stringify(pathToFileURL(join(folder, 'dist', 'picture', 'decode', 'decode.js')).href)};
        for (const name of ['a.heic', 'a.avif']) {
          await decodePicture(readFileSync(name)).then(() => console.log('decoded'), (e) => console.log(e.reason, e.message));
        }`;
      const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(ran.stderr).toBe('');
      expect(ran.stdout).toMatch(/^unsupported .*optional package libheif-js.*\ndecoded\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
