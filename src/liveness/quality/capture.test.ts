import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReasonCode, reason } from '../reasons.ts';
import { GOOD_MEASURES } from '../test-support/measures.ts';
import type { CapturePreset } from '../types.ts';
import { assessQuality } from './assess.ts';
import {
  CAPTURE_COMPONENTS,
  CAPTURE_NAMES,
  CAPTURE_PRESETS,
  captureVersion,
  codesUnder,
  rejectUnder,
} from './capture.ts';
import { measureMargin } from './margin.ts';
import type { Measures } from './measure.ts';
import { RULES } from './rules.ts';

/** A picture that every preset takes. */
const good: Measures = {
  ...GOOD_MEASURES,
  faceWidth: 400,
  eyeDistance: 180,
  pictureWidth: 1080,
  pictureHeight: 1440,
  padding: 200,
};

const number = (min: number, max: number) => fc.double({ min, max, noNaN: false });
/** Any picture, near the limits and far from them. */
const anyMeasures: fc.Arbitrary<Measures> = fc
  .record({
    faceWidth: number(1, 500),
    eyeDistance: number(0, 200),
    padding: number(-100, 300),
    yaw: number(-90, 90),
    pitch: number(-90, 90),
    pictureWidth: fc.integer({ min: 1, max: 2000 }),
    pictureHeight: fc.integer({ min: 1, max: 2000 }),
    roll: number(-40, 40),
    sharpness: number(0, 40),
    brightness: number(0, 255),
    noseOffset: number(0, 1),
  })
  .map((some) => ({ ...good, ...some }));

const errors = (measures: Measures, preset: CapturePreset) =>
  assessQuality(measures, preset)
    .reasons.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);

describe('the table of capture presets', () => {
  it('gets stricter from one row to the next', () => {
    expect(CAPTURE_NAMES).toEqual(['lenient', 'standard', 'strict']);
    for (const name of CAPTURE_COMPONENTS) {
      const [lenient, standard, strict] = CAPTURE_NAMES.map((preset) => CAPTURE_PRESETS[preset][name]);
      expect(lenient).toBeNull();
      const isAngle = name.startsWith('HeadPose');
      expect(isAngle ? strict! <= standard! : strict! >= standard!).toBe(true);
    }
  });

  it('limits only components that are measured', () => {
    const names = RULES.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...CAPTURE_COMPONENTS]));
  });

  it('is recorded by name, content and hash', () => {
    const versions = CAPTURE_NAMES.map(captureVersion);
    expect(new Set(versions.map(({ sha256 }) => sha256)).size).toBe(3);
    expect(versions[1]).toEqual({
      preset: 'standard',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      limits: CAPTURE_PRESETS.standard,
    });
  });
});

describe('a capture preset', () => {
  it.each(CAPTURE_NAMES)('%s takes a good picture without a word', (preset) => {
    expect(assessQuality(good, preset)).toMatchObject({ tooPoor: false, reasons: [] });
  });

  it('lenient has the limits of the networks and no others', () => {
    for (const rule of RULES) expect(rejectUnder('lenient', rule)).toBe(rule.reject);
  });

  it('that is not named is lenient', () => {
    const small = { ...good, faceWidth: 100, pictureWidth: 300, padding: 0, yaw: 29 };
    expect(assessQuality(small)).toEqual(assessQuality(small, 'lenient'));
    expect(assessQuality(small).tooPoor).toBe(false);
  });

  it.each<[Partial<Measures>, ReasonCode, string]>([
    [{ faceWidth: 149.9 }, 'FACE_TOO_SMALL', 'The face is less than 150 pixels wide.'],
    [{ eyeDistance: 49.9 }, 'EYES_TOO_CLOSE', 'The eyes are less than 50 pixels apart.'],
    [
      { padding: 14.9 },
      'FACE_NEAR_EDGE',
      'There are less than 15 pixels between the face and the edge of the picture.',
    ],
    [{ yaw: 30.1 }, 'HEAD_TURNED_FAR', 'The head is turned to the side by more than 30 degrees.'],
    [{ yaw: -30.1 }, 'HEAD_TURNED_FAR', 'The head is turned to the side by more than 30 degrees.'],
    [{ pitch: 30.1 }, 'HEAD_LOWERED_FAR', 'The head is bent down by more than 30 degrees.'],
    [{ pitch: -30.1 }, 'HEAD_RAISED_FAR', 'The head is tilted back by more than 30 degrees.'],
    [{ pictureWidth: 599 }, 'PICTURE_WIDTH_TOO_SMALL', 'The upright picture is less than 600 pixels wide.'],
    [{ pictureHeight: 799 }, 'PICTURE_HEIGHT_TOO_SMALL', 'The upright picture is less than 800 pixels high.'],
  ])('standard refuses %j with %s, lenient does not', (change, code, text) => {
    const measures = { ...good, ...change };
    const { reasons, tooPoor } = assessQuality(measures, 'standard');
    expect(tooPoor).toBe(true);
    expect(reasons[0]).toMatchObject({ code, severity: 'error', text });
    expect(assessQuality(measures, 'lenient').tooPoor).toBe(false);
  });

  it('takes a picture that lies on every limit', () => {
    const { FaceWidth, InterEyeDistance, FacePadding, HeadPoseYaw, HeadPosePitch, ...size } =
      CAPTURE_PRESETS.strict;
    const edge: Measures = {
      ...good,
      faceWidth: FaceWidth!,
      eyeDistance: InterEyeDistance!,
      padding: FacePadding!,
      yaw: HeadPoseYaw!,
      pitch: -HeadPosePitch!,
      pictureWidth: size.PictureWidth!,
      pictureHeight: size.PictureHeight!,
    };
    expect(assessQuality(edge, 'strict').tooPoor).toBe(false);
  });

  it('tells the limit in force of each component, and the advice beside it', () => {
    const found = (preset: CapturePreset, name: string) =>
      assessQuality(good, preset).components.find((one) => one.name === name);
    expect(found('lenient', 'FaceWidth')).toMatchObject({ limit: { min: 48 }, advised: { min: 80 } });
    expect(found('strict', 'FaceWidth')).toMatchObject({ limit: { min: 224 }, advised: { min: 80 } });
    expect(found('lenient', 'FacePadding')).toMatchObject({ limit: { min: null, max: null }, passed: true });
    expect(found('strict', 'HeadPoseYaw')).toMatchObject({ limit: { min: -20, max: 20 } });
    expect(found('strict', 'Sharpness')).toMatchObject({ limit: { min: 6 } });
  });

  it('never takes what a looser one refuses, nor what the networks cannot be given', () => {
    const pairs = CAPTURE_NAMES.flatMap((loose, i) =>
      CAPTURE_NAMES.slice(i).map((tight) => [loose, tight] as const),
    );
    fc.assert(
      fc.property(anyMeasures, fc.constantFrom(...pairs), (measures, [loose, tight]) => {
        expect(errors(measures, tight)).toEqual(expect.arrayContaining(errors(measures, loose)));
        if (assessQuality(measures, loose).tooPoor) {
          expect(assessQuality(measures, tight).tooPoor).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('codesUnder', () => {
  const valuesOf = (measures: Measures) =>
    Object.fromEntries(assessQuality(measures).components.map(({ name, value }) => [name, value]));

  it('gives the errors that the other preset itself would have given', () => {
    const preset = fc.constantFrom(...CAPTURE_NAMES);
    fc.assert(
      fc.property(anyMeasures, preset, preset, (measures, from, to) => {
        const codes = assessQuality(measures, from).reasons.map(({ code }) => code);
        const again = codesUnder(to, codes, valuesOf(measures)) ?? [];
        const unfit = again.filter((code) => reason(code as ReasonCode).severity === 'error');
        expect([...unfit].sort()).toEqual([...errors(measures, to)].sort());
      }),
    );
  });

  it('cannot say where a value is missing', () => {
    const { FacePadding: _, ...others } = valuesOf(good);
    expect(codesUnder('strict', ['SOFT'], null)).toBeNull();
    expect(codesUnder('strict', ['SOFT'], others)).toBeNull();
    expect(codesUnder('strict', ['SOFT'], valuesOf(good))).toEqual(['SOFT']);
  });
});

describe('measureMargin', () => {
  it.each([
    ['left', { left: 7, top: 40, right: 60, bottom: 60 }, 7],
    ['above', { left: 30, top: 6, right: 60, bottom: 60 }, 6],
    ['right', { left: 30, top: 40, right: 95, bottom: 60 }, 5],
    ['below', { left: 30, top: 40, right: 60, bottom: 116 }, 4],
    ['outside', { left: -3, top: 40, right: 60, bottom: 60 }, -3],
  ])('finds the nearest edge: %s', (_, box, padding) => {
    expect(measureMargin(box, 100, 120)).toEqual({ pictureWidth: 100, pictureHeight: 120, padding });
  });
});
