import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScores, writeScores } from './score-file.ts';

describe('a score file', () => {
  it('may be NDJSON, with names of other systems and fields of its own', () => {
    const rows = readScores(
      's.ndjson',
      '{"label":"bona-fide","species":null,"subject":7,"score":91.5,"note":[1]}\n\n{"label":"attack","species":"print","video":"v1","score":null,"nonResponse":"no_face"}\n',
    );
    expect(rows[0]).toMatchObject({
      label: 'bona-fide',
      subject: '7',
      score: 91.5,
      species: null,
      nonResponse: null,
    });
    expect(rows[1]).toMatchObject({ species: 'print', session: 'v1', score: null, nonResponse: 'no_face' });
  });

  it('may be CSV', () => {
    const rows = readScores('s.csv', 'Label,Species,Subject,Score\nbona-fide,,a,0.7\nattack,,b,\n');
    expect(rows[0]).toMatchObject({ label: 'bona-fide', score: 0.7 });
    expect(rows[1]).toMatchObject({ species: 'unspecified', score: null, nonResponse: 'no_response' });
  });

  it.each([
    ['{"label":"live","score":1}', 's, line 1: label: expected "bona-fide" or "attack", found "live"'],
    ['{"score":1}', 's, line 1: the field label is missing'],
    ['{"label":"attack","score":1}\n{"label":"attack"}', 's, line 2: the field score is missing'],
    ['{"label":"attack","score":"high"}', 's, line 1: score: expected a number, found "high"'],
    ['{"label":"attack","score":1,"probability":7}', 'probability: expected a number from 0 to 1'],
    ['{"label":"attack","score":1}\nnonsense', 's, line 2: expected one JSON object on the line'],
    [
      '{"label":"attack","score":1,"path":"a"}\n{"label":"attack","score":1,"path":"a"}',
      'stands in the file twice',
    ],
    ['label,score\nattack', 's, line 2: expected 2 fields as in the first line, found 1'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => readScores('s', text)).toThrow(message);
  });

  it('comes back as it was written', () => {
    const text = fc.option(fc.string({ minLength: 1 }));
    const record = fc.record({
      label: fc.constantFrom('bona-fide' as const, 'attack' as const),
      score: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      subject: text,
      session: text,
      device: text,
      group: text,
      fold: text,
    });
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const rows = records.map((r, i) => ({
          ...r,
          id: `p${i}`,
          species: r.label === 'attack' ? 'print' : null,
          probability: r.score === null ? null : 0.25,
          nonResponse: r.score === null ? 'no_face' : null,
          score: r.score === null ? null : r.score + 0,
        }));
        expect(readScores('f', writeScores(rows))).toEqual(rows);
      }),
    );
  });
});
