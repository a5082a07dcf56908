import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import type { RgbPicture } from '../../liveness/types.ts';
import { readIndex } from '../data/index-file.ts';
import { createRandom } from '../metrics/random.ts';
import { readExif } from '../pictures/exif.ts';
import { takePicture } from './camera.ts';
import { encodeSrgb, LINEAR } from './light.ts';
import { makeSet } from './make-set.ts';
import { createPrint } from './print.ts';
import { createView } from './scene.ts';
import { createScreen, stripeMean } from './screen.ts';
import { parseKinds, SIMULATED_KINDS, simulate } from './simulate.ts';

const SIZE = 320;

async function portrait(): Promise<RgbPicture> {
  const { data, info } = await sharp(await groupPhoto('sample1.jpg'))
    .resize(240, 320, { fit: 'cover' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

const flat = (value: number, width = 60, height = 60): RgbPicture => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

/** Mean and standard deviation of one colour of a medium over its whole picture. */
function look(medium: Awaited<ReturnType<typeof createPrint>>, colour: number, steps = 400) {
  const out = new Float64Array(3);
  let sum = 0;
  let squares = 0;
  for (let j = 0; j < steps; j++) {
    for (let i = 0; i < steps; i++) {
      medium.sample((i + 0.5) / steps, (j + 0.5) / steps, 1 / steps, 1 / steps, out);
      sum += out[colour];
      squares += out[colour] ** 2;
    }
  }
  const mean = sum / steps ** 2;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / steps ** 2 - mean ** 2)) };
}

let source: RgbPicture;
beforeAll(async () => {
  source = await portrait();
});

describe('a simulated attack', () => {
  it.each(SIMULATED_KINDS)('of kind %s says what it is, and is made the same again', async (kind) => {
    const first = await simulate(source, { kind, seed: 4, size: SIZE });
    const again = await simulate(source, { kind, seed: 4, size: SIZE });
    const other = await simulate(source, { kind, seed: 5, size: SIZE });
    expect(Buffer.from(again.jpeg).equals(first.jpeg)).toBe(true);
    expect(again.record).toEqual(first.record);
    expect(Buffer.from(other.jpeg).equals(first.jpeg)).toBe(false);
    const metadata = await sharp(first.jpeg).metadata();
    expect([metadata.width, metadata.height]).toEqual([240, 320]);
    expect(readExif(metadata.exif).software).toBe('livestill simulate');
    expect(metadata.exif?.toString('latin1')).toContain(`SIMULATED ${kind}`);
    expect(first.record).toMatchObject({ kind, seed: 4, strength: 1 });
  });

  it('differs from another strength in the medium, not in the way it is held', async () => {
    const [weak, strong] = await Promise.all(
      [0.2, 1].map((strength) => simulate(source, { kind: 'screen-monitor', seed: 9, size: SIZE, strength })),
    );
    expect(weak.record.scene.yaw).toBe(strong.record.scene.yaw);
    expect(weak.record.camera).toEqual(strong.record.camera);
    expect(weak.record.medium).not.toEqual(strong.record.medium);
  });

  it('is of a kind that is known', () => {
    expect(parseKinds('all')).toEqual(SIMULATED_KINDS);
    expect(parseKinds('print-laser, screen-phone')).toEqual(['print-laser', 'screen-phone']);
    expect(() => parseKinds('mask')).toThrow(/Expected kinds out of print-laser/);
  });
});

describe('a print', () => {
  const paper = [1, 1, 1] as const;
  const print = (value: number, visible: number, halftone: 'amplitude' | 'diffusion' = 'amplitude') =>
    createPrint(flat(value), { halftone, cellsAcross: 40, paper, ink: 1, visible });

  // Inks absorb beside their own colour, so that dots print a little darker than a film of the same ink.
  it('keeps about the tone of a grey, dots or none', async () => {
    for (const value of [110, 150, 200]) {
      const smooth = look(await print(value, 0), 1);
      const dots = look(await print(value, 1), 1);
      expect(Math.abs(smooth.mean - LINEAR[value])).toBeLessThan(0.1);
      expect(Math.abs(dots.mean - smooth.mean)).toBeLessThan(0.03);
    }
  });

  it('shows its dots the more, the more visible they are', async () => {
    const deviations = [];
    for (const visible of [0, 0.3, 0.6, 1]) deviations.push(look(await print(150, visible), 1).deviation);
    expect(deviations[0]).toBeLessThan(1e-6);
    expect(deviations).toEqual([...deviations].sort((a, b) => a - b));
    expect(deviations[3]).toBeGreaterThan(0.1);
  });

  it('scatters dots that mean the same', async () => {
    const dots = look(await print(150, 1, 'diffusion'), 1);
    expect(Math.abs(dots.mean - LINEAR[150])).toBeLessThan(0.1);
    expect(dots.deviation).toBeGreaterThan(0.05);
  });

  it('cannot print a screen green', async () => {
    const green = flat(0);
    for (let i = 1; i < green.data.length; i += 3) green.data[i] = 255;
    const parameters = { halftone: 'none', cellsAcross: 40, paper, ink: 1, visible: 1 } as const;
    expect(look(await createPrint(green, parameters), 1).mean).toBeLessThan(0.8);
  });
});

describe('a screen', () => {
  const screen = (visible: number) =>
    createScreen(flat(180), {
      pixelsAcross: 40,
      gamma: 2.2,
      spill: 0,
      blackLevel: 0,
      white: [1, 1, 1],
      bezel: 0.05,
      bezelLight: 0.01,
      visible,
    });

  it('is as bright with its stripes as without', async () => {
    const smooth = look(await screen(0), 0);
    const striped = look(await screen(1), 0);
    expect(smooth.mean).toBeCloseTo((180 / 255) ** 2.2, 6);
    expect(striped.mean).toBeCloseTo(smooth.mean, 2);
    expect(striped.deviation).toBeGreaterThan(10 * smooth.deviation + 0.1);
  });

  it('has a bezel around it and nothing beyond', async () => {
    const made = await screen(1);
    const out = new Float64Array(3);
    expect(made.sample(-0.03, 0.5, 0.01, 0.01, out)).toBe(true);
    expect([...out]).toEqual([0.01, 0.01, 0.01]);
    expect(made.sample(-0.06, 0.5, 0.01, 0.01, out)).toBe(false);
  });

  it('averages stripes exactly', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: 0.02, max: 4, noNaN: true }),
        (x, window) => {
          let lit = 0;
          const n = 4000;
          for (let i = 0; i < n; i++) {
            const at = x + window * ((i + 0.5) / n - 0.5);
            const share = at - Math.floor(at);
            if (share >= 0.37 && share < 0.63) lit++;
          }
          expect(Math.abs(stripeMean(x, window, 0.37, 0.63) - lit / n)).toBeLessThan(0.01);
        },
      ),
    );
  });
});

describe('the view', () => {
  const straight = {
    coverage: 0.8,
    yaw: 0,
    pitch: 0,
    roll: 0,
    bend: 0,
    light: [1, 1, 1],
    glare: [],
    haze: 0,
    background: [0, 0, 0],
  } as const;

  it('straight on is a plain enlargement about the middle', () => {
    const view = createView(straight, 0.75, 0.75);
    expect(view(0.5, 0.5)).toMatchObject({ u: 0.5, v: 0.5 });
    expect(view(0.9, 0.1)!.u).toBeCloseTo(1, 12);
    expect(view(0.9, 0.1)!.v).toBeCloseTo(0, 12);
  });

  it('turned about the upright axis makes the far side smaller', () => {
    const view = createView({ ...straight, yaw: 20 }, 1, 1);
    const edgeOf = (u: number) => {
      let [low, high] = u < 0.5 ? [0, 0.5] : [0.5, 1];
      for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (view(middle, 0.5)!.u < u) low = middle;
        else high = middle;
      }
      return low;
    };
    const left = 0.5 - edgeOf(0);
    const right = edgeOf(1) - 0.5;
    expect(Math.abs(left - right)).toBeGreaterThan(0.02);
  });

  it('of a bent sheet keeps its edges and stretches towards them', () => {
    const view = createView({ ...straight, coverage: 1, bend: 45 }, 1, 1);
    expect(view(0.001, 0.5)!.u).toBeCloseTo(0, 2);
    expect(view(0.25, 0.5)!.u).toBeGreaterThan(0.25);
    expect(view(0.5, 0.5)!.shade).not.toBe(view(0.05, 0.5)!.shade);
  });
});

describe('the camera', () => {
  const camera = {
    blur: 0,
    redGain: 1,
    blueGain: 1,
    meanLight: 0.2,
    fullWell: 1e9,
    readNoise: 0,
    vignette: 0,
    quality: 100,
  };
  const plain = (light: number) => ({
    width: 32,
    height: 32,
    data: new Float32Array(32 * 32 * 3).fill(light),
  });
  const shoot = async (change: object, light = 0.3) =>
    sharp(await takePicture(plain(light), { ...camera, ...change }, createRandom(1), 'test')).stats();

  it('exposes for the mean it is given', async () => {
    const { channels } = await shoot({});
    for (const c of channels) expect(Math.abs(c.mean - encodeSrgb(0.2))).toBeLessThan(1.5);
  });

  it('is noisier with less light in each pixel', async () => {
    const quiet = await shoot({ fullWell: 10_000 });
    const noisy = await shoot({ fullWell: 500 });
    expect(noisy.channels[1].stdev).toBeGreaterThan(2 * quiet.channels[1].stdev);
  });

  it('shifts colours when its white balance errs', async () => {
    const { channels } = await shoot({ redGain: 1.2 });
    expect(channels[0].mean).toBeGreaterThan(channels[1].mean + 5);
  });

  it('turns fine stripes into coloured moiré', async () => {
    const light = plain(0);
    for (let i = 0; i < 32 * 32; i++) light.data.fill((i % 32) % 2 === 0 ? 0.6 : 0.1, i * 3, i * 3 + 3);
    const jpeg = await takePicture(light, camera, createRandom(1), 'test');
    const { channels } = await sharp(jpeg).stats();
    expect(Math.abs(channels[0].mean - channels[2].mean)).toBeGreaterThan(40);
  });
});

describe('a set', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livestill-set-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is an index that evaluate reads, with seed and parameters, and says that it is simulated', async () => {
    const png = await sharp(source.data, { raw: { width: source.width, height: source.height, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(join(folder, 'a.png'), png);
    await writeFile(join(folder, 'broken.jpg'), 'no picture');
    const out = join(folder, 'out');
    const { skipped } = await makeSet(
      ['a.png', 'broken.jpg'].map((name) => ({ name, path: join(folder, name) })),
      out,
      { kinds: ['screen-phone'], seed: 1, strengths: [0.5, 1], size: SIZE, subjectOf: ({ name }) => name },
    );
    expect(skipped).toEqual([
      expect.stringContaining(`${join(folder, 'broken.jpg')}: the bytes are no picture`),
    ]);
    const text = await readFile(join(out, 'index.ndjson'), 'utf8');
    const index = readIndex(join(out, 'index.ndjson'), text);
    expect(index.map((p) => [p.label, p.species, p.subject])).toEqual([
      ['bona-fide', null, 'a.png'],
      ['attack', 'simulated-screen-phone-s0.5', 'a.png'],
      ['attack', 'simulated-screen-phone-s1', 'a.png'],
    ]);
    for (const { path } of index) expect((await sharp(path).metadata()).width).toBeGreaterThan(0);
    const attack = JSON.parse(text.split('\n')[1]);
    expect(attack).toMatchObject({ simulated: true, simulation: { kind: 'screen-phone', strength: 0.5 } });
    expect(attack.simulation.scene.coverage).toBeGreaterThan(0);
    expect(await readFile(join(out, 'SIMULATED.txt'), 'utf8')).toMatch(/not photographed/);
  });
});
