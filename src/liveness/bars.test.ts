import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBars, withBars, withoutBars } from './bars.ts';
import { turnClockwise } from './resample.ts';
import { painted } from './test-support/painted.ts';
import { plainBars } from './test-support/plain-bars.ts';
import type { Judgement } from './types.ts';

type Colour = readonly [number, number, number];
const photo = (x: number, y: number): Colour => [60 + ((x * 7) % 120), 80 + ((y * 5) % 90), 90];

/** A photo of 120 x 160 with bars of a colour, in pixels. */
function barred(top: number, bottom: number, left: number, right: number, colour: Colour = [0, 0, 0]) {
  return painted(120 + left + right, 160 + top + bottom, (x, y) =>
    x < left || y < top || x >= left + 120 || y >= top + 160 ? colour : photo(x - left, y - top),
  );
}

describe('findBars', () => {
  it.each<[string, Parameters<typeof barred>]>([
    ['above and below', [40, 50, 0, 0]],
    ['at the sides', [0, 0, 30, 20]],
    ['all around', [20, 24, 28, 32]],
    ['on one side', [30, 0, 0, 0]],
    ['in white', [30, 30, 0, 0, [255, 255, 255]]],
  ])('%s', (_, [top, bottom, left, right, colour]) => {
    const picture = barred(top, bottom, left, right, colour);
    expect(findBars(picture)).toEqual({ left, top, right, bottom });
    const inner = withoutBars(picture, { left, top, right, bottom });
    expect(inner).toEqual(painted(120, 160, photo));
  });

  it('none in a photo, in an even picture, or where hardly anything else is left', () => {
    expect(findBars(painted(120, 160, photo))).toBeNull();
    expect(findBars(painted(120, 160, () => 128))).toBeNull();
    expect(findBars(barred(300, 300, 0, 0))).toBeNull();
  });

  it('none where a head stands before an even wall', () => {
    const head = painted(200, 200, (x, y) =>
      Math.hypot(x - 100, y - 120) < 50 ? [190, 140, 110] : [250, 250, 250],
    );
    expect(findBars(head)).toBeNull();
  });

  it('finds what a plain search line by line finds, in even, noisy, slanted and barred pictures', () => {
    const bar = fc.integer({ min: 0, max: 12 });
    const made = fc.record({
      sides: fc.tuple(bar, bar, bar, bar),
      size: fc.tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 })),
      base: fc.integer({ min: 0, max: 255 }),
      /** How far the bars' values stray, and how far the values inside differ from theirs. */
      noise: fc.constantFrom(0, 3, 10, 11),
      step: fc.constantFrom(0, 9, 20, 25, 90),
      slant: fc.constantFrom(0, 0.2, 2),
      /** A place with a value of its own, to end what is even. */
      odd: fc.option(fc.tuple(fc.nat(80), fc.nat(80), fc.nat(255))),
      seed: fc.nat(),
    });
    const told: string[] = [];
    fc.assert(
      fc.property(
        made,
        ({ sides: [left, top, right, bottom], size, base, noise, step, slant, odd, seed }) => {
          const [w, h] = size;
          const picture = painted(left + w + right, top + h + bottom, (x, y) => {
            if (odd !== null && odd[0] === x && odd[1] === y) return odd[2];
            const stray = noise === 0 ? 0 : Math.imul(x * 31 + y * 17 + seed, 2654435761) % (noise + 1);
            const inside = x >= left && x < left + w && y >= top && y < top + h;
            return Math.max(0, Math.min(255, base + stray + slant * (x + y) + (inside ? step : 0)));
          });
          const found = findBars(picture);
          told.push(found === null ? 'none' : 'bars');
          expect(found).toEqual(plainBars(picture));
        },
      ),
      { numRuns: 800, seed: 7 },
    );
    expect(told.filter((one) => one === 'bars').length).toBeGreaterThan(20);
  });
});

describe('withBars', () => {
  it.each([0, 1, 2, 3])(
    'tells places in the whole upright picture after %i quarter turns',
    (quarterTurns) => {
      const bars = { left: 3, top: 5, right: 7, bottom: 11 };
      const whole = painted(120 + 10, 160 + 16, (x, y) => (x === 3 + 20 && y === 5 + 30 ? 255 : 0));
      const inner = turnClockwise(withoutBars(whole, bars), quarterTurns);
      const upright = turnClockwise(whole, quarterTurns);
      const place = (p: typeof whole) => {
        const at = p.data.indexOf(255) / 3;
        return { x: at % p.width, y: Math.floor(at / p.width) };
      };
      const mark = place(inner);
      const face = {
        box: { left: mark.x, top: mark.y, right: mark.x + 1, bottom: mark.y + 1 },
        keyPoints: { eyeLeft: mark, eyeRight: mark, nose: mark, mouth: mark, earLeft: mark, earRight: mark },
      };
      const judgement = { quarterTurns, face, crops: [], reasons: [] } as unknown as Judgement;
      const told = withBars(judgement, bars, whole);
      expect(told.face?.keyPoints.nose).toEqual(place(upright));
      expect(told.face?.box.left).toBe(place(upright).x);
      expect([told.width, told.height]).toEqual([upright.width, upright.height]);
      expect(told.reasons.map((r) => r.code)).toEqual(['BORDERS']);
    },
  );
});
