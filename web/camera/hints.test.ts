import { describe, expect, it } from 'vitest';
import { hintFor, Steadiness, TIMES } from './hints.ts';
import type { HintKind } from './kinds.ts';
import type { FacePlace, Reading } from './types.ts';

const good: Reading = {
  brightness: 120,
  surroundings: 130,
  overexposed: 0,
  sharpness: 60,
  motion: 1,
  faces: null,
};
const face = (more: Partial<FacePlace> = {}): FacePlace => ({
  x: 0.5,
  y: 0.47,
  width: 0.5,
  height: 0.4,
  ...more,
});

describe('the hint for a reading', () => {
  it.each<readonly [HintKind, Partial<Reading>]>([
    ['ready', {}],
    ['ready', { faces: [face()] }],
    ['ready', { faces: [face(), face({ width: 0.2 })] }],
    ['too_dark', { brightness: 30, surroundings: 40, sharpness: 1 }],
    ['too_dark', { brightness: 30, faces: [] }],
    ['backlit', { brightness: 40, surroundings: 160 }],
    ['too_bright', { brightness: 230 }],
    ['too_bright', { overexposed: 0.4 }],
    ['moving', { motion: 12, sharpness: 5 }],
    ['blurred', { sharpness: 5 }],
    ['no_face', { faces: [] }],
    ['several_faces', { faces: [face(), face({ width: 0.4 })] }],
    ['too_far', { faces: [face({ width: 0.2 })] }],
    ['too_close', { faces: [face({ width: 0.8 })] }],
    ['off_centre', { faces: [face({ x: 0.7 })] }],
    ['off_centre', { faces: [face({ y: 0.7 })] }],
  ])('is %s for %j', (kind, change) => expect(hintFor({ ...good, ...change })).toBe(kind));
});

describe('steadiness', () => {
  it('shows a new hint only once it has held, so a single odd reading changes nothing', () => {
    const steadiness = new Steadiness();
    const shown = (['no_face', 'no_face', 'moving', 'no_face', 'no_face', 'no_face'] as const).map(
      (hint, index) => steadiness.next(hint, 1000 + index * 200).hint,
    );
    expect(new Set(shown)).toEqual(new Set(['no_face']));
  });

  it('counts how long all was well, and begins again after every other reading', () => {
    const steadiness = new Steadiness();
    const held = (hint: HintKind, at: number) => steadiness.next(hint, at).held;
    expect(held('ready', 0)).toBe(0);
    expect(held('ready', TIMES.hold / 2)).toBe(0.5);
    expect(held('moving', TIMES.hold / 2 + 10)).toBe(0);
    expect(held('ready', TIMES.hold)).toBe(0);
    expect(held('ready', TIMES.hold * 1.5)).toBe(0.5);
    expect(held('ready', TIMES.hold * 5)).toBe(1);
  });
});
