import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Point } from '../types.ts';
import { HEAD_MODEL, measurePose } from './pose.ts';

const radians = (degrees: number) => (degrees * Math.PI) / 180;

/** The model's points, nodded by `pitch`, turned by `yaw`, tilted by `roll`, enlarged and moved, as a camera far away sees them. */
function seen(yaw: number, pitch: number, roll: number, size = 20, at: Point = { x: 300, y: 400 }): Point[] {
  const [cy, sy] = [Math.cos(radians(yaw)), Math.sin(radians(yaw))];
  const [cp, sp] = [Math.cos(radians(pitch)), Math.sin(radians(pitch))];
  const [cr, sr] = [Math.cos(radians(roll)), Math.sin(radians(roll))];
  return HEAD_MODEL.map(([mx, my, mz]) => {
    const y = cp * my + sp * mz;
    const z = -sp * my + cp * mz;
    const x = cy * mx + sy * z;
    return { x: at.x + size * (cr * x - sr * y), y: at.y + size * (sr * x + cr * y) };
  });
}

describe('measurePose', () => {
  it('finds the angles that a head was turned by, at any size, place and roll', () => {
    const angle = fc.integer({ min: -60, max: 60 });
    fc.assert(
      fc.property(
        angle,
        fc.integer({ min: -40, max: 40 }),
        fc.integer({ min: -45, max: 45 }),
        fc.integer({ min: 2, max: 200 }),
        fc.record({ x: fc.integer({ max: 4000, min: 0 }), y: fc.integer({ max: 4000, min: 0 }) }),
        (yaw, pitch, roll, size, at) => {
          const pose = measurePose(seen(yaw, pitch, roll, size, at), roll);
          expect(pose.yaw).toBeCloseTo(yaw, 3);
          expect(pose.pitch).toBeCloseTo(pitch, 3);
        },
      ),
    );
  });

  it('counts a nose on the right side of the picture as positive yaw, a lowered head as positive pitch', () => {
    expect(seen(30, 0, 0)[2].x).toBeGreaterThan(300);
    expect(measurePose(seen(30, 0, 0), 0).yaw).toBeCloseTo(30, 5);
    expect(seen(0, 25, 0)[2].y).toBeGreaterThan(seen(0, 0, 0)[2].y);
    expect(measurePose(seen(0, 25, 0), 0).pitch).toBeCloseTo(25, 5);
  });

  it('moves by a few degrees only where a point is off by a tenth of the eye distance', () => {
    for (let i = 0; i < 6; i++) {
      const points = seen(10, 5, 0).map((p, j) => (j === i ? { x: p.x + 12.6, y: p.y + 12.6 } : p));
      const { yaw, pitch } = measurePose(points, 0);
      expect(Math.abs(yaw - 10)).toBeLessThan(8);
      expect(Math.abs(pitch - 5)).toBeLessThan(10);
    }
  });

  it('gives numbers even where all points are one', () => {
    const { yaw, pitch } = measurePose(
      Array.from({ length: 6 }, () => ({ x: 5, y: 5 })),
      0,
    );
    expect(Number.isFinite(yaw) && Number.isFinite(pitch)).toBe(true);
  });
});
