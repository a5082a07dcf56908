import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turnClockwise } from '../resample.ts';
import type { Point } from '../types.ts';
import { type BlazeFace, blendFaces, calibrateBox } from './blazeface.ts';
import { detectFace, detectionPicture } from './face.ts';
import { mouthBelowEyes, turnBox, UPRIGHT, uprightEvidence } from './upright.ts';

const SIDE = 256;

/** A face of the fake detectors: its square, and how far the boxes that see it differ in its key points, box widths. */
interface Seen {
  readonly score: number;
  readonly centre: Point;
  readonly size: number;
  readonly apart?: number;
  /** Degrees of the eyes. */
  readonly roll?: number;
  /** The mouth above the eyes. */
  readonly reversed?: boolean;
  /** Whether the second detector sees it too. */
  readonly alone?: boolean;
}

const square = ({ centre, size }: Seen) => ({
  left: centre.x - size / 2,
  top: centre.y - size / 2,
  right: centre.x + size / 2,
  bottom: centre.y + size / 2,
});

function pointsOf({ centre, size, roll = 0, reversed = false }: Seen): Point[] {
  const angle = (roll * Math.PI) / 180;
  const down = reversed ? -0.45 : 0.45;
  const model = [
    [-0.2, 0],
    [0.2, 0],
    [0, down / 2],
    [0, down],
    [-0.4, 0.1],
    [0.4, 0.1],
  ];
  return model.map(([x, y]) => ({
    x: centre.x + size * (x * Math.cos(angle) - y * Math.sin(angle)),
    y: centre.y + size * (x * Math.sin(angle) + y * Math.cos(angle)),
  }));
}

/** Detectors that see what the test says under each number of quarter turns, of a square picture that fills BlazeFace's input. */
function detectors(views: Readonly<Record<number, readonly Seen[]>>) {
  const order = [0, 1, 3, 2];
  const runs = { blaze: 0, rfb: 0 };
  let seen: readonly Seen[] = [];
  let view = 0;
  let again = false;
  const blaze = {
    sha256: '',
    close: async () => {},
    async run() {
      runs.blaze++;
      seen = views[order[view]] ?? [];
      // Where nothing is seen, the same view is tried once more with an empty border.
      again = seen.length === 0 && !again;
      if (!again) view++;
      const scores = new Float32Array(512).fill(-100);
      const values = new Float32Array(512 * 16);
      for (const [n, face] of seen.entries()) {
        // Two boxes, whose key points lie to either side of the true ones.
        for (const side of [-1, 1]) {
          const i = n * 2 + (side + 1) / 2;
          const anchor = { x: (n + 0.5) * 16, y: 8 };
          scores[i] = Math.log(face.score / (1 - face.score));
          values.set(
            [face.centre.x - anchor.x, face.centre.y - anchor.y, face.size, face.size].concat(
              pointsOf(face).flatMap((p) => [
                p.x - anchor.x + side * (face.apart ?? 0) * face.size,
                p.y - anchor.y,
              ]),
            ),
            i * 16,
          );
        }
      }
      return new Map([
        ['Identity:0', scores],
        ['Identity_1:0', new Float32Array(384).fill(-100)],
        ['Identity_2:0', values],
        ['Identity_3:0', new Float32Array(384 * 16)],
      ]);
    },
  };
  const rfb = {
    sha256: '',
    close: async () => {},
    async run() {
      runs.rfb++;
      const scores = new Float32Array(4420 * 2);
      const boxes = new Float32Array(4420 * 4);
      for (const [n, face] of seen.filter((f) => f.alone !== true).entries()) {
        scores[n * 2 + 1] = 0.99;
        const { left, top, right, bottom } = calibrateBox(square(face));
        const x = (px: number) => ((px * 240) / SIDE + 40) / 320;
        boxes.set([x(left), top / SIDE, x(right), bottom / SIDE], n * 4);
      }
      return new Map([
        ['scores', scores],
        ['boxes', boxes],
      ]);
    },
  };
  return { blaze, rfb, runs };
}

const picture = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3) };
const middle = { x: 128, y: 128 };
const upright: Seen = { score: 0.9, centre: middle, size: 90, apart: 0.01 };
const onItsHead: Seen = { score: 0.8, centre: middle, size: 90, apart: 0.06 };

async function search(views: Readonly<Record<number, readonly Seen[]>>) {
  const pair = detectors(views);
  const { quarterTurns, why, face } = await detectFace(pair, picture, detectionPicture(picture));
  return { turns: quarterTurns, why, score: face?.score, ...pair.runs };
}

describe('the upright search', () => {
  it('looks once where the boxes of a confident face agree', async () => {
    expect(await search({ 0: [upright], 2: [{ ...upright, score: 0.99 }] })).toMatchObject({
      turns: 0,
      blaze: 1,
      rfb: 0,
    });
  });

  it('looks further where the boxes of a confident face do not agree on its key points', async () => {
    expect(await search({ 0: [onItsHead], 2: [upright] })).toMatchObject({ turns: 2, why: 'found' });
  });

  it('looks further where the mouth of a confident face lies above its eyes', async () => {
    const reversed = { ...upright, score: 0.95, reversed: true };
    expect(await search({ 0: [reversed], 2: [upright] })).toMatchObject({ turns: 2, why: 'found' });
    expect(await search({ 0: [reversed], 2: [reversed] })).toMatchObject({ turns: 0 });
  });

  it('stays where no turn shows the face clearly better', async () => {
    const dim: Seen = { ...upright, score: 0.78, apart: 0.03 };
    const hardlyBetter = { ...dim, score: 0.8 };
    const found = await search({ 0: [dim], 1: [onItsHead], 2: [hardlyBetter], 3: [onItsHead] });
    expect(found).toMatchObject({ turns: 0, why: 'found', blaze: 4 });
    expect(found.score).toBeCloseTo(0.78, 5);
  });

  it('takes the best turn, not the first that beats the straight picture', async () => {
    const lying: Seen = { ...onItsHead, roll: 88 };
    expect(await search({ 0: [lying], 1: [onItsHead], 3: [upright] })).toMatchObject({ turns: 3 });
    expect(await search({ 0: [lying], 1: [upright], 3: [onItsHead] })).toMatchObject({ turns: 1 });
  });

  it('finds a face that lies on its side although it was confidently seen upright', async () => {
    expect(await search({ 0: [{ ...onItsHead, roll: 20 }], 3: [upright] })).toMatchObject({ turns: 3 });
  });

  it('turns only where the second detector sees the face too', async () => {
    const alone = { ...upright, score: 0.97, alone: true };
    expect(await search({ 0: [onItsHead], 2: [alone] })).toMatchObject({ turns: 0, why: 'found' });
    expect(await search({ 0: [{ ...onItsHead, roll: 88 }], 1: [alone] })).toMatchObject({ turns: 0 });
  });

  it('does not turn away from the judged face for a smaller one on its head', async () => {
    const judged: Seen = { score: 0.8, centre: { x: 70, y: 100 }, size: 100, apart: 0.05 };
    const smaller: Seen = { score: 0.97, centre: { x: 60, y: 150 }, size: 60 };
    expect(await search({ 0: [judged], 2: [smaller] })).toMatchObject({ turns: 0 });
    expect(await search({ 0: [judged], 2: [{ ...smaller, size: 110 }] })).toMatchObject({ turns: 2 });
  });

  it('finds nothing where no turn shows a face', async () => {
    expect(await search({})).toEqual({ turns: 0, why: 'no_face', score: undefined, blaze: 8, rfb: 0 });
  });
});

describe('evidence', () => {
  const face = (score: number, spread: number): BlazeFace => ({
    score,
    spread,
    box: square(upright),
    points: pointsOf(upright),
  });

  it('is the score as a logit, less for key points that lie apart', () => {
    expect(uprightEvidence(face(0.9, 0))).toBeCloseTo(Math.log(9), 9);
    expect(uprightEvidence(face(0.9, 0.05))).toBeCloseTo(Math.log(9) - UPRIGHT.spread * 0.05, 9);
    expect(Number.isFinite(uprightEvidence(face(1, 0)))).toBe(true);
  });

  it('takes the spread from the boxes that are blended, weighted by score, in box widths', () => {
    const shifted = (dx: number): BlazeFace => ({
      ...face(0.8, 0),
      points: pointsOf(upright).map(({ x, y }) => ({ x: x + dx, y })),
    });
    expect(blendFaces([shifted(0)])[0].spread).toBe(0);
    expect(blendFaces([shifted(-9), shifted(9)])[0].spread).toBeCloseTo(0.1, 9);
  });

  it('knows a mouth above the eyes', () => {
    expect(mouthBelowEyes(face(1, 0))).toBe(true);
    expect(mouthBelowEyes({ ...face(1, 0), points: pointsOf({ ...upright, reversed: true }) })).toBe(false);
    expect(mouthBelowEyes({ ...face(1, 0), points: pointsOf({ ...upright, roll: 180 }) })).toBe(false);
  });
});

describe('turnBox', () => {
  it('turns a box as the picture is turned', () => {
    fc.assert(
      fc.property(
        fc.record({
          width: fc.integer({ min: 1, max: 12 }),
          height: fc.integer({ min: 1, max: 12 }),
          x: fc.nat(11),
          y: fc.nat(11),
          turns: fc.integer({ min: 0, max: 3 }),
        }),
        ({ width, height, x, y, turns }) => {
          const at = { x: x % width, y: y % height };
          const data = new Uint8Array(width * height * 3);
          data[(at.y * width + at.x) * 3] = 1;
          const turned = turnClockwise({ width, height, data }, turns);
          const pixel = { left: at.x, top: at.y, right: at.x + 1, bottom: at.y + 1 };
          const { left, top, right, bottom } = turnBox(pixel, turns, width, height);
          expect(turned.data[(top * turned.width + left) * 3]).toBe(1);
          expect([right - left, bottom - top]).toEqual([1, 1]);
        },
      ),
    );
  });
});
