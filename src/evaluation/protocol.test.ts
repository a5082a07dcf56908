import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countByProtocol, PROTOCOL_NAMES } from './protocol.ts';
import type { Presentation } from './types.ts';

const presentation = fc
  .record({
    attack: fc.boolean(),
    species: fc.constantFrom('print', 'mask', 'unspecified', null),
    subject: fc.option(fc.constantFrom('a', 'b')),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
  })
  .map(
    ({ attack, species, subject, score }): Presentation => ({
      id: 'x',
      label: attack ? 'attack' : 'bona-fide',
      species: attack ? species : null,
      subject,
      session: null,
      device: null,
      group: null,
      fold: null,
      score,
      probability: null,
      nonResponse: score === null ? 'no_face' : null,
    }),
  );
const count = (rows: readonly Presentation[], name = PROTOCOL_NAMES[0]) =>
  countByProtocol(rows, (i) => (rows[i].score === null ? null : rows[i].score! > 87), name);

describe('countByProtocol', () => {
  it('counts every presentation once, and accepted ones by species', () => {
    fc.assert(
      fc.property(fc.array(presentation), (rows) => {
        const { species, bonaFide } = count(rows);
        const attacks = Object.values(species).reduce((sum, c) => sum + c.n, 0);
        expect(attacks + bonaFide.n + bonaFide.noResponse).toBe(rows.length);
        for (const [name, c] of Object.entries(species)) {
          const of = rows.filter((r) => r.label === 'attack' && (r.species ?? 'unspecified') === name);
          expect(c.errors).toBe(of.filter((r) => (r.score ?? 0) > 87).length);
          expect(c.within).toBe(c.errors === 0);
        }
      }),
    );
  });

  it('level 1 within its limits means level 2 within its limits', () => {
    fc.assert(
      fc.property(fc.array(presentation), (rows) => {
        const first = count(rows, 'iso-30107-3-level1').withinLimits;
        expect(!first || count(rows, 'iso-30107-3-level2').withinLimits).toBe(true);
      }),
    );
  });

  it('is within no limit and names what is missing where nothing was presented', () => {
    const report = count([]);
    expect(report.withinLimits).toBe(false);
    expect(report.missing).toContain('attack presentations: none');
    expect(report.notice).toContain('no certificate');
  });
});
