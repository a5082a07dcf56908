import { describe, expect, it } from 'vitest';
import { intersectionOverUnion } from '../geometry.ts';
import { type BlazeFace, blendFaces, calibrateBox, largestFace, rollDegrees } from './blazeface.ts';
import { detectFace, detectionPicture, shareInside } from './face.ts';
import { letterbox } from './letterbox.ts';
import { suppress } from './rfb.ts';

const at = (left: number, top: number, size: number) => ({
  left,
  top,
  right: left + size,
  bottom: top + size,
});
const face = (left: number, top: number, size: number, score: number): BlazeFace => ({
  box: at(left, top, size),
  score,
  points: Array.from({ length: 6 }, (_, i) => ({ x: left + i, y: top })),
  spread: 0,
});

describe('boxes', () => {
  it('overlap by intersection over union', () => {
    expect(intersectionOverUnion(at(0, 0, 2), at(1, 0, 2))).toBeCloseTo(1 / 3, 12);
    expect(intersectionOverUnion(at(0, 0, 2), at(2, 0, 2))).toBe(0);
    expect(intersectionOverUnion(at(0, 0, 0), at(0, 0, 0))).toBe(0);
  });

  it('lie inside the picture by share of area', () => {
    expect(shareInside(at(-5, 0, 10), 100, 100)).toBe(0.5);
    expect(shareInside(at(200, 0, 10), 100, 100)).toBe(0);
    expect(shareInside(at(0, 0, 0), 100, 100)).toBe(0);
  });

  it('are calibrated as fitted: moved by 0.006 and 0.109, stretched to 0.922 and 1.278', () => {
    const box = calibrateBox(at(0, 0, 1000));
    expect(box.right - box.left).toBeCloseTo(922, 9);
    expect(box.bottom - box.top).toBeCloseTo(1278, 9);
    expect((box.left + box.right) / 2).toBeCloseTo(494, 9);
    expect((box.top + box.bottom) / 2).toBeCloseTo(391, 9);
  });
});

describe('suppression', () => {
  it('blends overlapping BlazeFaces by score and keeps the best score', () => {
    const [first, ...rest] = blendFaces([face(10, 0, 100, 0.6), face(0, 0, 100, 0.9), face(500, 0, 50, 0.7)]);
    expect(first.score).toBe(0.9);
    expect(first.box.left).toBeCloseTo(4, 9);
    expect(first.points[0].x).toBeCloseTo(4, 9);
    expect(rest.map((f) => f.score)).toEqual([0.7]);
  });

  it('keeps the best of overlapping RFB faces as it is', () => {
    const kept = suppress([
      { box: at(5, 0, 100), score: 0.8 },
      { box: at(0, 0, 100), score: 0.9 },
      { box: at(300, 0, 10), score: 0.6 },
    ]);
    expect(kept.map((f) => f.score)).toEqual([0.9, 0.6]);
    expect(kept[0].box.left).toBe(0);
  });

  it('takes the largest face, and none where there is none', () => {
    expect(largestFace([face(0, 0, 10, 0.9), face(0, 0, 30, 0.5)])!.score).toBe(0.5);
    expect(largestFace([])).toBeNull();
  });
});

describe('rollDegrees', () => {
  it('is zero for level eyes, positive when the right eye is lower', () => {
    expect(rollDegrees(face(0, 0, 10, 1))).toBe(0);
    const tilted = {
      ...face(0, 0, 10, 1),
      points: [
        { x: 0, y: 0 },
        { x: 10, y: 10 },
      ],
    };
    expect(rollDegrees(tilted)).toBeCloseTo(45, 9);
  });
});

describe('letterbox', () => {
  it('centres the picture, fills the border and knows the way back', () => {
    const picture = { width: 40, height: 20, data: new Float32Array(40 * 20 * 3).fill(200) };
    const norm = { layout: 'NCHW', mean: 100, divisor: 50, fill: 0 } as const;
    const { tensor, back } = letterbox(picture, 20, 20, 0, norm);
    expect(back).toEqual({ left: 0, top: 5, kx: 2, ky: 2 });
    expect(tensor[0]).toBe(-2);
    expect(tensor[10 * 20]).toBe(2);
    expect((10 - back.top) * back.ky).toBe(10);
    const padded = letterbox(picture, 20, 20, 0.5, { ...norm, layout: 'NHWC' });
    expect(padded.back).toEqual({ left: 5, top: 7, kx: 4, ky: 4 });
    expect(padded.tensor[(10 * 20 + 10) * 3]).toBe(2);
    expect(padded.tensor[(10 * 20 + 2) * 3]).toBe(-2);
  });
});

describe('detectFace', () => {
  /** Detectors that see what the test says: logits of one BlazeFace anchor in the middle, one RFB box. */
  const detectors = (seen: (call: number) => { blaze: number | null; roll?: number; rfb: boolean }) => {
    let call = 0;
    let last = seen(0);
    return {
      blaze: {
        sha256: '',
        close: async () => {},
        async run() {
          last = seen(call++);
          const far = new Float32Array(512).fill(-100);
          const values = new Float32Array(512 * 16);
          const i = (8 * 16 + 8) * 2;
          if (last.blaze !== null) far[i] = Math.log(last.blaze / (1 - last.blaze));
          const angle = ((last.roll ?? 0) * Math.PI) / 180;
          const [c, s] = [20 * Math.cos(angle), 20 * Math.sin(angle)];
          values.set([0, 0, 100, 100, 0, 0, c, s, c / 2 - s, s / 2 + c, c / 2 - s, s / 2 + c], i * 16);
          return new Map([
            ['Identity:0', far],
            ['Identity_1:0', new Float32Array(384).fill(-100)],
            ['Identity_2:0', values],
            ['Identity_3:0', new Float32Array(384 * 16)],
          ]);
        },
      },
      rfb: {
        sha256: '',
        close: async () => {},
        async run() {
          const scores = new Float32Array(4420 * 2);
          const boxes = new Float32Array(4420 * 4);
          // The calibrated box of the face above in the letterbox of a square picture, as fractions of 320 and 240.
          if (last.rfb) {
            scores[1] = 0.9;
            boxes.set([0.37, 0.22, 0.64, 0.71]);
          }
          return new Map([
            ['scores', scores],
            ['boxes', boxes],
          ]);
        },
      },
    };
  };
  const picture = { width: 256, height: 256, data: new Uint8Array(256 * 256 * 3) };
  const detect = (seen: Parameters<typeof detectors>[0]) =>
    detectFace(detectors(seen), picture, detectionPicture(picture));

  it('accepts an upright face that both detectors see', async () => {
    const found = await detect(() => ({ blaze: 0.75, rfb: true }));
    expect(found).toMatchObject({ why: 'found', quarterTurns: 0, faceCount: 1 });
    expect(found.face!.detectorIoU).toBeGreaterThan(0.4);
  });

  it('accepts a face of one detector only when that one is very sure', async () => {
    expect((await detect(() => ({ blaze: 0.79, rfb: false }))).why).toBe('detectors_disagree');
    expect((await detect(() => ({ blaze: 0.81, rfb: false }))).why).toBe('found');
  });

  it('finds no face where BlazeFace sees none', async () => {
    const found = await detect(() => ({ blaze: null, rfb: true }));
    expect(found).toMatchObject({ why: 'no_face', face: null, faceCount: 0, quarterTurns: 0 });
  });

  it('turns the picture when a quarter turn shows the face upright and the second detector agrees', async () => {
    const lying = (rfb: boolean) => (call: number) =>
      call === 1 ? { blaze: 0.9, rfb } : { blaze: 0.75, roll: 90, rfb };
    expect((await detect(lying(true))).quarterTurns).toBe(1);
  });

  it('keeps the picture as it is when only BlazeFace likes the turned one', async () => {
    let calls = 0;
    const found = await detect((call) => {
      calls = call;
      return call === 1 ? { blaze: 0.9, rfb: false } : { blaze: 0.6, roll: 90, rfb: false };
    });
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(found).toMatchObject({ quarterTurns: 0, why: 'detectors_disagree' });
  });

  it('asks the second detector only where its answer can change the outcome', async () => {
    const asked = async (blaze: number | null) => {
      const pair = detectors(() => ({ blaze, rfb: true }));
      let runs = 0;
      const rfb = {
        ...pair.rfb,
        run: () => {
          runs++;
          return pair.rfb.run();
        },
      };
      const found = await detectFace({ blaze: pair.blaze, rfb }, picture, detectionPicture(picture));
      return [runs, found.face?.detectorIoU ?? null];
    };
    expect(await asked(0.81)).toEqual([0, null]);
    expect(await asked(null)).toEqual([0, null]);
    expect((await asked(0.79))[0]).toBe(1);
    expect((await asked(0.79))[1]).toBeGreaterThan(0.4);
  });

  it('asks clearly more of a turn to win', async () => {
    const almost = (call: number) => (call === 0 ? { blaze: 0.65, rfb: true } : { blaze: 0.7, rfb: true });
    expect((await detect(almost)).quarterTurns).toBe(0);
  });
});
