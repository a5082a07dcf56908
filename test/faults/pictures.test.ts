import { beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { type DecodedPicture, decodePicture } from '../../src/picture/decode/decode.ts';
import { mutations, randomTails, truncations } from './support/broken-pictures.ts';
import { metadataFloods } from './support/hostile-metadata.ts';
import {
  bombs,
  disguises,
  type HostilePicture,
  honestPictures,
  oddities,
  scanFloods,
} from './support/hostile-pictures.ts';
import { rounds } from './support/seeded.ts';

let honest: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  honest = await honestPictures();
});

/** `decoded`, with as many values as its size says, or the reason of a fault of the picture; anything else is a defect. */
async function outcome({ name, bytes }: HostilePicture): Promise<string> {
  let decoded: DecodedPicture;
  try {
    decoded = await decodePicture(bytes);
  } catch (error) {
    if (!(error instanceof Fault) || error.area !== 'picture') {
      throw new Error(`${name}: ${String(error)}`, { cause: error });
    }
    expect([name, error.reason]).toEqual([name, expect.stringMatching(/^[a-z_]{3,20}$/)]);
    return error.reason;
  }
  const { width, height, data } = decoded;
  expect([name, data.length, width > 0, height > 0]).toEqual([name, width * height * 3, true, true]);
  return 'decoded';
}

async function outcomes(pictures: readonly HostilePicture[]): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (const picture of pictures) all.set(picture.name, await outcome(picture));
  expect(all.size).toBe(pictures.length);
  return all;
}

/** The names of the pictures with this outcome. */
function having(reason: string, all: ReadonlyMap<string, string>): string[] {
  return [...all].filter(([, each]) => each === reason).map(([name]) => name);
}

/** Every one is decoded or refused by -4016, or `outcomes` has failed; a decoder that hangs ends the test. */
describe('hostile pictures are judged or refused', () => {
  it('bombs: by their headers, unless they fit', async () => {
    const all = await outcomes(bombs());
    expect(having('decoded', all)).toEqual([
      'png whose pixels go on for 64 MiB',
      'png of 22 million pixels, all there',
    ]);
    for (const [name, reason] of all) {
      if (name.includes('65 500') && !name.startsWith('webp'))
        expect([name, reason]).toEqual([name, 'too_many_pixels']);
    }
  });

  it('scans: at most 64, of arithmetic codes 12', async () => {
    const all = await outcomes(scanFloods());
    expect(having('too_many_scans', all)).toEqual([
      'progressive jpeg of 880 scans and 40 million pixels',
      'progressive jpeg of 65 scans',
      'baseline jpeg of 100 000 scans',
      'arithmetic jpeg of 13 scans and 40 million pixels',
    ]);
    expect(having('decoded', all)).toContain('arithmetic jpeg of 10 scans');
    // They hold too little data for their pixels, which is seen before anything is decoded.
    expect(having('truncated', all)).toEqual([
      'progressive jpeg of 64 scans and 12 million pixels',
      'baseline jpeg of 60 scans',
      'jpeg of fill bytes alone',
      'jpeg with 50 000 tables',
    ]);
  });

  it('metadata, however large or wrong, keeps nobody out', async () => {
    const pictures = metadataFloods(honest);
    const all = await outcomes(pictures);
    // It announces intervals that its scan does not have.
    const lacking = 'jpeg with DRI and restart marks without end';
    expect(having('corrupt', all)).toEqual([lacking]);
    expect(having('decoded', all)).toEqual(pictures.map(({ name }) => name).filter((n) => n !== lacking));
  });

  it('disguises: told by content, and what hangs on a picture is left aside', async () => {
    const all = await outcomes(await disguises(honest));
    expect(having('decoded', all)).toEqual([
      'avif',
      'jpeg and zip',
      'jpeg and another jpeg',
      'jpeg and php in a comment',
      'png and html behind its end',
      'png with another png inside a chunk',
      'apng',
    ]);
    expect(having('truncated', all)).toContain('heif');
    expect(having('animated', all)).toEqual(['animated webp']);
    expect(having('unsupported', all)).toEqual(
      expect.arrayContaining(['svg', 'svg that reads a file', 'svg that laughs', 'animated gif']),
    );
  });

  it('sides of zero, palettes and CMYK that do not fit', async () => {
    const all = await outcomes(await oddities());
    const decoded = having('decoded', all);
    for (const [name] of all) {
      const zero = / (?:0 x|\d x 0|-1 x)/.test(name);
      if (zero) expect(decoded).not.toContain(name);
      if (name.startsWith('cmyk')) expect(decoded).toContain(name);
    }
  });

  it('cut off at every hundredth: none passes for whole', async () => {
    const pictures = truncations(honest);
    const all = await outcomes(pictures);
    expect([having('decoded', all), all.size]).toEqual([[], 99 * honest.size]);
  });

  it('random bytes behind each beginning', async () => {
    for (let round = 0; round < rounds; round++) await outcomes(randomTails(1000 + round, 20));
  });

  it('honest files with bytes changed, lost, doubled', async () => {
    for (let round = 0; round < rounds; round++) await outcomes(mutations(honest, 2000 + round, 60));
  });
});
