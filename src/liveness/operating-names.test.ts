import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGEST_APCER, nameOperatingPoints, OPERATING_NAMES } from './operating-names.ts';
import { PROFILES } from './profiles.ts';
import { calibrationOf } from './test-support/cards.ts';

const points = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.option(fc.double({ min: 0, max: 1, noNaN: true }))))
  .map((pairs) => pairs.map(([threshold, apcer]) => ({ threshold, apcer })));

describe('the names of operating points', () => {
  it('go to the lowest threshold whose strictest kept limit is theirs', () => {
    const measured = [
      { threshold: 0, apcer: 0.366 },
      { threshold: 49, apcer: 0.134 },
      { threshold: 87, apcer: 0.046 },
      { threshold: 87, apcer: 0.048 },
      { threshold: 94, apcer: 0.02 },
      { threshold: 99, apcer: 0.006 },
    ];
    expect(nameOperatingPoints(measured, 1000)).toEqual([
      null,
      'lenient',
      'balanced',
      'balanced',
      'strict',
      null,
    ]);
    expect(nameOperatingPoints([{ threshold: 87, apcer: 0.04 }], 1000)).toEqual(['balanced']);
  });

  it('are not given by too few attacks, however few of them were accepted', () => {
    const nothingAccepted = [{ threshold: 0, apcer: 0 }];
    expect(nameOperatingPoints(nothingAccepted, 150)).toEqual(['strict']);
    expect(nameOperatingPoints(nothingAccepted, 149)).toEqual(['balanced']);
    expect(nameOperatingPoints(nothingAccepted, 59)).toEqual(['lenient']);
    expect(nameOperatingPoints(nothingAccepted, 19)).toEqual([null]);
  });

  it('never promise more than was measured', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 0, max: 400 }), (measured, attacks) => {
        const names = nameOperatingPoints(measured, attacks);
        for (const [i, name] of names.entries()) {
          if (name === null) continue;
          expect(measured[i]!.apcer).toBeLessThanOrEqual(LARGEST_APCER[name]);
          expect(attacks * LARGEST_APCER[name]).toBeGreaterThanOrEqual(3);
        }
        for (const name of OPERATING_NAMES) {
          expect(
            new Set(measured.filter((_, i) => names[i] === name).map((p) => p.threshold)).size,
          ).toBeLessThan(2);
        }
      }),
    );
  });

  it.each(PROFILES)('in the built-in cards are those that the rule gives: %s', (profile) => {
    const { measured } = calibrationOf(profile);
    const rows = measured!.points.map(({ threshold, apcer }) => ({ threshold, apcer: apcer.rate }));
    expect(measured!.points.map(({ name }) => name ?? null)).toEqual(
      nameOperatingPoints(rows, measured!.data.pictures / 2),
    );
  });
});
