import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { Fault } from '../../faults.ts';
import { decodePicture } from '../../picture/decode/decode.ts';
import { indexOfTree, readIndex } from '../data/index-file.ts';
import { hashDistance, NEAR, nearDuplicates } from '../duplicates.ts';
import { drawPictures } from '../robustness/robustness.ts';
import { TRANSFORMATIONS } from '../robustness/transformations.ts';
import { findTraps } from '../traps.ts';
import type { IndexedPicture, Label } from '../types.ts';
import { type Answer, ask, presentationOf, systemKey } from './answer.ts';
import { fileCache } from './cache.ts';
import { readExif } from './exif.ts';
import { type PictureFacts, pictureFacts } from './facts.ts';
import { jpegQuality } from './jpeg-quality.ts';
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

describe('a tree', () => {
  const files = (...names: string[]) => names.map((name) => ({ name, path: `/x/${name}` }));

  it('gives label and species', () => {
    const index = indexOfTree(
      'x',
      files('bona-fide/p1/a.jpg', 'attack/print/b.jpg', 'attack/replay/deep/c.png'),
    );
    expect(index.map((p) => [p.id, p.label, p.species])).toEqual([
      ['bona-fide/p1/a.jpg', 'bona-fide', null],
      ['attack/print/b.jpg', 'attack', 'print'],
      ['attack/replay/deep/c.png', 'attack', 'replay'],
    ]);
  });

  it.each([[['live/a.jpg']], [['attack/a.jpg', 'bona-fide/b.jpg']], [[]]])('is refused as %j', (names) => {
    expect(() => indexOfTree('x', files(...names))).toThrow(/expected\n {2}bona-fide\/…/);
  });
});

describe('an index', () => {
  it('reads CSV with paths from its own folder', () => {
    const csv =
      'path,label,species,subject,capture device,session,group\na/1.jpg,bona-fide,,p1,Cam 1,s1,g1\n';
    expect(readIndex('/data/index.csv', csv)).toEqual([
      {
        id: 'a/1.jpg',
        path: '/data/a/1.jpg',
        label: 'bona-fide',
        species: null,
        subject: 'p1',
        device: 'Cam 1',
        session: 's1',
        group: 'g1',
        fold: null,
      },
    ]);
  });

  it('names each picture once, however it is written', () => {
    expect(() => readIndex('/d/i.csv', 'path,label\na.jpg,attack\n./a.jpg,attack\n')).toThrow(
      '/d/i.csv, line 3: "./a.jpg" stands in line 2 already',
    );
  });

  it('says which line lacks a path', () => {
    expect(() => readIndex('i', '{"label":"attack"}')).toThrow('i, line 1: the field path is missing');
  });
});

describe('facts of a picture', () => {
  it.each([10, 35, 50, 75, 90, 96])('find the quality %i that a JPEG was written with', async (quality) => {
    expect(jpegQuality(await sharp(photo).jpeg({ quality }).toBuffer())).toBe(quality);
  });

  it('never fail on bytes that are no JPEG', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(jpegQuality(Uint8Array.of(0xff, 0xd8, ...bytes)) ?? 1).toBeGreaterThan(0);
        expect(readExif(bytes)).toBeDefined();
      }),
    );
  });

  it('tell camera, software and chroma', async () => {
    const jpeg = await sharp(photo)
      .jpeg({ quality: 80, chromaSubsampling: '4:4:4' })
      .withExif({ IFD0: { Make: 'Acme', Model: 'One', Software: 'Firm 2' } })
      .toBuffer();
    expect(await pictureFacts(jpeg)).toMatchObject({
      format: 'jpeg',
      bytes: jpeg.length,
      width: 300,
      height: 400,
      jpegQuality: 80,
      chroma: '4:4:4',
      camera: 'Acme One',
      software: 'Firm 2',
      hasExif: true,
    });
    expect(await pictureFacts(photo)).toMatchObject({
      format: 'png',
      camera: null,
      jpegQuality: null,
      hasExif: false,
    });
  });

  it('hash the same picture alike after scaling and compression, another one not', async () => {
    const hash = async (bytes: Buffer) => (await pictureFacts(bytes)).hash;
    const own = await hash(photo);
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect(
      hashDistance(own, await hash(await sharp(photo).resize(150).jpeg({ quality: 60 }).toBuffer())),
    ).toBeLessThanOrEqual(NEAR);
    const other = await sharp(await groupPhoto('sample5.jpg'))
      .resize(300, 400, { fit: 'cover' })
      .png()
      .toBuffer();
    expect(hashDistance(own, await hash(other))).toBeGreaterThan(3 * NEAR);
  });
});

describe('the cache', () => {
  it('keeps values over runs and passes over a torn line', async () => {
    const file = join(folder, 'deep', 'cache.ndjson');
    const first = await fileCache<number>(file);
    await first.put('a', 1);
    await first.put('b', 2);
    await first.close();
    await appendFile(file, '{"key":"c","val');
    const second = await fileCache<number>(file);
    expect([second.get('a'), second.get('b'), second.get('c')]).toEqual([1, 2, undefined]);
    await second.put('c', 3);
    await second.close();
    const third = await fileCache<number>(file);
    expect([third.get('a'), third.get('c')]).toEqual([1, 3]);
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(5);
  });

  it('is another one for other models, another profile, capture preset or version', () => {
    const model = { name: 'm', role: 'classifier', sha256: 'aa' } as const;
    const keys = [
      systemKey([model], 'fast', '1'),
      systemKey([model], 'careful', '1'),
      systemKey([model], 'fast', '2'),
      systemKey([{ ...model, sha256: 'ab' }], 'fast', '1'),
      systemKey([model], 'fast', '1', 'strict'),
    ];
    expect(new Set(keys).size).toBe(5);
    expect(systemKey([model], 'fast', '1', 'lenient')).toBe(keys[0]);
  });
});

const picture = (given: Partial<IndexedPicture> & { label: Label }): IndexedPicture => ({
  id: 'p',
  path: '/p',
  species: given.label === 'attack' ? 'print' : null,
  subject: null,
  session: null,
  device: null,
  group: null,
  fold: null,
  ...given,
});

const answer = (given: Partial<Answer>): Answer => ({
  outcome: 'judged',
  rawScore: 90,
  probability: 0.9,
  logit: 2,
  reasons: [],
  quality: {},
  quarterTurns: 0,
  ...given,
});

describe('an answer', () => {
  const live = picture({ label: 'bona-fide' });

  it('counts a picture judged too poor as a non-response, unless quality is to be ignored', () => {
    const poor = answer({ outcome: 'poor_quality', rawScore: 40 });
    expect(presentationOf(live, poor, false)).toMatchObject({ score: null, nonResponse: 'poor_quality' });
    expect(presentationOf(live, poor, true)).toMatchObject({ score: 40, nonResponse: null });
    const none = answer({ outcome: 'no_face', rawScore: null });
    expect(presentationOf(live, none, true)).toMatchObject({ score: null, nonResponse: 'no_face' });
  });

  it('of a file that is refused is a non-response; any other failure is not hidden', async () => {
    const judge = (fault: Fault) => ({
      models: [],
      profile: 'fast' as const,
      judge: () => Promise.reject(fault),
    });
    expect(await ask(judge(new Fault('picture_unreadable', 'corrupt', 'x')), photo)).toMatchObject({
      outcome: 'refused:corrupt',
      rawScore: null,
    });
    await expect(ask(judge(new Fault('engine_failed', 'engine_failed', 'x')), photo)).rejects.toThrow('x');
  });
});

const facts = (given: Partial<PictureFacts>): PictureFacts => ({
  format: 'jpeg',
  bytes: 1000,
  width: 100,
  height: 100,
  jpegQuality: 90,
  chroma: '4:2:0',
  camera: null,
  software: null,
  hasExif: false,
  hasColourProfile: false,
  hash: '0'.repeat(32),
  ...given,
});

/** Pictures by turns bona fide and attack; each with a hash of its own that is far from all others. */
function judgedPictures(n: number, of: (i: number, label: Label) => Partial<PictureFacts>): JudgedPicture[] {
  return Array.from({ length: n }, (_, i) => {
    const label: Label = i % 2 === 0 ? 'bona-fide' : 'attack';
    const hash = Array.from({ length: 32 }, (_, k) =>
      ((i * 7919 + k * 104729 + ((i * k) << 3)) % 16).toString(16),
    ).join('');
    return {
      picture: picture({ label, id: `p${i}`, path: `/p${i}`, subject: `s${i}` }),
      sha256: `hash ${i}`,
      answer: answer({}),
      facts: facts({ hash, ...of(i, label) }),
    };
  });
}

const trapsOf = (judged: readonly JudgedPicture[], folds: readonly string[] | null = null) =>
  findTraps(
    judged.map((j) => presentationOf(j.picture, j.answer, false)),
    judged,
    folds,
    1,
  );

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
