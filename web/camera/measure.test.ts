import { describe, expect, it } from 'vitest';
import { placeIn } from './face.ts';
import { faceSquare, frameArea, OVAL, ovalMask } from './geometry.ts';
import { lumaOf, measureLight, measureMotion, measureSharpness } from './measure.ts';

const [width, height] = [72, 96];
const mask = ovalMask(width, height);
const picture = (value: (x: number, y: number) => number) =>
  Float32Array.from({ length: width * height }, (_, at) => value(at % width, Math.floor(at / width)));

describe('the frame', () => {
  it('is the largest 3:4 area around the middle of the video', () => {
    expect(frameArea(1920, 1080)).toEqual({ x: 555, y: 0, width: 810, height: 1080 });
    expect(frameArea(720, 1280)).toEqual({ x: 0, y: 160, width: 720, height: 960 });
  });

  it('has a face that fills the oval in the middle of the oval', () => {
    const frame = frameArea(1280, 960);
    const { x, y, width: size } = placeIn(frame, faceSquare(frame));
    expect([x, y, size]).toEqual([OVAL.x, expect.closeTo(OVAL.y, 9), 0.5]);
  });
});

describe('measures', () => {
  it('luma weighs the colours as BT.601 does', () => {
    const luma = Array.from(lumaOf([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]));
    expect(luma.map(Math.round)).toEqual([76, 150, 29]);
  });

  it('light is that of the middle of the oval and of what lies outside it', () => {
    const lit = picture((x, y) => [20, 90, 255][mask[y * width + x]]);
    expect(measureLight(lit, mask)).toEqual({ brightness: 255, surroundings: 20, overexposed: 1 });
  });

  it('a change of exposure is no motion, a step aside is', () => {
    const striped = (shift: number, gain = 0) =>
      picture((x) => (Math.floor((x + shift) / 6) % 2) * 100 + gain);
    expect(measureMotion(striped(0), striped(0, 40), mask)).toBeCloseTo(0, 3);
    expect(measureMotion(striped(0), striped(3), mask)).toBeGreaterThan(30);
  });

  it('sharpness is 0 for an even ramp and falls with blur', () => {
    const edge = (soft: number) => picture((x) => 255 / (1 + Math.exp(-(x - 36) / soft)));
    expect(
      measureSharpness(
        picture((x) => x),
        width,
      ),
    ).toBeCloseTo(0, 6);
    expect(measureSharpness(edge(0.5), width)).toBeGreaterThan(10 * measureSharpness(edge(3), width));
  });
});
