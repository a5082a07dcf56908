import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { Fault } from '../../faults.ts';
import { indexOfTree, readIndex } from '../data/index-file.ts';
import { hashDistance, NEAR } from '../duplicates.ts';
import { answer, picture } from '../test-support/pictures.ts';
import { ask, presentationOf, systemKey } from './answer.ts';
import { fileCache } from './cache.ts';
import { readExif } from './exif.ts';
import { pictureFacts } from './facts.ts';
import { jpegQuality } from './jpeg-quality.ts';

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
