import { describe, expect, it } from 'vitest';
import type { ClassifierCard } from './pack.ts';
import { planProfiles } from './plans.ts';
import { PROFILES } from './profiles.ts';
import { calibrationOf, firstClassifier, pair } from './test-support/cards.ts';

const builtIn = [...pair, firstClassifier];
const all = new Set(builtIn.map(({ name }) => name));
const own: ClassifierCard = {
  ...pair[0],
  name: 'own',
  calibration: [],
  profiles: { fast: { crops: pair[0].crops, boxScales: [1], weight: 0.5 } },
};
const names = (cards: readonly ClassifierCard[]) => cards.map(({ name }) => name);

describe('planProfiles', () => {
  it('gives each profile its networks, the weightiest first, and the calibration fitted for them', () => {
    const { ready, missing } = planProfiles(builtIn, [], all);
    expect(missing.size).toBe(0);
    expect([...ready.keys()]).toEqual(PROFILES);
    const three = ['minifasnet-v2-se-128', 'minifasnet-v1-se-80', 'minifasnet-v2-80'];
    expect(names(ready.get('careful')!.cards)).toEqual(three);
    expect(names(ready.get('fast')!.cards)).toEqual(three);
    expect(names(ready.get('single')!.cards)).toEqual(three.slice(0, 1));
    for (const profile of PROFILES) {
      const plan = ready.get(profile)!;
      expect(plan.calibration).toBe(calibrationOf(profile));
      expect(plan.calibrated).toBe(true);
      const weights = plan.cards.reduce((sum, card) => sum + card.profiles[profile]!.weight, 0);
      expect(weights).toBeCloseTo(1, 12);
      const runs = plan.cards.reduce((sum, card) => {
        const { crops, boxScales } = card.profiles[profile]!;
        return sum + crops.length * boxScales.length;
      }, 0);
      expect(runs).toBe({ careful: 5, fast: 3, single: 9 }[profile]);
    }
  });

  it.each(names(pair))('never judges a profile without %s that it was fitted with', (gone) => {
    const { ready, missing } = planProfiles(builtIn, [], new Set([...all].filter((name) => name !== gone)));
    expect([...ready.keys()]).toEqual(['single']);
    expect([...missing]).toEqual([
      ['careful', [gone]],
      ['fast', [gone]],
    ]);
  });

  it('keeps the built-in calibration where a pack joins that brings none, and says that it was not fitted for it', () => {
    const { ready } = planProfiles(builtIn, [own], all);
    expect(names(ready.get('fast')!.cards).at(-1)).toBe('own');
    expect(ready.get('fast')).toMatchObject({ calibrated: false, calibration: calibrationOf('fast') });
    expect(ready.get('careful')).toMatchObject({ calibrated: true });
  });

  it('takes the calibration of a pack that was fitted for exactly the networks of the profile', () => {
    const networks = [...all, 'own'];
    const block = { ...calibrationOf('fast'), networks, probability: { a: 2, b: 1 } };
    const { ready } = planProfiles(builtIn, [{ ...own, calibration: [block] }], all);
    expect(ready.get('fast')).toMatchObject({
      calibrated: true,
      calibration: { probability: { a: 2, b: 1 } },
    });
    const fewer = { ...block, networks: ['own'] };
    const other = planProfiles(builtIn, [{ ...own, calibration: [fewer] }], all);
    expect(other.ready.get('fast')).toMatchObject({ calibrated: false });
  });

  it('refuses two calibrations for the same networks, and a profile without any', () => {
    const twice = { ...own, calibration: [calibrationOf('careful')] };
    expect(() => planProfiles(builtIn, [twice], all)).toThrow(
      /minifasnet-v2-se-128 and own each bring one of the profile "careful"/,
    );
    const without = { ...firstClassifier, calibration: [] };
    expect(() => planProfiles([without, ...pair], [], all)).toThrow(
      /no card brings one of the profile "careful"/,
    );
  });
});
