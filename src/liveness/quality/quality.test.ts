import { describe, expect, it } from 'vitest';
import { GOOD_MEASURES } from '../test-support/measures.ts';
import type { RgbPicture } from '../types.ts';
import { assessQuality } from './assess.ts';
import { measureExposure } from './exposure.ts';
import { measureFraming } from './framing.ts';
import type { Measures } from './measure.ts';
import { measureSharpness } from './sharpness.ts';
import { lumaWindow } from './window.ts';

function painted(size: number, value: (x: number, y: number) => number): RgbPicture {
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) data.fill(value(x, y), (y * size + x) * 3, (y * size + x) * 3 + 3);
  return { width: size, height: size, data };
}
const whole = (size: number) => ({ x: 0, y: 0, w: size, h: size });

const good = GOOD_MEASURES;

describe('lumaWindow', () => {
  it.each([64, 128, 300])('measures a flat grey alike at %i pixels', (size) => {
    const window = lumaWindow(
      painted(size, () => 90),
      whole(size),
    );
    expect([window.width, window.height]).toEqual([80, 96]);
    expect(measureExposure(window)).toMatchObject({ darkFraction: 0 });
    expect(measureExposure(window).brightness).toBeCloseTo(90, 3);
    expect(measureExposure(window).contrast).toBeLessThan(0.01);
    expect(measureSharpness(window)).toBeLessThan(0.001);
  });

  it('weighs colours as BT.601 does', () => {
    const red = painted(128, () => 0);
    for (let i = 0; i < red.data.length; i += 3) red.data[i] = 255;
    expect(measureExposure(lumaWindow(red, whole(128))).brightness).toBeCloseTo(0.299 * 255, 2);
  });

  it('repeats the edge where the square reaches outside the picture', () => {
    const picture = painted(200, () => 77);
    const window = lumaWindow(picture, { x: -150, y: -150, w: 500, h: 500 });
    expect(Array.from(window.data).every((v) => Math.abs(v - 77) < 0.01)).toBe(true);
    const small = lumaWindow(picture, { x: -50, y: 150, w: 100, h: 100 });
    expect(Array.from(small.data).every((v) => Math.abs(v - 77) < 0.01)).toBe(true);
  });

  it('sees only the inner face: columns 24 to 103, rows 16 to 111 of 128', () => {
    const frame = painted(128, (x, y) => (x >= 24 && x <= 103 && y >= 16 && y <= 111 ? 200 : 0));
    expect(measureExposure(lumaWindow(frame, whole(128)))).toMatchObject({ darkFraction: 0, contrast: 0 });
  });
});

describe('measures', () => {
  it('count dark pixels and contrast of a half-black face', () => {
    const half = lumaWindow(
      painted(256, (x) => (x < 128 ? 0 : 200)),
      whole(256),
    );
    const { brightness, contrast, darkFraction } = measureExposure(half);
    expect(darkFraction).toBeCloseTo(0.5, 2);
    expect(brightness).toBeCloseTo(100, 0);
    expect(contrast).toBeCloseTo(100, 0);
  });

  it('find stripes sharper than a ramp', () => {
    const stripes = measureSharpness(
      lumaWindow(
        painted(128, (x) => (x % 2) * 100),
        whole(128),
      ),
    );
    const ramp = measureSharpness(
      lumaWindow(
        painted(128, (x) => x),
        whole(128),
      ),
    );
    expect(stripes).toBeCloseTo(200 * 200, -2);
    expect(ramp).toBeLessThan(1);
  });

  it('measure how the face sits in the picture', () => {
    const points = [
      { x: 40, y: 50 },
      { x: 60, y: 50 },
      { x: 57, y: 60 },
      { x: 50, y: 70 },
    ];
    const framing = measureFraming(
      { box: { left: 30, top: 20, right: 70, bottom: 80 }, points, score: 1, detectorIoU: 1, roll: 7 },
      100,
      200,
    );
    expect(framing).toEqual({
      faceWidth: 40,
      context: 2.5,
      inside: 1,
      roll: 7,
      noseOffset: 0.35,
      eyeDistance: 20,
      headSize: expect.closeTo(0.1745, 6),
      roomLeft: 2,
      roomRight: 2,
      roomAbove: expect.closeTo(50 / 34.9, 6),
      roomBelow: expect.closeTo(150 / 34.9, 6),
    });
  });
});

describe('assessQuality', () => {
  const codes = (change: Partial<Measures>) => {
    const { reasons, tooPoor } = assessQuality({ ...good, ...change });
    return [tooPoor, ...reasons.map((r) => `${r.severity}:${r.code}`)];
  };

  it('has nothing to say of a good picture', () => {
    expect(codes({})).toEqual([false]);
    expect(assessQuality(good).components.map((c) => c.name)).toContain('Sharpness');
  });

  it.each<[Partial<Measures>, Partial<Measures>, string]>([
    [{ faceWidth: 47.9 }, { faceWidth: 48 }, 'FACE_TOO_SMALL'],
    [{ inside: 0.979 }, { inside: 0.98 }, 'FACE_CUT_OFF'],
    [{ context: 1.29 }, { context: 1.3 }, 'FACE_TOO_CLOSE'],
    [{ brightness: 39.9 }, { brightness: 40 }, 'TOO_DARK'],
    [{ brightness: 225.1 }, { brightness: 225 }, 'TOO_BRIGHT'],
    [{ darkFraction: 0.301 }, { darkFraction: 0.3 }, 'DEEP_SHADOW'],
    [{ contrast: 9.9 }, { contrast: 10 }, 'LOW_CONTRAST'],
    [{ sharpness: 5.9 }, { sharpness: 6 }, 'BLURRED'],
    [{ roll: 20.1 }, { roll: 20 }, 'HEAD_TILTED'],
    [{ roll: -20.1 }, { roll: -20 }, 'HEAD_TILTED'],
    [{ colourVariation: 1.49 }, { colourVariation: 1.5 }, 'NO_COLOUR'],
    [{ colourNoise: 1.61 }, { colourNoise: 1.6 }, 'NOISY'],
    [{ channelOrder: 30.1 }, { channelOrder: 30 }, 'CHANNELS_SWAPPED'],
  ])('rejects %o and not %o: %s', (outside, inside, code) => {
    expect(codes(outside)).toEqual([true, `error:${code}`]);
    expect(codes(inside)[0]).toBe(false);
  });

  it.each<[Partial<Measures>, string]>([
    [{ faceWidth: 79 }, 'FACE_SMALL'],
    [{ context: 1.7 }, 'FACE_CLOSE'],
    [{ brightness: 59 }, 'DARK'],
    [{ brightness: 201 }, 'BRIGHT'],
    [{ sharpness: 15 }, 'SOFT'],
    [{ noseOffset: 0.36 }, 'HEAD_TURNED'],
    [{ eyeDistance: 36.9 }, 'EYES_CLOSE_TOGETHER'],
    [{ brightFraction: 0.051 }, 'OVEREXPOSED'],
    [{ dynamicRange: 5.9 }, 'FLAT_TONES'],
    [{ uniformity: 0.19 }, 'UNEVEN_LIGHT'],
    [{ backLight: 131 }, 'BACK_LIGHT'],
    [{ headSize: 0.049 }, 'HEAD_FAR'],
    [{ roomLeft: 0.89 }, 'HEAD_AT_EDGE'],
    [{ roomRight: 0.89 }, 'HEAD_AT_EDGE'],
    [{ roomAbove: 0.79 }, 'CROWN_AT_EDGE'],
    [{ roomBelow: 0.99 }, 'CHIN_AT_EDGE'],
    [{ yaw: -30.1 }, 'HEAD_TURNED'],
    [{ yaw: 30.1 }, 'HEAD_TURNED'],
    [{ pitch: -25.1 }, 'HEAD_RAISED'],
    [{ pitch: 25.1 }, 'HEAD_LOWERED'],
    [{ colourDistance: 5.1 }, 'UNNATURAL_COLOUR'],
    [{ colourNoise: 1.21 }, 'GRAINY'],
    [{ secondFace: 0.71 }, 'FACES_ALIKE'],
  ])('warns of %o but judges: %s', (change, code) => {
    expect(codes(change)).toEqual([false, `warning:${code}`]);
  });

  it.each<[Partial<Measures>, string]>([
    [{ blocks: 3.1 }, 'COMPRESSED'],
    [{ faceCount: 2 }, 'SEVERAL_FACES'],
  ])('tells of %o: %s', (change, code) => {
    expect(codes(change)).toEqual([false, `info:${code}`]);
  });

  it('says each thing once, whatever number of components show it', () => {
    expect(codes({ roomLeft: 0, roomRight: 0 })).toEqual([false, 'warning:HEAD_AT_EDGE']);
    expect(codes({ yaw: 50, noseOffset: 0.9 })).toEqual([false, 'warning:HEAD_TURNED']);
  });

  it('leaves out what could not be measured', () => {
    const names = (m: Measures) => assessQuality(m).components.map((c) => c.name);
    expect(names(good)).toContain('BackLight');
    expect(names({ ...good, backLight: null })).not.toContain('BackLight');
  });

  it('lets no component decide but those whose limits were measured for it', () => {
    const deciding = assessQuality(good).components.filter(
      (c) => c.limit.min !== null || c.limit.max !== null,
    );
    expect(deciding.map((c) => c.name)).toEqual([
      'FaceWidth',
      'FaceInside',
      'Context',
      'LuminanceMean',
      'UnderExposurePrevention',
      'LuminanceDeviation',
      'Sharpness',
      'HeadPoseRoll',
      'ColourVariation',
      'ChannelOrder',
      'ColourNoise',
    ]);
  });

  it('gives both ranges of a component', () => {
    expect(assessQuality(good).components.find((c) => c.name === 'LuminanceMean')).toEqual({
      name: 'LuminanceMean',
      value: 130,
      unit: '0-255',
      limit: { min: 40, max: 225 },
      advised: { min: 60, max: 200 },
      passed: true,
    });
  });

  it('lists errors before warnings', () => {
    expect(codes({ faceWidth: 79, sharpness: 1 })).toEqual([true, 'error:BLURRED', 'warning:FACE_SMALL']);
  });

  it('takes a measure that is no number for a failed one', () => {
    expect(codes({ sharpness: Number.NaN })).toEqual([true, 'error:BLURRED']);
  });
});
